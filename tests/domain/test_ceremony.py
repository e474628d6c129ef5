"""What a ceremony of WebAuthn must hold."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol.errors import InvalidParameterException
from userpool.service.domain.ceremony import (
    CREATE,
    GET,
    AuthenticatorData,
    ClientData,
    Expected,
    Fault,
    belongs,
    check_rp_id,
    fault_in,
)

RP = "auth.example.com"
CLIENT = ClientData(GET, b"challenge of 32 bytes or more....", f"https://{RP}")
AUTHENTICATOR = AuthenticatorData(hashlib.sha256(RP.encode()).digest(), True, False, False, False, 0)
EXPECTED = Expected(GET, RP, CLIENT.challenge, verification=False)


def test_a_ceremony_as_it_was_asked_for_has_no_fault() -> None:
    assert fault_in(CLIENT, AUTHENTICATOR, EXPECTED) is None
    made = replace(CLIENT, type=CREATE)
    assert fault_in(made, AUTHENTICATOR, replace(EXPECTED, type=CREATE)) is None


def test_p01_making_is_not_signing() -> None:
    assert fault_in(replace(CLIENT, type=CREATE), AUTHENTICATOR, EXPECTED) is Fault.TYPE
    assert fault_in(CLIENT, AUTHENTICATOR, replace(EXPECTED, type=CREATE)) is Fault.TYPE


@pytest.mark.parametrize("challenge", [b"", CLIENT.challenge[:-1], CLIENT.challenge + b".", b"x" * 33])
def test_p02_another_challenge_is_refused(challenge: bytes) -> None:
    assert fault_in(replace(CLIENT, challenge=challenge), AUTHENTICATOR, EXPECTED) is Fault.CHALLENGE


@pytest.mark.parametrize(
    "origin",
    [
        f"http://{RP}",
        f"https://{RP}:8443",
        f"https://{RP}:443",
        f"https://{RP}/",
        f"https://{RP}.",
        f"https://{RP}.evil.test",
        f"https://evil-{RP}",
        f"https://evil{RP}",
        f"https://user@{RP}",
        f"https://evil.test#{RP}",
        f"https://evil.test/.{RP}",
        f"https://evil.test?.{RP}",
        f"https://evil.test\\.{RP}",
        f"https://a..{RP}",
        f"https://-.{RP}",
        "https://example.com",
        "https://uth.example.com",
        "https://AUTH.example.com",
        "HTTPS://auth.example.com",
        f" https://{RP}",
        f"https://{RP}\n",
        f"ftp://{RP}",
        RP,
        "null",
        "",
        "https://",
        "http://localhost",
        "https://аuth.example.com",  # a Cyrillic letter
    ],
)
def test_p03_another_origin_is_refused(origin: str) -> None:
    assert fault_in(replace(CLIENT, origin=origin), AUTHENTICATOR, EXPECTED) is Fault.ORIGIN


@pytest.mark.parametrize(
    ("origin", "rp_id", "right"),
    [
        # As Cognito has it: the hosts below the relying party are its own.
        (f"https://app.{RP}", RP, True),
        (f"https://one.two.{RP}", RP, True),
        ("http://localhost", "localhost", True),
        ("http://localhost:3000", "localhost", True),
        ("https://app.localhost:65535", "localhost", True),
        ("http://app.localhost:3000", "app.localhost", True),
        ("http://localhost:3000", "app.localhost", False),
        ("http://localhost:", "localhost", False),
        ("http://localhost:0", "localhost", False),
        ("http://localhost:3000/", "localhost", False),
        ("http://evillocalhost:3000", "localhost", False),
        ("http://localhost.evil.test:3000", "localhost", False),
        ("http://127.0.0.1:3000", "localhost", False),
    ],
)
def test_p03_an_origin_belongs_to_a_relying_party(origin: str, rp_id: str, right: bool) -> None:
    assert belongs(origin, rp_id) is right


def test_p03_where_origins_are_listed_no_other_counts() -> None:
    android = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"
    expected = replace(EXPECTED, origins=(f"https://www.{RP}:8443", android))
    for origin in expected.origins:
        assert fault_in(replace(CLIENT, origin=origin), AUTHENTICATOR, expected) is None
    assert fault_in(CLIENT, AUTHENTICATOR, expected) is Fault.ORIGIN


def test_p04_a_frame_of_another_site_is_refused() -> None:
    assert fault_in(replace(CLIENT, cross_origin=True), AUTHENTICATOR, EXPECTED) is Fault.ORIGIN
    framed = replace(CLIENT, top_origin="https://evil.test")
    assert fault_in(framed, AUTHENTICATOR, EXPECTED) is Fault.ORIGIN
    assert fault_in(replace(CLIENT, top_origin=CLIENT.origin), AUTHENTICATOR, EXPECTED) is Fault.ORIGIN


@pytest.mark.parametrize("digest", [b"", bytes(32), hashlib.sha256(b"example.com").digest()])
def test_p05_another_relying_party_is_refused(digest: bytes) -> None:
    data = replace(AUTHENTICATOR, rp_id_hash=digest)
    assert fault_in(CLIENT, data, EXPECTED) is Fault.RELYING_PARTY


def test_p06_somebody_must_be_there_and_be_verified_where_that_is_asked() -> None:
    absent = replace(AUTHENTICATOR, user_present=False, user_verified=True)
    assert fault_in(CLIENT, absent, EXPECTED) is Fault.NOT_PRESENT
    strict = replace(EXPECTED, verification=True)
    assert fault_in(CLIENT, AUTHENTICATOR, strict) is Fault.NOT_VERIFIED
    assert fault_in(CLIENT, replace(AUTHENTICATOR, user_verified=True), strict) is None


def test_p07_what_is_backed_up_must_be_eligible_for_it() -> None:
    assert fault_in(CLIENT, replace(AUTHENTICATOR, backed_up=True), EXPECTED) is Fault.BACKUP
    synced = replace(AUTHENTICATOR, backed_up=True, backup_eligible=True)
    assert fault_in(CLIENT, synced, EXPECTED) is None


@given(st.text())
def test_an_origin_is_judged_whatever_it_is(origin: str) -> None:
    assert belongs(origin, RP) <= origin.endswith(RP)


@pytest.mark.parametrize("rp_id", ["example.com", RP, "localhost", "xn--bcher-kva.example", "a.b-c.d1.co"])
def test_a_domain_is_a_relying_party(rp_id: str) -> None:
    check_rp_id(rp_id)


@pytest.mark.parametrize(
    "rp_id",
    [
        "com",
        "Example.com",
        "https://example.com",
        "example.com:443",
        "example.com/",
        "example.com.",
        ".example.com",
        "exa_mple.com",
        "-example.com",
        "example.com-",
        "example.1-2",
        "example..com",
        "127.0.0.1",
        "[::1]",
        "bücher.example",
        "example.com\n",
    ],
)
def test_other_things_are_no_relying_party(rp_id: str) -> None:
    with pytest.raises(InvalidParameterException, match="domain name"):
        check_rp_id(rp_id)
