"""The patterns of the service model are Java's; this matches them with `re`, in linear time.

Two things differ. Java knows Unicode categories (`\\p{L}`), `re` does not: a character outside ASCII is
therefore replaced by one private character a category before the match, and `\\p{L}` by that character and
the ASCII letters. And Java's `.` stops at five line ends, that of `re` at one. `\\w`, `\\d` and `\\s` are
ASCII in both (`re.ASCII`), and a Java match is a whole one (`fullmatch`).

`[x]*{####}[x]*`, where the class holds the literal too, backtracks in quadratic time or worse. Whoever
matches must find the whole text in the class anyway, so the first literal is as good as any later one: the
search for it becomes an atomic group.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from unicodedata import category

Matcher = Callable[[str], bool]

_LINE_ENDS = "\x85\u2028\u2029"
"""Line ends outside ASCII that `.` stops at; they keep their own character."""

_STAND_IN = {letter: chr(0xE000 + place) for place, letter in enumerate("LMSNPZC")}

_RUN = re.compile(r"(\[(?:\\.|[^\]\\])*\])([*+])((?:\\.|[^\[\](){}.*+?|^$\\])+)(?=\1[*+])")
"""A class, repeated, a literal, and the same class again."""

_CLASS_OR_DOT = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\.")


def _members(letter: str) -> str:
    """What stands inside a class of `re` for the Unicode category `letter`."""
    ascii_part = "".join(re.escape(chr(code)) for code in range(128) if category(chr(code))[0] == letter)
    return ascii_part + _STAND_IN[letter] + (_LINE_ENDS[1:] if letter == "Z" else "")


def translate(pattern: str) -> str:
    """The form of a Java `pattern` that `re` takes, for text that `_stand_in` has prepared."""
    dot = "." if pattern.startswith("(?s)") else rf"[^\n\r{_LINE_ENDS}]"

    def replace(found: re.Match[str]) -> str:
        text = found[0]
        if text == ".":
            return dot
        return re.sub(r"\\p\{(\w)\}", lambda part: _members(part[1]), text)

    return _RUN.sub(r"(?>\1\2?\3)", _CLASS_OR_DOT.sub(replace, pattern))


def _stand_in(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        char if char.isascii() or char in _LINE_ENDS else _STAND_IN[category(char)[0]] for char in text
    )


@cache
def matcher(pattern: str) -> Matcher:
    """A function that says whether the whole of a text matches the Java `pattern`."""
    match = re.compile(translate(pattern), re.ASCII).fullmatch
    if r"\p{" in pattern or "." in pattern:
        return lambda text: match(_stand_in(text)) is not None
    return lambda text: match(text) is not None
