"""The authenticator for tests, judged by python-fido2: what it makes is real, and it lies as it was told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from fido2 import cbor
from fido2.server import Fido2Server
from fido2.webauthn import (
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
from hypothesis import given
from hypothesis import strategies as st

import userpool.testing
from userpool.authenticators.api import Authenticator
from userpool.crypto.cose import CoseAlgorithm, CoseKey
from userpool.crypto.strict import b64url_decode
from userpool.protocol.errors import AuthenticatorError
from userpool.testing import Misbehaviour, SoftwareAuthenticator
from userpool.testing._cbor import encode
from userpool.testing.authenticator import ATTESTED, BACKED_UP, BACKUP_ELIGIBLE, USER_PRESENT, USER_VERIFIED

RP = PublicKeyCredentialRpEntity(id="auth.example.com", name="Example")
ADA = PublicKeyCredentialUserEntity(id=b"ada's handle", name="ada", display_name="Ada")


def creation_options(**selection: Any) -> tuple[dict[str, Any], Any]:
    options, state = Fido2Server(RP).register_begin(ADA, **selection)
    plain: dict[str, Any] = json.loads(json.dumps(dict(options.public_key)))
    return plain, state


def register(authenticator: SoftwareAuthenticator, **selection: Any) -> AuthenticatorData:
    options, state = creation_options(**selection)
    return Fido2Server(RP).register_complete(state, json_round(authenticator.create(options)))


def request_options(
    known: list[AttestedCredentialData] | None = None,
    verification: UserVerificationRequirement | None = None,
) -> tuple[dict[str, Any], Any]:
    options, state = Fido2Server(RP).authenticate_begin(known, verification)
    plain: dict[str, Any] = json.loads(json.dumps(dict(options.public_key)))
    return plain, state


def json_round(credential: Mapping[str, Any]) -> dict[str, Any]:
    """As it goes over the wire."""
    plain: dict[str, Any] = json.loads(json.dumps(credential))
    return plain


def attested(data: AuthenticatorData) -> AttestedCredentialData:
    assert data.credential_data is not None
    return data.credential_data


@pytest.mark.parametrize("algorithm", CoseAlgorithm)
def test_its_passkeys_satisfy_an_independent_relying_party(algorithm: CoseAlgorithm) -> None:
    authenticator = SoftwareAuthenticator(algorithms=[algorithm])
    assert isinstance(authenticator, Authenticator)
    made = register(authenticator)
    passkey = attested(made)
    assert passkey.public_key.ALGORITHM == algorithm
    assert made.flags == USER_PRESENT | USER_VERIFIED | ATTESTED

    for count in (1, 2):
        options, state = request_options([passkey], UserVerificationRequirement.REQUIRED)
        credential = json_round(authenticator.get(options))
        assert Fido2Server(RP).authenticate_complete(state, [passkey], credential) == passkey
        signed = AuthenticatorData(b64url_decode(credential["response"]["authenticatorData"].encode()))
        assert (signed.counter, signed.flags) == (count, USER_PRESENT | USER_VERIFIED)


def test_what_browsers_add_to_a_registration_agrees_with_the_attestation() -> None:
    authenticator = SoftwareAuthenticator()
    options, _ = creation_options()
    response = authenticator.create(options)["response"]
    attestation = AttestationObject(b64url_decode(response["attestationObject"].encode()))
    assert attestation.fmt == "none"
    assert bytes(attestation.auth_data) == b64url_decode(response["authenticatorData"].encode())
    passkey = attested(attestation.auth_data)
    assert passkey.public_key[3] == response["publicKeyAlgorithm"] == CoseAlgorithm.ES256
    assert b64url_decode(response["publicKey"].encode()).endswith(
        passkey.public_key[-2] + passkey.public_key[-3]
    )
    assert response["transports"] == ["internal"]


def test_a_passkey_is_found_unnamed_where_that_was_asked_for() -> None:
    authenticator = SoftwareAuthenticator()
    register(authenticator)
    options, _ = request_options()
    with pytest.raises(AuthenticatorError, match=r"no passkey for auth\.example\.com"):
        authenticator.get(options)
    passkey = attested(register(authenticator, resident_key_requirement=ResidentKeyRequirement.REQUIRED))
    options, state = request_options()
    credential = authenticator.get(options)
    assert Fido2Server(RP).authenticate_complete(state, [passkey], json_round(credential)) == passkey
    assert b64url_decode(credential["response"]["userHandle"].encode()) == b"ada's handle"


def test_a_passkey_that_has_to_be_named_tells_no_user() -> None:
    authenticator = SoftwareAuthenticator(resident_keys=False)
    passkey = attested(register(authenticator, resident_key_requirement=ResidentKeyRequirement.PREFERRED))
    options, _ = request_options([passkey])
    assert "userHandle" not in authenticator.get(options)["response"]


def test_a_synchronised_passkey_says_so_and_counts_nothing() -> None:
    authenticator = SoftwareAuthenticator(backup=True)
    made = register(authenticator)
    assert made.flags & (BACKUP_ELIGIBLE | BACKED_UP) == BACKUP_ELIGIBLE | BACKED_UP
    options, _ = request_options([attested(made)])
    data = AuthenticatorData(
        b64url_decode(authenticator.get(options)["response"]["authenticatorData"].encode())
    )
    assert data.counter == 0


def test_it_verifies_nobody_where_that_is_discouraged_or_it_cannot() -> None:
    discouraged = register(SoftwareAuthenticator(), user_verification=UserVerificationRequirement.DISCOURAGED)
    unable = register(SoftwareAuthenticator(verifies_user=False))
    assert discouraged.flags == unable.flags == USER_PRESENT | ATTESTED


def test_it_refuses_what_it_cannot_do() -> None:
    simple = SoftwareAuthenticator(algorithms=[CoseAlgorithm.RS256], verifies_user=False, resident_keys=False)
    options, _ = creation_options(user_verification=UserVerificationRequirement.REQUIRED)
    with pytest.raises(AuthenticatorError, match="cannot verify its user"):
        simple.create(options)
    options, _ = creation_options(resident_key_requirement=ResidentKeyRequirement.REQUIRED)
    with pytest.raises(AuthenticatorError, match="found unnamed"):
        simple.create(options)
    options, _ = creation_options()
    old = {**options, "authenticatorSelection": {"requireResidentKey": True}}
    with pytest.raises(AuthenticatorError, match="found unnamed"):
        simple.create(old)
    with pytest.raises(AuthenticatorError, match=r"none of the algorithms \[-8\]"):
        simple.create({**options, "pubKeyCredParams": [{"type": "public-key", "alg": -8}]})
    assert simple.credentials == []


def test_without_a_list_of_algorithms_the_usual_two_are_offered() -> None:
    authenticator = SoftwareAuthenticator()
    options, _ = creation_options()
    made = authenticator.create({**options, "pubKeyCredParams": []})
    assert made["response"]["publicKeyAlgorithm"] == CoseAlgorithm.ES256


def test_it_makes_no_second_passkey_where_the_first_is_excluded() -> None:
    authenticator = SoftwareAuthenticator()
    first = PublicKeyCredentialDescriptor(
        type=PublicKeyCredentialType.PUBLIC_KEY, id=attested(register(authenticator)).credential_id
    )
    options, _ = creation_options(credentials=[first])
    with pytest.raises(AuthenticatorError, match="holds a passkey"):
        authenticator.create(options)
    SoftwareAuthenticator().create(options)


@pytest.mark.parametrize(
    ("origin", "belongs"),
    [
        ("https://auth.example.com", True),
        ("https://login.auth.example.com:8443", True),
        ("https://example.com", False),
        ("https://notauth.example.com", False),
    ],
)
def test_it_plays_a_browser_on_its_origin(origin: str, belongs: bool) -> None:
    authenticator = SoftwareAuthenticator(origin=origin)
    options, _ = creation_options()
    if not belongs:
        with pytest.raises(AuthenticatorError, match="does not belong to the origin"):
            authenticator.create(options)
        return
    client_data = json.loads(
        b64url_decode(authenticator.create(options)["response"]["clientDataJSON"].encode())
    )
    assert client_data["origin"] == origin


def test_the_origin_stands_in_for_a_relying_party_that_is_not_named() -> None:
    authenticator = SoftwareAuthenticator(origin="https://auth.example.com")
    options, _ = creation_options()
    authenticator.create({**options, "rp": {"name": "Example"}})
    assert authenticator.credentials[0].rp_id == "auth.example.com"
    with pytest.raises(AuthenticatorError, match="does not belong"):
        SoftwareAuthenticator().create({**options, "rp": {"name": "Example"}})


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (Misbehaviour(type="webauthn.get"), "Incorrect type"),
        (Misbehaviour(challenge="AAAAAAAAAAAAAAAAAAAAAA"), "Wrong challenge"),
        (Misbehaviour(origin="https://evil.example"), "Invalid origin"),
        (Misbehaviour(rp_id="evil.example"), "Wrong RP ID hash"),
        (Misbehaviour(flip=USER_PRESENT), "User Present flag"),
        (Misbehaviour(flip=USER_VERIFIED), "User Verified flag"),
    ],
    ids=lambda value: str(value).replace(" ", "-"),
)
def test_its_lies_about_a_new_passkey_are_seen(how: Misbehaviour, told: str) -> None:
    liar = SoftwareAuthenticator().misbehaving(how)
    options, state = creation_options(user_verification=UserVerificationRequirement.REQUIRED)
    with pytest.raises(ValueError, match=told):
        Fido2Server(RP).register_complete(state, json_round(liar.create(options)))


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (Misbehaviour(type="webauthn.create"), "Incorrect type"),
        (Misbehaviour(origin="http://auth.example.com"), "Invalid origin"),
        (Misbehaviour(credential_id=b"another"), "Unknown credential"),
        (Misbehaviour(sign=lambda key, data: key.sign(data + b"!")), "Invalid signature"),
    ],
    ids=lambda value: str(value).partition(" at ")[0].replace(" ", "-"),
)
def test_its_lies_about_a_signature_are_seen(how: Misbehaviour, told: str) -> None:
    authenticator = SoftwareAuthenticator()
    passkey = attested(register(authenticator))
    options, state = request_options([passkey])
    with pytest.raises(ValueError, match=told):
        Fido2Server(RP).authenticate_complete(
            state, [passkey], json_round(authenticator.misbehaving(how).get(options))
        )
    assert Fido2Server(RP).authenticate_complete(state, [passkey], json_round(authenticator.get(options)))


def test_other_lies_are_told_word_for_word() -> None:
    authenticator = SoftwareAuthenticator()
    liar = authenticator.misbehaving(
        Misbehaviour(
            cross_origin=True,
            top_origin="https://frame.example",
            members={"extra": 1},
            counter=7,
            algorithm=CoseAlgorithm.RS256,
            credential_id=b"c" * 1100,
            user_handle=b"bob's",
            attestation=("packed", {"alg": -7, "sig": b"?"}),
            trailing=b"\x00",
        )
    )
    options, _ = creation_options()
    made = liar.create({**options, "pubKeyCredParams": [{"type": "public-key", "alg": -7}]})["response"]
    client_data = json.loads(b64url_decode(made["clientDataJSON"].encode()))
    assert client_data["crossOrigin"] is True
    assert client_data["topOrigin"] == "https://frame.example"
    assert client_data["extra"] == 1
    value, rest = cbor.decode_from(b64url_decode(made["attestationObject"].encode()))
    assert (value["fmt"], value["attStmt"], rest) == ("packed", {"alg": -7, "sig": b"?"}, b"\x00")
    data = AuthenticatorData(value["authData"])
    assert (data.counter, len(attested(data).credential_id)) == (7, 1100)
    assert made["publicKeyAlgorithm"] == CoseAlgorithm.RS256

    assert len(authenticator.credentials) == 1  # what it made in lying, the honest one has too
    signed = liar.get(
        {"rpId": RP.id, "challenge": "AAAA", "allowCredentials": [{"id": made_id(authenticator)}]}
    )
    assert b64url_decode(signed["response"]["userHandle"].encode()) == b"bob's"


def made_id(authenticator: SoftwareAuthenticator) -> str:
    from userpool.crypto.strict import b64url_encode

    return b64url_encode(authenticator.credentials[0].credential_id)


def test_keys_and_passkeys_print_no_secrets() -> None:
    authenticator = SoftwareAuthenticator()
    register(authenticator)
    assert repr(authenticator) == "<SoftwareAuthenticator of 1 passkeys>"
    assert repr(CoseKey.generate()) == "<CoseKey ES256>"


def test_an_unknown_name_of_the_room_is_refused() -> None:
    assert not hasattr(userpool.testing, "NoSuchName")


plain = st.recursive(
    st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=300) | st.text(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-500, 500), inner, max_size=4)
        | st.dictionaries(st.text(max_size=30), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(plain)
def test_what_it_writes_is_canonical_cbor(value: Any) -> None:
    written = encode(value)
    assert cbor.decode(written) == value
    assert written == cbor.encode(value)
