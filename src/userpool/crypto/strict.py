"""Strict readers of base64url and JSON: what other libraries let pass, and tokens must not contain, is
refused.

`userpool.protocol.strict_json` reads the bodies of requests as strictly. Neither room imports the other, so
each has its reader; this one is made for the few hundred bytes of a token, where every microsecond counts.
"""

from __future__ import annotations

import binascii
import json
import math
from typing import Any, Final, NoReturn

import msgspec

MAX_DEPTH: Final = 32

_MAX_DIGITS: Final = 4300  # what Python itself reads, and msgspec

# One pass makes base64url readable for binascii and anything else unreadable: padding, + and / become `!`.
_TO_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING: Final = {0: b"", 2: b"==", 3: b"="}
_FINAL_CHARACTERS: Final = {2: b"AQgw", 3: b"AEIMQUYcgkosw048"}


def b64url_decode(text: bytes) -> bytes:
    """Decode base64url as RFC 7515 section 2 has it: no padding, no other characters, no stray bits at the
    end.

    Raises:
        ValueError: anything else; the text is not repeated.
    """
    rest = len(text) % 4
    if rest == 1 or (rest and text[-1] not in _FINAL_CHARACTERS[rest]):
        raise ValueError("not base64url: the last character does not end a byte")
    try:
        return binascii.a2b_base64(text.translate(_TO_STANDARD) + _PADDING[rest], strict_mode=True)
    except binascii.Error:
        raise ValueError("not base64url: a character that does not belong there") from None


def b64url_encode(data: bytes) -> str:
    """Encode as base64url without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode()


def load_object(data: bytes) -> dict[str, Any]:
    """Read one JSON object: UTF-8 without a mark, no name twice, finite numbers, whole characters, little
    depth.

    Raises:
        ValueError: anything else; the data is not repeated.
    """
    # Data that comes out as it went in names nothing twice and holds nothing odd. Issuers write so, and
    # msgspec proves it in a third of the time that the reader below takes to look for each fault.
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        try:
            value = _read(data)
            if type(value) is dict and _write(value) == data:
                return value
        except (msgspec.MsgspecError, UnicodeError):
            pass  # the reader below says what is wrong
    return _load_slowly(data)


def _load_slowly(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode()
        value = _DECODER.decode(text)
        if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair does not encode
    except RecursionError:
        raise ValueError(f"nested deeper than {MAX_DEPTH}") from None
    except UnicodeError:
        raise ValueError("not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON, at character {error.pos}") from None
    if type(value) is not dict:
        raise ValueError("not a JSON object")
    return value


_read: Final = msgspec.json.Decoder().decode
_write: Final = msgspec.json.Encoder().encode
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("ambiguous: a member is named twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not usable: a number is too great")
    return number


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("not usable: a number is too great")
    return int(text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"not JSON: {constant} is no number")


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_finite, parse_int=_integer, parse_constant=_refuse
)
