"""Java's patterns on Python's `re`: the same language, and no text that makes them slow."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.protocol.contract_values import tables
from userpool.protocol._patterns import matcher, translate

PATTERNS = sorted(
    {
        rule["pattern"]
        for service in ("idp", "identity")
        for rule in tables(service)[1].values()
        if "pattern" in rule
    }
)
VISIBLE = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"
INVITATION = r"[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*\{####\}[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*"
LINK = next(pattern for pattern in PATTERNS if pattern.count("##") == 2 and "####" not in pattern)
EMAIL = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+@[\p{L}\p{M}\p{S}\p{N}\p{P}]+"


def test_every_pattern_of_the_model_is_translated() -> None:
    assert len(PATTERNS) > 45
    for pattern in PATTERNS:
        assert r"\p" not in translate(pattern)
        matcher(pattern)


@given(st.text())
@example("é\u0301\U0001f600٣«")
@example("a\u2028b")
@example("\ue000")
def test_categories_are_those_of_unicode(text: str) -> None:
    wanted = bool(text) and all(unicodedata.category(char)[0] in "LMSNP" for char in text)
    assert matcher(VISIBLE)(text) is wanted


@given(st.text())
@example("\u2028")
@example("a\u00a0b")
def test_separators_are_a_category_too(text: str) -> None:
    wanted = bool(text) and all(unicodedata.category(char)[0] in "LMSNPZ" for char in text)
    assert matcher(r"[\p{L}\p{M}\p{S}\p{N}\p{P}\p{Z}]+")(text) is wanted


@given(st.text(st.sampled_from("a_ é\u2028\u00a0\u0085"), max_size=6))
def test_a_negated_category(text: str) -> None:
    def outside(char: str) -> bool:
        return char != "_" and unicodedata.category(char)[0] != "Z"

    visible = len(text) >= 3 and unicodedata.category(text[1])[0] in "LMSNP"
    wanted = visible and outside(text[0]) and all(map(outside, text[2:]))
    assert matcher(r"[^_\p{Z}][\p{L}\p{M}\p{S}\p{N}\p{P}][^_\p{Z}]+")(text) is wanted


@given(st.text(st.sampled_from("a{#}@é \n\0*"), max_size=14))
@example("{####}")
@example("{###{####}}")
@example("{##a{##b##}c##}")
@example("{####}{##}")
def test_making_a_pattern_linear_changes_nothing(text: str) -> None:
    def inside(part: str) -> bool:
        return all(unicodedata.category(char)[0] in "LMSNP" or char in " \t\n\x0b\f\r*" for char in part)

    assert matcher(INVITATION)(text) is (inside(text) and "{####}" in text)
    first = text.find("{##")
    assert matcher(LINK)(text) is (inside(text) and first >= 0 and "##}" in text[first + 3 :])
    visible = bool(text) and all(unicodedata.category(char)[0] in "LMSNP" for char in text)
    assert matcher(EMAIL)(text) is (visible and "@" in text[1:-1])


@given(st.text(st.sampled_from("a{#}\n\r\u0085\u2028\u2029é"), max_size=12))
def test_a_dot_stops_at_the_line_ends_of_java(text: str) -> None:
    lines = any(end in text for end in "\n\r\u0085\u2028\u2029")
    assert matcher(r".*\{####\}.*")(text) is ("{####}" in text and not lines)
    assert matcher("(?s).*")(text)


@given(st.text(st.characters(max_codepoint=0x2FF), max_size=8))
def test_word_space_and_digit_are_ascii(text: str) -> None:
    assert matcher(r"[\w-]+_[0-9a-zA-Z]+")(text) is bool(re.fullmatch("[A-Za-z0-9_-]+_[0-9a-zA-Z]+", text))
    assert matcher(r"\d+")(text) is bool(re.fullmatch("[0-9]+", text))
    assert matcher(r"[\S]+")(text) is bool(re.fullmatch("[^ \\t\\n\\x0b\\f\\r]+", text))


def test_the_whole_text_must_match() -> None:
    assert matcher(r"[\w+]+")("abc")
    assert not matcher(r"[\w+]+")("abc\n")
    assert not matcher("^(terms-of-use|privacy-policy)$")("terms-of-use\n")
    assert matcher(r"[\w-]+_[0-9a-f-]+")("us-east_1_0a-b")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_text_makes_a_pattern_slow(pattern: str) -> None:
    # Linear work ends at once; quadratic work on these lengths would take minutes, and the suite with it.
    size = 60_000
    for part in ("a", "1", "{####}", "{##", "##}", "{##a##}", "@", "arn:a", ":", "é", " ", "-_", "a_", "="):
        text = (part * size)[:size]
        for candidate in (text, text + "\0", "{##" + text + "\0", "arn:a:" + text + "\n"):
            assert matcher(pattern)(candidate) in (True, False)
