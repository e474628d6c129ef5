"""Reads the one object literal of a configuration written in JavaScript or TypeScript; nothing is executed.

Amplify's `aws-exports.js` is such a file. Taken are texts without placeholders, numbers, `true`, `false`,
`null`, lists and objects, with comments and trailing commas; whatever would have to be computed is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

DEPTH: Final = 32
"""How deep objects may lie in each other."""

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TEXT = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`""", re.DOTALL)
_BEGINNING = re.compile(r"(?:=|\(|\bdefault\b)\s*(?=\{)")
"""What stands before an object that is a value: it is assigned, handed over, or exported."""
_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])", re.ASCII)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\}|(\r\n|.))", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}


class LiteralError(ValueError):
    """The text holds no object, or one that would have to be computed; the message names the line."""


def read_object(text: str) -> dict[str, Any]:
    """The first object that a program assigns, exports or hands over. Raises `LiteralError`."""
    at = 0
    while at < len(text):
        at = _after(_SPACE, text, at)
        if found := _BEGINNING.match(text, at):
            value = _Reader(text, found.end()).value(0)
            return dict(value)
        quoted = _TEXT.match(text, at)
        name = _NAME.match(text, at)
        at = quoted.end() if quoted else name.end() if name else at + 1
    raise LiteralError("There is no object in it.")


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


class _Reader:
    """Goes through a text from one place on."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at

    def value(self, depth: int) -> Any:
        if depth > DEPTH:
            raise self._wrong(f"Objects lie deeper than {DEPTH} in each other.")
        match self._peek():
            case "{":
                members: dict[str, Any] = {}
                self._each("}", lambda: self._member(members, depth))
                return members
            case "[":
                items: list[Any] = []
                self._each("]", lambda: items.append(self.value(depth + 1)))
                return items
        if quoted := self._take(_TEXT):
            return _unquoted(quoted)
        if number := self._take(_NUMBER):
            return json.loads(number)
        name = self._take(_NAME)
        if name not in _WORDS:
            raise self._wrong("Here stands something that would have to be computed; write the value itself.")
        return _WORDS[name]

    def _member(self, members: dict[str, Any], depth: int) -> None:
        quoted = self._take(_TEXT)
        name = _unquoted(quoted) if quoted else self._take(_NAME)
        if name is None or not self._took(":"):
            raise self._wrong("Here should stand a name, a colon and a value.")
        members[name] = self.value(depth + 1)

    def _each(self, end: str, read: Callable[[], object]) -> None:
        self._at += 1
        while not self._took(end):
            read()
            if not self._took(",") and self._peek() != end:
                raise self._wrong(f"Here should stand a comma or {end}.")

    def _peek(self) -> str:
        self._at = _after(_SPACE, self._text, self._at)
        return self._text[self._at : self._at + 1]

    def _took(self, sign: str) -> bool:
        there = self._peek() == sign
        self._at += there
        return there

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        self._peek()
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.group()

    def _wrong(self, what: str) -> LiteralError:
        return LiteralError(f"Line {self._text.count(chr(10), 0, self._at) + 1}: {what}")


def _unquoted(quoted: str) -> str:
    text = _ESCAPE.sub(_escaped, quoted[1:-1])
    # Two escapes may be one character: \ud83d\ude00.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escaped(found: re.Match[str]) -> str:
    four, two, several, other = found.groups()
    if number := four or two or several:
        code = int(number, 16)
        return chr(code) if code <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"
    return "" if other in ("\n", "\r\n") else _ESCAPED.get(other, other)
