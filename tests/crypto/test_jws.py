"""Tokens as text: each case of the catalogue that is decided before any arithmetic, V-01 to V-32, V-51,
V-52.
"""

from __future__ import annotations

import base64
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import assert_hidden, canary
from userpool.crypto import jws
from userpool.crypto.jws import Check, InvalidToken


def b64(data: bytes | str) -> str:
    return base64.urlsafe_b64encode(data.encode() if isinstance(data, str) else data).decode().rstrip("=")


def token(header: Any, payload: bytes = b'{"sub":"ada"}', signature: bytes = b"signature") -> str:
    text = header if isinstance(header, str | bytes) else json.dumps(header)
    return f"{b64(text)}.{b64(payload)}.{b64(signature)}"


GOOD = {"kid": "key-1", "alg": "RS256"}


def refused(value: object, check: Check, match: str | None = None) -> InvalidToken:
    with pytest.raises(InvalidToken, match=match) as caught:
        jws.parse(value)
    assert caught.value.check == check
    return caught.value


def test_a_good_token_comes_apart() -> None:
    text = token(GOOD)
    parsed = jws.parse(text)
    assert parsed.key_id == "key-1"
    assert parsed.signing_input == text.rpartition(".")[0].encode()
    assert (parsed.payload, parsed.signature) == (b'{"sub":"ada"}', b"signature")
    assert parsed.unverified_claims() == {"sub": "ada"}


def test_header_may_be_written_with_spaces_and_name_its_type() -> None:
    assert jws.parse(token(json.dumps(GOOD, indent=1))).key_id == "key-1"
    assert jws.parse(token({**GOOD, "typ": "JWT"})).key_id == "key-1"


@pytest.mark.parametrize(
    "alg",
    [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        ["RS256"],
        5,
        None,
        {},
        "rs256",
        "RS256 ",
        "HS256",
        "RS512",
        "PS256",
        "ES256",
    ],
)
def test_v01_v02_v03_algorithm_is_rs256_and_nothing_else(alg: object) -> None:
    refused(token({**GOOD, "alg": alg}), Check.ALGORITHM)


def test_v01_algorithm_is_missing() -> None:
    refused(token({"kid": "key-1"}), Check.ALGORITHM)


@pytest.mark.parametrize(
    "crit", [["exp"], ["b64"], [], "exp", ["exp", "exp"], ["alg"], ["absent"], None, {"exp": 1}]
)
def test_v04_v05_critical_extensions(crit: object) -> None:
    refused(token({**GOOD, "crit": crit, "exp": 1}), Check.HEADER, "extension")


@pytest.mark.parametrize("value", [False, True, None])
def test_v06_unencoded_payload(value: object) -> None:
    refused(token({**GOOD, "b64": value}), Check.HEADER, "unencoded")


def test_v07_v08_keys_in_the_header_are_not_looked_at() -> None:
    header = {**GOOD, "jwk": {"kty": "RSA"}, "jku": "https://evil", "x5u": "https://evil", "x5c": ["x"]}
    assert jws.parse(token(header)).key_id == "key-1"


@pytest.mark.parametrize(
    "kid",
    [
        5,
        None,
        "",
        "x" * 10_000,
        "../../x",
        "a/../b",
        "a\0b",
        "' OR 1=1 --",
        "<x>",
        ["key-1"],
        {"a": 1},
        "é",
        "a b",
        "a\n",
    ],
)
def test_v09_key_ids(kid: object) -> None:
    refused(token({**GOOD, "kid": kid}), Check.KEY_ID)


def test_v09_key_id_is_missing() -> None:
    refused(token({"alg": "RS256"}), Check.KEY_ID)


@pytest.mark.parametrize(
    "kid", ["1example+key/of+44+characters=", "CognitoLocal", "ministack-key-1", "a.b@c~d:e"]
)
def test_key_ids_of_other_services_are_taken(kid: str) -> None:
    assert jws.parse(token({**GOOD, "kid": kid})).key_id == kid


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("change", [" ", "+", "/", "!", "=", "\n", "é", "\0", "\ud800"])
def test_v22_v23_strange_characters(place: int, change: str) -> None:
    for position in ("start", "middle", "end"):
        segments = token(GOOD).split(".")
        text = segments[place]
        at = {"start": 0, "middle": len(text) // 2, "end": len(text)}[position]
        segments[place] = text[:at] + change + text[at:]
        refused(".".join(segments), Check.ENCODING)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_v24_unused_bits(place: int) -> None:
    parts = [json.dumps({**GOOD, "x": ""}), '{"sub":"ada"}', "signature!"]
    while len(parts[0]) % 3 == 0:
        parts[0] += " "
    while len(parts[1]) % 3 == 0:
        parts[1] += " "
    segments = [b64(part) for part in parts]
    jws.parse(".".join(segments))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(segments[place][-1])
    segments[place] = segments[place][:-1] + alphabet[last + 1]
    refused(".".join(segments), Check.ENCODING)


@pytest.mark.parametrize("wrap", ["Bearer {}", " {}", "{} ", "{}\n", "\n{}", "{}\r\n", "\t{}"])
def test_v25_white_space_gets_a_hint(wrap: str) -> None:
    refused(wrap.format(token(GOOD)), Check.ENCODING, "Bearer")


def test_v26_json_form() -> None:
    header, payload, signature = token(GOOD).split(".")
    flat = {"payload": payload, "protected": header, "signature": signature}
    refused(json.dumps(flat), Check.SHAPE, "JSON form")


@pytest.mark.parametrize("text", ["", "x", "a.b", "a.b.c.d", "a.b.c.d.e.f", "...."])
def test_v27_segments(text: str) -> None:
    refused(text, Check.SHAPE)


def test_v27_an_empty_token_is_called_empty() -> None:
    refused("", Check.SHAPE, "empty")


@pytest.mark.parametrize("value", [None, 5, b"a.b.c", bytearray(b"a.b.c"), ["a"], {}, object()])
def test_v27_other_types(value: object) -> None:
    refused(value, Check.TYPE)


@pytest.mark.parametrize(
    "header", ["", "[]", "5", "null", '"RS256"', "{", "\ufeff{}", b"\xff", '{"alg":"RS256"} x']
)
def test_v28_v32_headers_that_are_no_object(header: str | bytes) -> None:
    refused(token(header), Check.HEADER)


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"5", b"null", b'"x"', b"{", b"\xef\xbb\xbf{}", b"\xff", b"Zm9v"]
)
def test_v28_v32_payloads_that_are_no_object(payload: bytes) -> None:
    parsed = jws.parse(token(GOOD, payload))
    with pytest.raises(InvalidToken) as caught:
        parsed.unverified_claims()
    assert caught.value.check == Check.PAYLOAD


def test_v29_members_named_twice() -> None:
    refused(token('{"kid":"key-1","alg":"RS256","alg":"RS256"}'), Check.HEADER, "twice")
    with pytest.raises(InvalidToken, match="twice"):
        jws.parse(token(GOOD, b'{"sub":"a","sub":"a"}')).unverified_claims()


def test_v30_deep_nesting() -> None:
    deep = "[" * 5000 + "]" * 5000
    refused(token(f'{{"kid":"key-1","alg":"RS256","x":{deep}}}'), Check.HEADER, "deeper")
    with pytest.raises(InvalidToken, match="deeper"):
        jws.parse(token(GOOD, f'{{"x":{deep}}}'.encode())).unverified_claims()


@pytest.mark.parametrize("size", [16_385, 5_000_000, 500_000_000])
def test_v31_long_tokens_are_refused_on_their_length(size: int) -> None:
    refused("x" * size, Check.LENGTH)


def test_v31_the_limit_can_be_moved() -> None:
    long = token(GOOD, b'{"x":"' + b"y" * 20_000 + b'"}')
    refused(long, Check.LENGTH)
    assert jws.parse(long, max_length=100_000).key_id == "key-1"


@pytest.mark.parametrize("typ", ["logout+jwt", "at+jwt", "jwt", "", None, 5, ["JWT"]])
def test_v51_other_kinds_of_token(typ: object) -> None:
    refused(token({**GOOD, "typ": typ}), Check.HEADER, "another kind")


def test_v52_encrypted_and_compressed_tokens() -> None:
    refused(f"{token(GOOD)}.a.b", Check.SHAPE, "refresh token")
    refused(token({**GOOD, "zip": "DEF"}), Check.HEADER, "compressed")
    refused(token({**GOOD, "enc": "A256GCM"}), Check.HEADER, "encrypted")
    refused(token({"kid": "k", "alg": "PBES2-HS256+A128KW", "p2c": 10**9}), Check.ALGORITHM)


def test_errors_survive_pickling_and_carry_no_token() -> None:
    secret = canary("token")
    error = refused(f"{b64(secret)}.{secret}.x", Check.HEADER)
    assert_hidden(error, secret)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.check) == (str(error), error.check)


def test_parsed_tokens_do_not_show() -> None:
    assert repr(jws.parse(token(GOOD))) == "ParsedJws(key_id='key-1')"


@given(
    st.text(max_size=60)
    | st.lists(st.binary(max_size=30), max_size=5).map(lambda parts: ".".join(map(b64, parts)))
)
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        jws.parse(text).unverified_claims()
    except InvalidToken as error:
        text = str(error)
    assert text.endswith(".")


HEADERS = st.fixed_dictionaries(
    {"alg": st.sampled_from(["RS256", "none", 5])},
    optional={
        "kid": st.text(max_size=5) | st.integers(),
        "typ": st.sampled_from(["JWT", "x"]),
        "crit": st.lists(st.text(max_size=3)),
        "zip": st.none(),
    },
)


@given(HEADERS)
def test_only_the_plainest_header_passes(header: dict[str, Any]) -> None:
    try:
        jws.parse(token(header))
    except InvalidToken:
        return
    assert header["alg"] == "RS256"
    assert header.get("typ", "JWT") == "JWT"
    assert not {"crit", "zip"} & header.keys()
    assert isinstance(header["kid"], str)
