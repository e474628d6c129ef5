"""Public keys of passkeys: sound ones of two algorithms, and no others."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from userpool.crypto.cose import CoseAlgorithm, CoseKey, CosePublicKey, UnusableKey

BOTH = pytest.mark.parametrize("algorithm", list(CoseAlgorithm), ids=lambda one: one.name)
make = cache(CoseKey.generate)


def changed(algorithm: CoseAlgorithm, changes: dict[Any, Any]) -> dict[Any, Any]:
    members = {**make(algorithm).public(), **changes}
    return {label: value for label, value in members.items() if value is not None}


@BOTH
def test_what_a_key_signed_is_right_and_nothing_else(algorithm: CoseAlgorithm) -> None:
    key = make(algorithm)
    public = CosePublicKey.parse(key.public())
    signature = key.sign(b"data")
    assert public.algorithm is algorithm
    assert public.check(signature, b"data")
    assert not public.check(signature, b"other data")
    assert not public.check(CoseKey.generate().sign(b"data"), b"data")


@BOTH
def test_p08_a_broken_signature_is_wrong_and_no_crash(algorithm: CoseAlgorithm) -> None:
    key = make(algorithm)
    public, signature = CosePublicKey.parse(key.public()), key.sign(b"data")
    for broken in (
        b"",
        b"0",
        signature[:-1],
        signature + b"\0",
        b"\x30\x06\x02\x01\0\x02\x01\0",
        signature[1:],
    ):
        assert not public.check(broken, b"data")


def test_p08_a_signature_of_two_bare_numbers_is_no_ecdsa_signature_of_webauthn() -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    key = make(CoseAlgorithm.ES256)
    r, s = decode_dss_signature(key.sign(b"data"))
    assert not CosePublicKey.parse(key.public()).check(r.to_bytes(32) + s.to_bytes(32), b"data")


@pytest.mark.parametrize(
    "changes",
    [
        {1: 3},
        {1: None},
        {3: -257},
        {3: -8},  # EdDSA
        {3: -35},  # ES384
        {3: None},
        {3: "ES256"},
        {-1: 2},
        {-1: True},
        {-1: None},
        {-2: None},
        {-2: b""},
        {-2: bytes(31)},
        {-2: bytes(33)},
        {-2: bytes(32)},  # not on the curve
        {-2: 5},
        {-3: b"\xff" * 32},
        {-3: True},
        {2: b"kid"},
        {4: [2]},
        {"kty": 2},
    ],
    ids=str,
)
def test_p12_another_key_than_es256_is_refused(changes: dict[Any, Any]) -> None:
    with pytest.raises(UnusableKey):
        CosePublicKey.parse(changed(CoseAlgorithm.ES256, changes))


@pytest.mark.parametrize(
    "changes",
    [
        {1: 2},
        {3: -7},
        {3: -37},  # PS256
        {3: -65535},  # RS1
        {-1: b""},
        {-1: b"\xff" * 127},
        {-1: b"\xff" * 1025},
        {-1: b"\xff" * 255 + b"\0"},
        {-1: 65537},
        {-2: b""},
        {-2: b"\1"},
        {-2: b"\2"},
        {-2: b"\1" * 9},
        {-2: 65537},
        {-3: b"more"},
    ],
    ids=str,
)
def test_p12_a_weak_slow_or_broken_rsa_key_is_refused(changes: dict[Any, Any]) -> None:
    with pytest.raises(UnusableKey):
        CosePublicKey.parse(changed(CoseAlgorithm.RS256, changes))
