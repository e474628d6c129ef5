"""The strict readers: what they take, they take as the standard library does; the rest they refuse."""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.crypto import strict


@given(st.binary(max_size=100))
def test_base64url_both_ways(data: bytes) -> None:
    text = strict.b64url_encode(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert strict.b64url_decode(text.encode()) == data


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.text(ALPHABET + "+/=! \n.é", max_size=12))
def test_base64url_takes_only_what_it_would_write(text: str) -> None:
    raw = text.encode()
    try:
        data = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
        good = set(text) <= set(ALPHABET) and strict.b64url_encode(data) == text
    except binascii.Error:
        good = False
    if good:
        assert strict.b64url_decode(raw) == data
    else:
        with pytest.raises(ValueError, match="not base64url"):
            strict.b64url_decode(raw)


@pytest.mark.parametrize("text", ["A", "AB", "AAB", "AA=", "AA==", "A A", "A+/A", "AA\n", "=", "é"])
def test_v22_v23_v24_base64url_with_anything_odd(text: str) -> None:
    with pytest.raises(ValueError, match="not base64url"):
        strict.b64url_decode(text.encode())


MEMBERS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**19), 10**19)
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
    | st.text(),
    max_size=5,
)


@given(MEMBERS, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_objects_are_read_as_the_standard_library_reads_them(
    value: dict[str, Any], ascii_only: bool, indent: int | str | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert strict.load_object(text.encode()) == value
    assert strict.load_object(json.dumps(value, separators=(",", ":")).encode()) == value


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{}x", "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":01}', "not JSON"),
        (b"null", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b'"a"', "not a JSON object"),
        (b"5", "not a JSON object"),
        (b'{"a":1,"a":1}', "named twice"),
        (b'{"a":1, "b":2, "a" :1}', "named twice"),
        (b'{"a":1,"\\u0061":1}', "named twice"),
        (b'{"a":{"b":1,"b":2}}', "named twice"),
        (b'{"a":[{"b":1,"b":2}]}', "named twice"),
        (b'{"a":NaN}', "no number"),
        (b'{"a":-Infinity}', "no number"),
        (b'{"a":1e400}', "too great"),
        (b'{"a":' + b"9" * 4301 + b"}", "too great"),
        (b'{"a":"\\ud800"}', "not UTF-8"),
        (b'{"\\udc00":1}', "not UTF-8"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b'\xef\xbb\xbf{"a":1}', "not JSON"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), "not JSON"),
        ('{"a":1}'.encode("utf-32-be"), "not JSON"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "deeper"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "deeper"),
        (b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "deeper"),
        (b"[" * 50_000, "deeper"),
        (b'{"a":"\x00"}', "not JSON"),
        (b'{"a":"\n"}', "not JSON"),
    ],
    ids=lambda case: repr(case)[:30],
)
def test_v29_v30_v32_objects_with_anything_odd(data: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        strict.load_object(data)


def test_depth_is_counted_and_not_brackets() -> None:
    deepest = b'{"a":' + b"[" * 31 + b"]" * 31 + b"}"
    assert strict.load_object(deepest) == json.loads(deepest)
    wide = {"a": [[]] * 100, "b": "{[" * 100}
    assert strict.load_object(json.dumps(wide).encode()) == wide


def test_numbers_keep_their_kind() -> None:
    value = strict.load_object(b'{"a": 1, "b": 1.0, "c": -0.5e2, "d": 18446744073709551616}')
    assert [type(number) for number in value.values()] == [int, float, float, int]
    assert math.isclose(value["c"], -50)
