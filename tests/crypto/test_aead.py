"""Sealing, key derivation and keyed hashes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import found_in
from tests.vectors import vectors_dir
from userpool.crypto import aead
from userpool.crypto.aead import Sealer, Unsealable

OLD, NEW = b"o" * 32, b"n" * 32


@given(plain=st.binary(max_size=300), context=st.binary(max_size=40), label=st.text(max_size=10))
def test_what_is_sealed_can_be_opened(plain: bytes, context: bytes, label: str) -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal(label, plain, context)
    assert sealer.open(label, sealed, context) == plain
    assert len(sealed) == len(plain) + 1 + 4 + 24 + 16


def test_every_byte_of_a_seal_counts() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("password", b"secret", b"ada")
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(Unsealable):
            sealer.open("password", bytes(changed), b"ada")
    for size in range(len(sealed)):
        with pytest.raises(Unsealable):
            sealer.open("password", sealed[:size], b"ada")
    with pytest.raises(Unsealable, match="broken"):
        sealer.open("password", sealed + b"\0", b"ada")


def test_a_seal_is_bound_to_label_context_and_key() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("password", b"secret", b"ada")
    with pytest.raises(Unsealable, match="something else"):
        sealer.open("totp", sealed, b"ada")
    with pytest.raises(Unsealable, match="something else"):
        sealer.open("password", sealed, b"bob")
    with pytest.raises(Unsealable, match="not in the ring"):
        Sealer([OLD]).open("password", sealed, b"ada")


def test_the_newest_key_seals_and_retired_ones_open() -> None:
    before = Sealer([OLD]).seal("x", b"secret")
    ring = Sealer([OLD, NEW])
    assert ring.open("x", before) == b"secret"
    assert not ring.is_current(before)
    after = ring.seal("x", b"secret")
    assert ring.is_current(after)
    assert Sealer([NEW]).open("x", after) == b"secret"
    with pytest.raises(Unsealable):
        Sealer([OLD]).open("x", after)


def test_two_seals_of_one_secret_differ_by_the_random_bytes() -> None:
    sealer = Sealer([NEW])
    assert sealer.seal("x", b"secret") != sealer.seal("x", b"secret")
    fixed = Sealer([NEW], random=lambda size: bytes(size))
    assert fixed.seal("x", b"secret") == fixed.seal("x", b"secret")


@pytest.mark.parametrize("keys", [[], [b""], [b"k" * 31], [b"k" * 33], [NEW, b"k"]])
def test_keys_have_32_bytes(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="exactly 32 bytes"):
        Sealer(keys)


def test_c27_keys_never_show() -> None:
    assert repr(Sealer([OLD, NEW])) == "<Sealer of 2 keys>"
    assert not found_in(repr(Sealer([OLD, NEW])), OLD.decode(), NEW.decode())


def test_labels_give_keys_of_their_own() -> None:
    assert aead.derive(NEW, "a") != aead.derive(NEW, "b") != aead.derive(OLD, "b")
    assert len(aead.derive(NEW, "a", 400)) == 400


def test_keyed_hash() -> None:
    digest = aead.keyed_hash(NEW, "code", b"123456")
    assert len(digest) == 32
    assert digest == aead.keyed_hash(NEW, "code", b"123456")
    others = [(OLD, "code", b"123456"), (NEW, "name", b"123456"), (NEW, "code", b"123457")]
    assert digest not in [aead.keyed_hash(*other) for other in others]


@pytest.mark.parametrize("length", [0, -1, 8161])
def test_hkdf_length_out_of_range(length: int) -> None:
    with pytest.raises(ValueError, match="1 to 8160"):
        aead.hkdf(b"key", length=length)


def test_hkdf_against_rfc_5869() -> None:
    """Appendix A.1 and A.3."""
    okm = aead.hkdf(b"\x0b" * 22, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA)), length=42)
    assert okm.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    okm = aead.hkdf(b"\x0b" * 22, length=42)
    assert okm.hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


def test_hkdf_against_wycheproof() -> None:
    data = json.loads((vectors_dir("wycheproof") / "hkdf_sha256_test.json").read_text())
    tests: list[dict[str, Any]] = [test for group in data["testGroups"] for test in group["tests"]]
    results = []
    for test in tests:
        key, salt, info = (bytes.fromhex(test[name]) for name in ("ikm", "salt", "info"))
        if test["result"] == "valid":
            assert aead.hkdf(key, salt=salt, info=info, length=test["size"]).hex() == test["okm"], test[
                "tcId"
            ]
        else:
            with pytest.raises(ValueError, match="8160"):
                aead.hkdf(key, salt=salt, info=info, length=test["size"])
        results.append(test["result"])
    assert (results.count("valid"), results.count("invalid")) == (83, 3)
