"""Tokens as text: the compact form of a signed token (RFC 7515), taken apart strictly before any arithmetic.

Only what Cognito issues is let through: RS256, a key id, and no extension. RFC 8725 says why a verifier fixes
its algorithm instead of reading it from the token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from .strict import b64url_decode, load_object

ALGORITHM: Final = "RS256"
MAX_TOKEN_LENGTH: Final = 16_384
"""Characters. Cognito's own tokens have 1 to 2 thousand; many groups make them longer."""

_SEGMENTS: Final = 3
_KEY_ID = re.compile(r"[A-Za-z0-9._~@:+/=-]{1,256}", re.ASCII)
_REFUSED_MEMBERS: Final = {
    "crit": "asks for an extension; none is understood",
    "b64": "asks for an unencoded payload",
    "zip": "says that the payload is compressed",
    "enc": "says that the token is encrypted",
}


class Check(StrEnum):
    """The check that a token did not pass, in the order in which they are made."""

    TYPE = "type"
    LENGTH = "length"
    SHAPE = "shape"
    ENCODING = "encoding"
    HEADER = "header"
    ALGORITHM = "algorithm"
    KEY_ID = "key_id"
    KEY = "key"
    SIGNATURE = "signature"
    PAYLOAD = "payload"


class InvalidToken(ValueError):
    """A token did not pass `check`. The token itself is never repeated."""

    def __init__(self, check: Check, problem: str) -> None:
        super().__init__(check, problem)
        self.check = check
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


@dataclass(frozen=True, slots=True)
class ParsedJws:
    """A well-formed token whose signature has not been checked: trust nothing in it yet."""

    key_id: str
    signing_input: bytes = field(repr=False)
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def unverified_claims(self) -> dict[str, Any]:
        """The claims as the token has them, for choosing a key by issuer; verify before you believe them.

        Raises:
            InvalidToken: the payload is not a JSON object.
        """
        return read_claims(self.payload)


def parse(token: object, max_length: int = MAX_TOKEN_LENGTH) -> ParsedJws:
    """Take a token apart: type, length, shape, encoding, header, in this order and each strictly.

    Args:
        token: what was received.
        max_length: characters; a longer one is refused before it is looked at.

    Raises:
        InvalidToken: with the check that it did not pass.
    """
    if not isinstance(token, str):
        raise InvalidToken(Check.TYPE, "The token is not a text. Give the token's characters as a str.")
    if len(token) > max_length:
        raise InvalidToken(Check.LENGTH, f"The token is longer than {max_length} characters.")
    segments = token.encode("ascii", "replace").split(b".")
    if len(segments) != _SEGMENTS:
        raise InvalidToken(Check.SHAPE, _shape_problem(token, len(segments)))
    header, payload, signature = segments
    key_id = _read_header(header)
    return ParsedJws(key_id, header + b"." + payload, _decode(payload), _decode(signature))


def read_claims(payload: bytes) -> dict[str, Any]:
    """Read a payload as a JSON object, strictly.

    Raises:
        InvalidToken: it is none.
    """
    try:
        return load_object(payload)
    except ValueError as error:
        raise InvalidToken(Check.PAYLOAD, f"The token's payload is {error}.") from None


@lru_cache(maxsize=64)
def _read_header(segment: bytes) -> str:
    """Read a header and return its key id. A pool has a handful of headers, so they are remembered."""
    data = _decode(segment)
    try:
        header = load_object(data)
    except ValueError as error:
        raise InvalidToken(Check.HEADER, f"The token's header is {error}.") from None
    if header.get("alg") != ALGORITHM:
        raise InvalidToken(Check.ALGORITHM, f"The token is not signed with {ALGORITHM}.")
    for name, problem in _REFUSED_MEMBERS.items():
        if name in header:
            raise InvalidToken(Check.HEADER, f"The token's header {problem}.")
    if header.get("typ", "JWT") != "JWT":
        raise InvalidToken(Check.HEADER, "The token's header says that it is another kind of token.")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id) or ".." in key_id:
        raise InvalidToken(Check.KEY_ID, "The token's header names no key, or not in the form of a key id.")
    return key_id


def _shape_problem(token: str, count: int) -> str:
    if not token:
        return "The token is empty."
    if token.lstrip().startswith("{"):
        return "The token is in JSON form; only the compact form is taken."
    if count == 5:
        return "The token is encrypted (five parts); a refresh token is opaque and cannot be verified."
    return f"A signed token has three parts divided by dots; this has {count}."


def _decode(segment: bytes) -> bytes:
    try:
        return b64url_decode(segment)
    except ValueError:
        problem = "is not in base64url without padding."
        if segment.split() != [segment]:
            problem = "has white space in it. Take off `Bearer ` and line ends before you pass it on."
    raise InvalidToken(Check.ENCODING, f"The token {problem}")
