"""Credentials as browsers send them: read whole, or refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from fido2 import cbor
from hypothesis import given, settings
from hypothesis import strategies as st

from userpool.crypto.cose import CoseAlgorithm, CoseKey
from userpool.crypto.strict import b64url_decode, b64url_encode
from userpool.protocol.errors import InvalidParameterException, WebAuthnCredentialNotSupportedException
from userpool.service.webauthn import MAX_BYTES, Made, Signed, read_made, read_signed, read_text
from userpool.testing import Misbehaviour, SoftwareAuthenticator
from userpool.testing.authenticator import BACKUP_ELIGIBLE, EXTENDED

RP = "auth.example.com"
CHALLENGE = b64url_encode(bytes(range(32)))
CREATE: dict[str, Any] = {
    "challenge": CHALLENGE,
    "rp": {"id": RP, "name": RP},
    "user": {"id": b64url_encode(b"sub"), "name": "ada", "displayName": "ada"},
    "authenticatorSelection": {"residentKey": "required"},
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
}
GET: dict[str, Any] = {"challenge": CHALLENGE, "rpId": RP}


def made(**wrong: Any) -> dict[str, Any]:
    return SoftwareAuthenticator().misbehaving(Misbehaviour(**wrong)).create(CREATE)


def signed(**wrong: Any) -> dict[str, Any]:
    authenticator = SoftwareAuthenticator()
    authenticator.create(CREATE)
    return authenticator.misbehaving(Misbehaviour(**wrong)).get(GET)


def with_response(credential: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    response = {**credential["response"], **changes}
    return {**credential, "response": {name: one for name, one in response.items() if one is not None}}


def attestation_of(credential: Mapping[str, Any]) -> dict[str, Any]:
    decoded: Any = cbor.decode(b64url_decode(credential["response"]["attestationObject"].encode()))
    return dict(decoded)


def with_attestation(raw: bytes, credential: Mapping[str, Any]) -> dict[str, Any]:
    return with_response(credential, attestationObject=b64url_encode(raw))


def refused(document: object, words: str = "malformed") -> None:
    with pytest.raises(InvalidParameterException, match=words):
        read_made(document)


@pytest.mark.parametrize("algorithm", list(CoseAlgorithm), ids=lambda one: one.name)
def test_what_was_made_and_signed_is_read(algorithm: CoseAlgorithm) -> None:
    authenticator = SoftwareAuthenticator(
        algorithms=[algorithm],
        backup=True,
        attachment="cross-platform",
        transports=["hybrid", "smart-card"],
        aaguid=bytes(range(16)),
    )
    passkey = read_made(authenticator.create(CREATE))
    assert passkey.client.type == "webauthn.create"
    assert passkey.client.origin == f"https://{RP}"
    assert passkey.client.challenge == bytes(range(32))
    assert passkey.credential_id == authenticator.credentials[0].credential_id
    assert passkey.aaguid == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert (passkey.attachment, passkey.transports) == ("cross-platform", ("hybrid", "smart-card"))
    assert passkey.authenticator.user_present
    assert passkey.authenticator.user_verified
    assert passkey.authenticator.backup_eligible
    assert passkey.authenticator.backed_up

    answer = read_signed(authenticator.get(GET))
    assert (answer.client.type, answer.user_handle) == ("webauthn.get", b"sub")
    assert answer.credential_id == passkey.credential_id
    assert answer.fits(passkey.public_key)
    other = read_made(made())
    assert not answer.fits(other.public_key)
    assert "signature" not in repr(answer)


def test_p08_a_signature_over_other_data_or_a_broken_one_does_not_fit() -> None:
    authenticator = SoftwareAuthenticator()
    key = read_made(authenticator.create(CREATE)).public_key
    right = authenticator.get(GET)
    assert read_signed(right).fits(key)
    later = authenticator.get({**GET, "challenge": b64url_encode(bytes(32))})
    for part in ("clientDataJSON", "authenticatorData", "signature"):
        mixed = with_response(right, **{part: later["response"][part]})
        assert not read_signed(mixed).fits(key)
    signature = b64url_decode(right["response"]["signature"].encode())
    for broken in (b"", b"\0", signature[:-1], signature + b"\0"):
        assert not read_signed(with_response(right, signature=b64url_encode(broken))).fits(key)


def test_p15_members_that_nobody_knows_are_let_be() -> None:
    extra = {"other_keys_can_be_added_here": "do not compare clientDataJSON against a template", "n": [1]}
    assert read_made(made(members=extra)).client == read_made(made()).client
    assert read_signed(signed(members=extra)).client == read_signed(signed()).client
    assert isinstance(read_made({**made(), "extra": 1, "clientExtensionResults": {"credProps": {}}}), Made)


def test_members_that_may_be_missing() -> None:
    credential = made()
    for name in ("rawId", "authenticatorAttachment", "clientExtensionResults"):
        assert isinstance(read_made({n: v for n, v in credential.items() if n != name}), Made)
    bare = with_response(
        credential, transports=None, authenticatorData=None, publicKey=None, publicKeyAlgorithm=None
    )
    assert read_made(bare).transports == ()
    assert read_made({**credential, "authenticatorAttachment": "of tomorrow"}).attachment is None
    assert read_signed(with_response(signed(), userHandle=None)).user_handle is None


@pytest.mark.parametrize("document", [None, "text", 1, [], {}, {"response": []}, {"response": {}}])
def test_what_is_no_credential_is_refused(document: object) -> None:
    refused(document)
    with pytest.raises(InvalidParameterException, match="malformed"):
        read_signed(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "password"},
        {"type": None},
        {"id": None},
        {"id": 5},
        {"id": ""},
        {"id": "AA=="},
        {"id": "ä"},
        {"rawId": "AAAA"},
        {"rawId": None},
        {"id": "AAAA", "rawId": "AAAA"},
    ],
    ids=str,
)
def test_a_credential_with_a_wrong_member_is_refused(changes: dict[str, Any]) -> None:
    refused({**made(), **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"clientDataJSON": None},
        {"clientDataJSON": b64url_encode(b"[]")},
        {"clientDataJSON": b64url_encode(b"\xff{}")},
        {"clientDataJSON": b64url_encode(b"{}")},
        {"clientDataJSON": b64url_encode(b'{"type":"webauthn.create","type":"webauthn.get"}')},
        {"attestationObject": None},
        {"attestationObject": "+/+/"},
        {"attestationObject": "A" * (MAX_BYTES * 4 // 3 + 8)},
        {"transports": "usb"},
        {"transports": [1]},
        {"transports": ["U S B"]},
        {"transports": ["usb"] * 17},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_a_response_with_a_wrong_member_is_refused(changes: dict[str, Any]) -> None:
    refused(with_response(made(), **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"type": 1},
        {"origin": None},
        {"challenge": "="},
        {"challenge": 1},
        {"topOrigin": 5},
        {"topOrigin": None},
    ],
    ids=str,
)
def test_client_data_of_other_types_is_refused(changes: dict[str, Any]) -> None:
    said = {"type": "webauthn.create", "challenge": CHALLENGE, "origin": f"https://{RP}", **changes}
    refused(with_response(made(), clientDataJSON=b64url_encode(json.dumps(said).encode())), "browser")


@pytest.mark.parametrize("said", [True, "false", 0, None])
def test_p04_whatever_is_not_plainly_false_is_cross_origin(said: object) -> None:
    assert read_made(made(members={"crossOrigin": said})).client.cross_origin
    assert not read_made(made()).client.cross_origin


def test_p11_an_id_of_1023_bytes_is_taken_and_a_longer_one_refused() -> None:
    assert len(read_made(made(credential_id=bytes(1023))).credential_id) == 1023
    refused(made(credential_id=bytes(1024)), "1023")
    with pytest.raises(InvalidParameterException, match="1023"):
        read_signed(signed(credential_id=bytes(1024)))


@pytest.mark.parametrize("algorithm", [-8, -35, -37, 0, "ES256"])
def test_p12_a_key_of_an_algorithm_that_was_not_offered_is_refused(algorithm: object) -> None:
    credential = made()
    attestation = attestation_of(credential)
    data = attestation["authData"]
    key = dict(CoseKey.generate().public()) | {3: algorithm}
    rest = 37 + 16 + 2 + 32
    attestation["authData"] = data[:rest] + cbor.encode(key)
    with pytest.raises((WebAuthnCredentialNotSupportedException, InvalidParameterException)):
        read_made(with_attestation(cbor.encode(attestation), credential))


def test_p13_cbor_with_anything_after_it_is_refused() -> None:
    refused(made(trailing=b"\0"))
    credential = made()
    attestation = attestation_of(credential)
    attestation["authData"] += b"\0"
    refused(with_attestation(cbor.encode(attestation), credential), "no authenticator")


def test_p13_cbor_that_is_not_canonical_is_refused() -> None:
    credential = made()
    attestation = attestation_of(credential)
    data = attestation["authData"]

    def joined(*parts: tuple[bytes, bytes], head: bytes = b"\xa3") -> bytes:
        return head + b"".join(name + value for name, value in parts)

    members = [
        (b"\x63fmt", b"\x64none"),
        (b"\x67attStmt", b"\xa0"),
        (b"\x68authData", b"\x58" + bytes([len(data)]) + data),
    ]
    right = joined(*members)
    assert isinstance(read_made(with_attestation(right, credential)), Made)
    fmt, statement, auth = members
    for wrong in (
        joined(auth, fmt, statement),  # another order
        joined(fmt, fmt, statement, auth, head=b"\xa4"),  # a member twice
        joined(fmt, statement, auth, head=b"\xb8\x03"),  # a length of more bytes than it needs
        joined(fmt, statement, auth, head=b"\xbf") + b"\xff",  # of indefinite length
        joined(fmt, (statement[0], b"\xa1\x61a\xf6"), auth),  # null
        joined(fmt, (statement[0], b"\xa1\x61a\xc1\x00"), auth),  # a tag
        joined(fmt, statement, (auth[0], auth[1][:-1])),  # cut off
        joined(fmt, statement, auth, (b"\x61x", b"\x00"), head=b"\xa4"),  # a member too many
        joined((fmt[0], b"\x01"), statement, auth),
        joined(fmt, (statement[0], b"\x80"), auth),
        joined(fmt, statement, (auth[0], b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff")),  # a number of bytes
        joined(fmt, statement, head=b"\xa2"),
        b"\x80",
        b"",
        b"\x81" * 5000,
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    ):
        refused(with_attestation(wrong, credential))


def test_p13_a_key_that_names_a_member_twice_is_refused() -> None:
    credential = made()
    attestation = attestation_of(credential)
    data, rest = attestation["authData"], 37 + 16 + 2 + 32
    key = data[rest:]
    assert key[0] == 0xA5
    attestation["authData"] = data[:rest] + b"\xa6\x01\x02" + key[1:]
    refused(with_attestation(cbor.encode(attestation), credential), "canonical|no authenticator")


def test_p13_ten_megabytes_are_refused_unread() -> None:
    refused(with_response(made(), attestationObject="A" * 10_000_000), "too long")
    with pytest.raises(InvalidParameterException, match="too long"):
        read_text("[" * 10_000_000)


def test_p14_an_attestation_that_was_not_asked_for_is_let_be_where_it_is_well_formed() -> None:
    for attestation in (
        ("packed", {"alg": -7, "sig": b"not a signature"}),
        ("of tomorrow", {"x5c": [b"", b""]}),
    ):
        assert isinstance(read_made(made(attestation=attestation)), Made)
    refused(made(attestation=("none", {"sig": b""})), "none")


def test_extensions_of_the_authenticator_are_let_be() -> None:
    credential = made()
    attestation = attestation_of(credential)
    data = bytearray(attestation["authData"])
    data[32] |= EXTENDED
    attestation["authData"] = bytes(data) + cbor.encode({"credProtect": 2})
    assert isinstance(read_made(with_attestation(cbor.encode(attestation), credential)), Made)
    attestation["authData"] = bytes(data)
    refused(with_attestation(cbor.encode(attestation), credential))


def test_a_passkey_without_a_key_is_refused() -> None:
    credential = made()
    attestation = attestation_of(credential)
    attestation["authData"] = attestation["authData"][:32] + b"\x01" + bytes(4)
    refused(with_attestation(cbor.encode(attestation), credential), "no key")


@pytest.mark.parametrize("size", [0, 1, 36, 38])
def test_authenticator_data_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(InvalidParameterException, match="malformed"):
        read_signed(with_response(signed(), authenticatorData=b64url_encode(bytes(size))))


def test_flags_are_told_apart() -> None:
    facts = read_signed(signed(flip=BACKUP_ELIGIBLE, counter=2**32 - 1)).authenticator
    assert (facts.backup_eligible, facts.backed_up, facts.sign_count) == (True, False, 2**32 - 1)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"a":1,"a":2}', '{"a":"\\ud800"}', "\ud800", "{" * 5000]
)
def test_text_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterException, match="not a JSON object"):
        read_text(text)


def test_the_library_is_loaded_by_the_first_passkey() -> None:
    script = (
        "import sys; from userpool.service import operations; operations.load();print('fido2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n"


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_whatever_bytes_come_they_are_read_or_refused(raw: bytes) -> None:
    for document in (
        with_attestation(raw, _MADE),
        with_response(_SIGNED, authenticatorData=b64url_encode(raw)),
    ):
        for read in (read_made, read_signed):
            try:
                assert isinstance(read(document), Made | Signed)
            except (InvalidParameterException, WebAuthnCredentialNotSupportedException):
                continue


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=4))
@settings(max_examples=300)
def test_what_is_changed_somewhere_is_read_or_refused(place: int, bytes_: bytes) -> None:
    raw = bytearray(b64url_decode(_MADE["response"]["attestationObject"].encode()))
    at = place % len(raw)
    raw[at : at + len(bytes_)] = bytes_
    try:
        assert isinstance(read_made(with_attestation(bytes(raw), _MADE)), Made)
    except (InvalidParameterException, WebAuthnCredentialNotSupportedException):
        return


_MADE, _SIGNED = made(), signed()
