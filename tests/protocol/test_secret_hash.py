"""SECRET_HASH against values worked out with OpenSSL, and its comparison."""

from __future__ import annotations

import pytest

from userpool.protocol.secret_hash import secret_hash, secret_hash_matches

CLIENT, SECRET = "7ghr5379orhbo88d52vphda6s9", "1a2b3c4d5e6f7g8h9i0jklmnopqrstuvwxyz0123456789abcdef"

BY_OPENSSL = {
    "ada": "iO3GIkhzBfSYDZhrSFGKJHVNbVwQeX/4Rp8KYonDa5Y=",
    "jürgen@example.com": "I7mhmzfMIAmSsvg0gEgLMJJnELHx3PwC/jmmbq9zFVs=",
    "11111111-2222-3333-4444-555555555555": "OePyBeJoczI57CZS9dVQOjAX7VIr1H4xKn79YBddpdM=",
}


@pytest.mark.parametrize(("username", "expected"), BY_OPENSSL.items())
def test_agrees_with_openssl(username: str, expected: str) -> None:
    assert secret_hash(username, CLIENT, SECRET) == expected
    assert secret_hash_matches(expected, username, CLIENT, SECRET)


@pytest.mark.parametrize("received", ["", "x", "iO3GIkhzBfSYDZhrSFGKJHVNbVwQeX/4Rp8KYonDa5Y", "é", "\ud800"])
def test_other_hashes_do_not_match(received: str) -> None:
    assert not secret_hash_matches(received, "ada", CLIENT, SECRET)


def test_c23_the_hash_follows_the_name_the_client_and_the_secret() -> None:
    right = secret_hash("ada", CLIENT, SECRET)
    assert not secret_hash_matches(right, "Ada", CLIENT, SECRET)
    assert not secret_hash_matches(right, "ada", CLIENT[:-1], SECRET)
    assert not secret_hash_matches(right, "ada", CLIENT, SECRET[:-1])


def test_half_a_character_does_not_raise_with_the_secret() -> None:
    assert secret_hash("\ud800", CLIENT, "\udfff") != secret_hash("\ud801", CLIENT, "\udfff")
