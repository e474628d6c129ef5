"""Key sets as issuers publish them, V-14 to V-19."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.crypto import jwks, jws, rs256
from userpool.crypto.jwks import InvalidKeySet, PublicKeys
from userpool.crypto.rs256 import SigningKey

KEY = SigningKey.generate()
GOOD = KEY.public.jwk()


def document(*members: object, **more: object) -> bytes:
    return json.dumps({"keys": members, **more}).encode()


def test_a_good_set() -> None:
    keys = PublicKeys.from_jwks(document(GOOD))
    assert list(keys) == [KEY.key_id]
    assert len(keys) == 1
    assert repr(keys) == f"<PublicKeys {KEY.key_id}>"
    assert keys.skipped == ()
    assert keys.jwks() == {"keys": [GOOD]}
    parsed = jws.parse(KEY.sign({"sub": "ada"}))
    assert rs256.verify(parsed, keys[parsed.key_id]) == {"sub": "ada"}


def test_a_set_may_be_given_decoded_and_with_more_members() -> None:
    assert list(PublicKeys.from_jwks({"keys": [GOOD], "more": 1})) == [KEY.key_id]
    bare = {name: GOOD[name] for name in ("kty", "kid", "n", "e")}
    assert list(PublicKeys.from_jwks({"keys": [{**bare, "x5t": "x", "key_ops": ["verify"]}]})) == [KEY.key_id]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b'{"keys":[', "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no list of keys"),
        (b'{"message":"Not found"}', "no list of keys"),
        (b'{"keys":{}}', "no list of keys"),
        (b'{"keys":null}', "no list of keys"),
        (b'{"keys":[]}', "no key that can verify"),
        (b'{"keys":[],"keys":[]}', "named twice"),
        (b'{"keys":' + b"[" * 50_000, "deeper"),
        (b" " * 262_145, "larger than"),
        (b"x" * 50_000_000, "larger than"),
        (document(*[GOOD] * 101), "more than 100"),
    ],
    ids=lambda value: repr(value)[:25],
)
def test_v14_documents_that_are_no_key_set(data: bytes, problem: str) -> None:
    with pytest.raises(InvalidKeySet, match=problem):
        PublicKeys.from_jwks(data)


BAD: list[tuple[object, str]] = [
    (None, "no object with a key id"),
    ("x", "no object with a key id"),
    ({}, "no object with a key id"),
    ({**GOOD, "kid": 5}, "no object with a key id"),
    ({**GOOD, "kid": ""}, "no object with a key id"),
    ({**GOOD, "kty": "EC"}, "not an RSA key"),
    ({"kty": "oct", "kid": "k", "k": "c2VjcmV0", "alg": "HS256"}, "not an RSA key"),
    ({**GOOD, "d": "AQAB"}, "private members"),
    ({**GOOD, "k": "c2VjcmV0"}, "private members"),
    ({**GOOD, "use": "enc"}, "not for signatures"),
    ({**GOOD, "use": None}, "not for signatures"),
    ({**GOOD, "key_ops": ["encrypt"]}, "not for verification"),
    ({**GOOD, "key_ops": []}, "not for verification"),
    ({**GOOD, "key_ops": "verify"}, "not for verification"),
    ({**GOOD, "alg": "RS512"}, "not for RS256"),
    ({**GOOD, "alg": "RSA1_5"}, "not for RS256"),
    ({**GOOD, "alg": None}, "not for RS256"),
    ({**GOOD, "n": None}, "a number is missing"),
    ({**GOOD, "e": 65537}, "a number is missing"),
    ({**GOOD, "n": GOOD["n"] + "="}, "not base64url"),
    ({**GOOD, "n": "é"}, "not base64url"),
    ({**GOOD, "n": GOOD["n"][:172]}, "2048 to 8192 bits"),
    ({**GOOD, "e": "AQ"}, "exponent"),
    ({**GOOD, "e": ""}, "exponent"),
]


@pytest.mark.parametrize(
    ("member", "problem"), BAD, ids=lambda value: value if isinstance(value, str) else ""
)
def test_v15_v17_v18_v19_a_bad_member_spoils_nothing_but_itself(member: Any, problem: str) -> None:
    if isinstance(member, dict) and member.get("kid") == KEY.key_id:
        member = {**member, "kid": "bad"}
    keys = PublicKeys.from_jwks(document(member, GOOD))
    assert list(keys) == [KEY.key_id]
    (reason,) = keys.skipped
    assert reason.startswith("key 1: ")
    assert problem in reason
    with pytest.raises(InvalidKeySet, match=problem):
        PublicKeys.from_jwks(document(member))


def test_v16_a_key_id_that_comes_twice_is_used_for_neither() -> None:
    another = {**GOOD, "kid": "another"}
    keys = PublicKeys.from_jwks(document(GOOD, another, GOOD, GOOD))
    assert list(keys) == ["another"]
    assert [reason.split(":")[0] for reason in keys.skipped] == ["key 1", "key 3", "key 4"]


@pytest.mark.parametrize("bad_first", [True, False])
def test_v16_also_where_one_of_the_two_is_unusable(bad_first: bool) -> None:
    pair = [{**GOOD, "alg": "RS512"}, GOOD] if bad_first else [GOOD, {**GOOD, "alg": "RS512"}]
    keys = PublicKeys.from_jwks(document(*pair, {**GOOD, "kid": "another"}))
    assert list(keys) == ["another"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_no_value_raises_anything_else(name: str, value: object) -> None:
    try:
        keys = PublicKeys.from_jwks({"keys": [{**GOOD, name: value}]})
    except InvalidKeySet as error:
        assert str(error).endswith(".")  # noqa: PT017 - any other error fails the test
    else:
        assert len(keys) == 1


def test_limits_are_those_documented() -> None:
    assert (jwks.MAX_BYTES, jwks.MAX_KEYS) == (256 * 1024, 100)
