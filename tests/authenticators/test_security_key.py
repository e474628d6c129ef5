"""Security keys: python-fido2 talks CTAP 2 to a key that is none, and an independent relying party judges."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from fido2.ctap import CtapError
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tests.authenticators.fake_key import FakeKey
from tests.canary import assert_hidden, canary
from userpool.authenticators import security_key
from userpool.authenticators.api import Authenticator
from userpool.authenticators.security_key import SecurityKey, usb_keys
from userpool.crypto.strict import b64url_decode
from userpool.protocol.errors import AuthenticatorError
from userpool.testing import SoftwareAuthenticator

RP = PublicKeyCredentialRpEntity(id="auth.example.com", name="Example")
ADA = PublicKeyCredentialUserEntity(id=b"ada's handle", name="ada", display_name="Ada")
PIN = "1234-horse"


def plugged(*keys: FakeKey, **settings: Any) -> SecurityKey:
    return SecurityKey(devices=lambda: keys, **settings)


def creation_options(**wanted: Any) -> tuple[dict[str, Any], Any]:
    attestation = wanted.pop("attestation", None)
    options, state = Fido2Server(RP, attestation=attestation).register_begin(ADA, **wanted)
    return json.loads(json.dumps(dict(options.public_key))), state


def register(authenticator: Authenticator, **wanted: Any) -> AuthenticatorData:
    options, state = creation_options(**wanted)
    return Fido2Server(RP).register_complete(state, json.loads(json.dumps(authenticator.create(options))))


def attested(made: AuthenticatorData) -> AttestedCredentialData:
    assert made.credential_data is not None
    return made.credential_data


def request_options(made: AuthenticatorData | None, **wanted: Any) -> tuple[dict[str, Any], Any]:
    known = None if made is None else [attested(made)]
    options, state = Fido2Server(RP).authenticate_begin(known, **wanted)
    return json.loads(json.dumps(dict(options.public_key))), state


def sign(authenticator: Authenticator, made: AuthenticatorData, **wanted: Any) -> AuthenticatorData:
    options, state = request_options(made, **wanted)
    credential = json.loads(json.dumps(authenticator.get(options)))
    Fido2Server(RP).authenticate_complete(state, [attested(made)], credential)
    return AuthenticatorData(b64url_decode(credential["response"]["authenticatorData"].encode()))


def test_a_key_registers_and_signs() -> None:
    key = FakeKey()
    touched: list[str] = []
    authenticator = plugged(key, touch=lambda: touched.append("please"))
    assert isinstance(authenticator, Authenticator)
    made = register(authenticator)
    assert not made.is_user_verified()
    assert touched == ["please"]
    assert sign(authenticator, made).is_user_present()
    assert touched == ["please", "please"]
    assert key.closed == 2


@pytest.mark.parametrize("protocol", [1, 2])
@pytest.mark.parametrize("wanted", ["preferred", "required"])
def test_the_pin_verifies_the_user(protocol: int, wanted: str) -> None:
    key = FakeKey(pin=PIN, protocol=protocol)
    asked: list[str] = []

    def ask() -> str:
        asked.append("PIN")
        return PIN

    authenticator = plugged(key, pin=ask)
    need = UserVerificationRequirement(wanted)
    made = register(authenticator, user_verification=need)
    assert made.is_user_verified()
    assert sign(authenticator, made, user_verification=need).is_user_verified()
    assert asked == ["PIN", "PIN"]


def test_a_finger_verifies_the_user_without_a_pin() -> None:
    authenticator = plugged(FakeKey(built_in=True))
    need = UserVerificationRequirement.REQUIRED
    made = register(authenticator, user_verification=need)
    assert sign(authenticator, made, user_verification=need).is_user_verified()


def test_a_key_that_is_not_set_up_to_verify_does_without_where_it_may() -> None:
    authenticator = plugged(FakeKey())
    made = register(authenticator, user_verification=UserVerificationRequirement.PREFERRED)
    assert not sign(
        authenticator, made, user_verification=UserVerificationRequirement.PREFERRED
    ).is_user_verified()
    options, _ = request_options(made, user_verification=UserVerificationRequirement.REQUIRED)
    with pytest.raises(AuthenticatorError, match="set a PIN if it has none"):
        authenticator.get(options)


def test_a_passkey_is_found_unnamed() -> None:
    authenticator = plugged(FakeKey())
    made = register(authenticator, resident_key_requirement=ResidentKeyRequirement.REQUIRED)
    options, state = request_options(None)
    credential = authenticator.get(options)
    Fido2Server(RP).authenticate_complete(state, [attested(made)], credential)
    assert b64url_decode(credential["response"]["userHandle"].encode()) == b"ada's handle"


def test_the_credential_has_what_browsers_give() -> None:
    options, _ = creation_options()
    made = plugged(FakeKey()).create(options)
    assert made["id"] == made["rawId"]
    assert made["type"] == "public-key"
    assert made["authenticatorAttachment"] == "cross-platform"
    assert made["response"]["transports"] == ["nfc", "usb"]
    assert made["response"]["publicKeyAlgorithm"] == -7
    client_data = json.loads(b64url_decode(made["response"]["clientDataJSON"].encode()))
    assert client_data == {
        "type": "webauthn.create",
        "challenge": options["challenge"],
        "origin": "https://auth.example.com",
        "crossOrigin": False,
    }


@pytest.mark.parametrize(("asked", "given"), [(None, "none"), ("none", "none"), ("direct", "packed")])
def test_the_keys_make_is_told_only_where_it_is_asked_for(asked: str | None, given: str) -> None:
    wanted = None if asked is None else AttestationConveyancePreference(asked)
    options, _ = creation_options(attestation=wanted)
    response = plugged(FakeKey()).create(options)["response"]
    attestation = AttestationObject(b64url_decode(response["attestationObject"].encode()))
    assert attestation.fmt == given
    assert bool(attestation.att_stmt) == (given == "packed")
    assert bytes(attestation.auth_data) == b64url_decode(response["authenticatorData"].encode())


@pytest.mark.parametrize("origin", ["https://auth.example.com:8443", "https://login.auth.example.com"])
def test_the_origin_is_the_sites(origin: str) -> None:
    options, _ = creation_options()
    made = plugged(FakeKey(), origin=origin).create(options)
    assert json.loads(b64url_decode(made["response"]["clientDataJSON"].encode()))["origin"] == origin


@pytest.mark.parametrize(
    "origin",
    ["https://example.com", "https://evil-auth.example.com", "http://auth.example.com", "auth.example.com"],
)
def test_c32_p03_a_relying_party_of_another_origin_gets_nothing(origin: str) -> None:
    key = FakeKey()
    options, _ = creation_options()
    with pytest.raises(AuthenticatorError, match="does not belong to the origin"):
        plugged(key, origin=origin).create(options)
    with pytest.raises(AuthenticatorError, match="does not belong to the origin"):
        plugged(key, origin=origin).get({"challenge": options["challenge"], "rpId": "auth.example.com"})
    assert key.inside.credentials == []


def test_p03_a_public_suffix_is_no_relying_party() -> None:
    with pytest.raises(AuthenticatorError, match="does not belong"):
        plugged(FakeKey(), origin="https://example.co.uk").get({"challenge": "AAAA", "rpId": "co.uk"})


def test_options_that_are_none_are_refused() -> None:
    authenticator = plugged(FakeKey())
    for options in (
        {},
        {"challenge": 7},
        {"challenge": "AAAA", "rp": "x", "user": {}, "pubKeyCredParams": []},
    ):
        with pytest.raises(AuthenticatorError, match="not the options"):
            authenticator.create(options)
    with pytest.raises(AuthenticatorError, match="not the options"):
        authenticator.get({"allowCredentials": 1})
    with pytest.raises(AuthenticatorError, match="no relying party"):
        authenticator.get({"challenge": "AAAA"})


def test_one_key_has_to_be_connected() -> None:
    options, _ = creation_options()
    with pytest.raises(AuthenticatorError, match="no security key: plug one in"):
        plugged().create(options)
    keys = FakeKey(), FakeKey()
    with pytest.raises(AuthenticatorError, match="2 security keys"):
        plugged(*keys).create(options)
    assert [key.closed for key in keys] == [1, 1]


def test_nobody_touches_the_key() -> None:
    key = FakeKey()
    key.touched = False
    options, _ = creation_options()
    with pytest.raises(AuthenticatorError, match="Nobody touched"):
        plugged(key, timeout=0.02).create({**options, "timeout": 86_400_000})
    assert key.closed == 1


def test_the_service_may_wait_less_long_than_the_program() -> None:
    key = FakeKey()
    key.touched = False
    options, _ = creation_options()
    with pytest.raises(AuthenticatorError, match="Nobody touched"):
        plugged(key, timeout=3600).create({**options, "timeout": 20})


def test_a_wrong_pin_says_so_until_the_key_is_locked() -> None:
    key = FakeKey(pin=PIN)
    wrong = canary("pin")
    options, _ = creation_options()
    told = []
    for _ in range(9):
        with pytest.raises(AuthenticatorError) as refused:
            plugged(key, pin=lambda: wrong).create(options)
        assert_hidden(refused.value, wrong)
        told.append(str(refused.value).partition(":")[0])
    assert told[:3] == ["The PIN is wrong", "The PIN is wrong", "Too many wrong PINs"]
    with pytest.raises(AuthenticatorError, match="locked until it is reset"):
        plugged(key, pin=lambda: PIN).create(options)
    assert key.inside.credentials == []


@pytest.mark.parametrize("settings", [{}, {"pin": lambda: None}])
def test_a_pin_that_nobody_gives(settings: dict[str, Any]) -> None:
    options, _ = creation_options()
    with pytest.raises(AuthenticatorError, match="asks for its PIN"):
        plugged(FakeKey(pin=PIN), **settings).create(options)


def test_the_same_key_is_not_registered_twice() -> None:
    key = FakeKey()
    made = register(plugged(key))
    held = PublicKeyCredentialDescriptor(
        type=PublicKeyCredentialType.PUBLIC_KEY, id=attested(made).credential_id
    )
    options, _ = creation_options(credentials=[held])
    with pytest.raises(AuthenticatorError, match="holds a passkey of the user already"):
        plugged(key).create(options)
    register(plugged(FakeKey()), credentials=[held])


def test_another_key_has_no_such_passkey() -> None:
    made = register(plugged(FakeKey()))
    options, _ = request_options(made)
    with pytest.raises(AuthenticatorError, match=r"no passkey of the user for auth\.example\.com"):
        plugged(FakeKey()).get(options)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (CtapError.ERR.KEY_STORE_FULL, "is full"),
        (CtapError.ERR.UNSUPPORTED_ALGORITHM, "no algorithm"),
        (CtapError.ERR.UNSUPPORTED_OPTION, "cannot do what the pool asks"),
        (CtapError.ERR.PIN_NOT_SET, "has no PIN"),
        (CtapError.ERR.OTHER, "refused"),
        (OSError("unplugged"), "does not answer"),
    ],
    ids=str,
)
def test_every_refusal_is_told_in_words(broken: CtapError.ERR | OSError, told: str) -> None:
    key = FakeKey()
    key.broken = broken
    options, _ = creation_options()
    with pytest.raises(AuthenticatorError, match=told) as refused:
        plugged(key).create(options)
    assert refused.value.__cause__ is not None
    assert key.closed == 1


def test_a_key_without_a_usable_algorithm() -> None:
    options, _ = creation_options()
    with pytest.raises(AuthenticatorError, match="no algorithm"):
        plugged(FakeKey()).create({**options, "pubKeyCredParams": [{"type": "public-key", "alg": -8}]})


def test_the_keys_of_this_machine_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from fido2.hid import CtapHidDevice

    key = FakeKey()
    monkeypatch.setattr(CtapHidDevice, "list_devices", lambda: iter([key]))
    assert list(usb_keys()) == [key]
    monkeypatch.setattr(security_key, "_client_of_the_system", lambda collector: None)
    assert register(SecurityKey()).is_user_present()


def test_the_client_of_the_system_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: here python-fido2's own client stands for the system's."""
    from fido2.client import Fido2Client

    inside = SoftwareAuthenticator()

    def no_keys() -> list[FakeKey]:
        raise AssertionError("the system talks to the key")

    monkeypatch.setattr("fido2.hid.CtapHidDevice.list_devices", no_keys)
    monkeypatch.setattr(
        security_key,
        "_client_of_the_system",
        lambda collector: Fido2Client(FakeKey(inside, built_in=True), collector),
    )
    made = register(SecurityKey())
    assert len(inside.credentials) == 1
    assert sign(SecurityKey(), made).is_user_present()


def test_without_it_the_extra_is_named() -> None:
    program = """
import sys
sys.modules["fido2"] = None
import userpool
try:
    userpool.SecurityKey()
except userpool.MissingExtra as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip().endswith("pip install 'userpool[fido2]'")
