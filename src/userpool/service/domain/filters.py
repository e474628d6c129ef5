"""ListUsers' filter: one attribute, `=` or `^=`, one quoted value. Parsed by its grammar, never pasted
anywhere.

filter    = blanks attribute blanks ("=" | "^=") blanks '"' value '"' blanks
value     = any characters; a quote or a backslash inside is escaped by a backslash
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from userpool.protocol.errors import InvalidParameterException

SEARCHABLE = frozenset(
    {
        "username",
        "email",
        "phone_number",
        "name",
        "given_name",
        "family_name",
        "preferred_username",
        "cognito:user_status",
        "status",
        "sub",
    }
)
"""What can be searched: the store has an index for each."""

_GRAMMAR = re.compile(r'\s*([^\s"=^]+)\s*(\^?=)\s*"((?:[^"\\]|\\.)*+)"\s*', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter: users whose `attribute` is `value`, or begins with it."""

    attribute: str
    value: str
    prefix: bool = False


def parse_filter(text: str | None) -> Filter | None:
    """The filter that `text` says; `None` where there is nothing to filter by.

    Raises `InvalidParameterException` for what is not a filter and for attributes that cannot be searched.
    """
    if not text or not text.strip():
        return None
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        raise InvalidParameterException("Error while parsing filter.")
    attribute, operator, quoted = match.groups()
    if attribute not in SEARCHABLE:
        raise InvalidParameterException(f"Invalid search attribute: {attribute}")
    value = _ESCAPE.sub(r"\1", quoted)
    if attribute == "cognito:user_status":
        value = value.upper()
    return Filter(attribute, value, prefix=operator == "^=")
