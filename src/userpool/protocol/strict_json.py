"""JSON objects from bytes that nobody vouches for: one meaning or none, and bounded work.

Refused, beside what is no JSON: bytes that are no UTF-8, a byte order mark, anything but an object at the
top, a key that comes twice, `NaN` and infinities (also by overflow), lone surrogates, and more than
`MAX_DEPTH` levels.
"""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any

MAX_DEPTH = 64

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class BadJson(ValueError):
    """Why a body was refused; never a part of the body."""


def parse_object(body: bytes, limit: int) -> dict[str, Any]:
    """The JSON object in `body`.

    Args:
        body: the bytes as they came.
        limit: how many bytes are taken at most.

    Raises:
        BadJson: with the reason.
    """
    if len(body) > limit:
        raise BadJson(f"the body is longer than {limit} bytes")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadJson("the body is not UTF-8") from None
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise BadJson(f"the body nests deeper than {MAX_DEPTH} levels")
    try:
        value = _decode(text)
    except BadJson:
        raise
    except ValueError:
        # The parser's own text may quote the body.
        raise BadJson("the body is not JSON") from None
    if type(value) is not dict:
        raise BadJson("the body is not a JSON object")
    if _SURROGATE.search(text) and not _encodes(value):
        raise BadJson("the body holds a lone surrogate")
    return value


def _depth(text: str) -> int:
    depth = deepest = 0
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in "]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadJson("the body names a key twice")
    return value


def _finite(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise BadJson("the body holds a number that is too large")
    return value


def _constant(name: str) -> Any:
    raise BadJson(f"the body holds {name}")


def _encodes(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_constant).decode
