"""JSON that means one thing, or is refused: what a body may not be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol.strict_json import MAX_DEPTH, BadJson, parse_object

LIMIT = 1 << 20


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is not JSON"),
        (b"   ", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"a":1}x', "is not JSON"),
        (b"{'a':1}", "is not JSON"),
        (b'{"a":1,}', "is not JSON"),
        (b'{"a":01}', "is not JSON"),
        (b'{"a":"\n"}', "is not JSON"),
        (b'{"a":' + b"9" * 10_000 + b"}", "is not JSON"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b'"canary"', "is not a JSON object"),
        (b'"' + b"[" * 70 + b'"', "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b"1", "is not a JSON object"),
        (b'{"a":1,"a":1}', "names a key twice"),
        (b'{"a":1,"\\u0061":2}', "names a key twice"),
        (b'{"x":[{"a":1,"b":2,"a":3}]}', "names a key twice"),
        (b'{"a":NaN}', "holds NaN"),
        (b'{"a":Infinity}', "holds Infinity"),
        (b'{"a":-Infinity}', "holds -Infinity"),
        (b'{"a":1e999}', "holds a number that is too large"),
        (b'{"a":"\xff"}', "is not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "is not UTF-8"),
        ('{"a":1}'.encode("utf-16"), "is not UTF-8"),
        (b'{"a":"\\ud800"}', "holds a lone surrogate"),
        (b'{"\\uDFFF":[]}', "holds a lone surrogate"),
        (b'{"a":[["\\udc00\\ud800"]]}', "holds a lone surrogate"),
        (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "nests deeper"),
        (b"[" * 500_000, "nests deeper"),
        (b'{"a":' * 200_000, "nests deeper"),
        (b"{" + b" " * LIMIT + b"}", "longer than 1048576 bytes"),
    ],
)
def test_refused(body: bytes, reason: str) -> None:
    with pytest.raises(BadJson, match=reason) as caught:
        parse_object(body, LIMIT)
    assert str(caught.value).startswith("the body ")
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_taken() -> None:
    assert parse_object(b' {"a" : "\\ud83d\\ude00\\u0000" , "b":[1,-2.5e1,true,null]}\r\n', LIMIT) == {
        "a": "\U0001f600\0",
        "b": [1, -25.0, True, None],
    }
    deep = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert list(parse_object(deep, LIMIT)) == ["a"]
    assert parse_object(b"{}", 2) == {}


def test_brackets_in_texts_are_no_nesting() -> None:
    text = '[{"\\[{' * 1000
    wide = {"a": text, "b": [{}] * 100, "c": "\\"}
    assert parse_object(json.dumps(wide).encode(), LIMIT) == wide


def test_quotes_do_not_make_the_depth_slow() -> None:
    # Linear work ends at once; quadratic work on this length would take minutes.
    for part in (b'\\"', b'"\\', b'"', b"\\"):
        with pytest.raises(BadJson):
            parse_object(b'{"' + b"[" * 65 + part * 400_000, LIMIT)


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), TREES), st.booleans())
def test_whatever_json_writes_is_read(value: dict[str, Any], ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    try:
        body.decode()
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        with pytest.raises(BadJson):
            parse_object(body, LIMIT)
    else:
        assert parse_object(body, LIMIT) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    try:
        assert isinstance(parse_object(body, LIMIT), dict)
    except BadJson as error:
        assert str(error).startswith("the body ")  # noqa: PT017 - either way is right
