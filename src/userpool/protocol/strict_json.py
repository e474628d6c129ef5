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

_TOO_DEEP = f"the body nests deeper than {MAX_DEPTH} levels"
_CONTAINERS = (dict, list)
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
    try:
        value = _decode(text)
    except BadJson:
        raise
    except ValueError:
        # The parser's own text may quote the body.
        raise BadJson("the body is not JSON") from None
    except RecursionError:
        raise BadJson(_TOO_DEEP) from None
    if text.count("{") + text.count("[") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        raise BadJson(_TOO_DEEP)
    if type(value) is not dict:
        raise BadJson("the body is not a JSON object")
    if _SURROGATE.search(text) and not _encodes(value):
        raise BadJson("the body holds a lone surrogate")
    return value


def _deeper(value: Any, levels: int) -> bool:
    """Whether a value nests deeper than so many levels."""
    if type(value) not in _CONTAINERS:
        return False
    inside = value.values() if type(value) is dict else value
    return levels == 0 or any(_deeper(item, levels - 1) for item in inside if type(item) in _CONTAINERS)


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
