"""Objects in JavaScript are read as they stand there; nothing is computed."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.client.literals import DEPTH, LiteralError, read_object

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=5), st.booleans(), st.sampled_from([None, 2]))
def test_what_is_json_is_read_as_json(value: dict[str, Any], ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert (
        read_object(f"// WARNING: do not edit\nconst awsmobile = {text};\nexport default awsmobile;\n")
        == value
    )


@given(st.text(alphabet="{}[]:,'\"`\\/*=( \na1$.-", max_size=60))
def test_any_other_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(LiteralError):
        assert isinstance(read_object(text), dict)


READ: dict[str, tuple[str, dict[str, Any]]] = {
    "exported": ("export default {a: 1}", {"a": 1}),
    "of commonjs": ("module.exports = {'a': 'b'};", {"a": "b"}),
    "handed over": (
        'import { Amplify } from "aws-amplify";\nAmplify.configure({a: [1, 2,],});',
        {"a": [1, 2]},
    ),
    "typed": ("const config: Config = {\n  a: { b$: true }, // yes\n} as const;", {"a": {"b$": True}}),
    "after another in a comment": ("/* x = {a: 1} */ x = {a: /* two */ 2}", {"a": 2}),
    "after another in a text": ("y = 'x = {a: 1}'; x = {a: undefined}", {"a": None}),
    "numbers": ("x = {a: -0.5e1, b: 0}", {"a": -5.0, "b": 0}),
    "escapes": (r"x = {a: '\'\x41\u0042\u{43}\n\q\0'}", {"a": "'ABC\nq\0"}),
    "two escapes for one character": (r'x = {a: "\ud83d\ude00"}', {"a": "\N{GRINNING FACE}"}),
    "half a character": (r'x = {a: "\ud83d"}', {"a": "\N{REPLACEMENT CHARACTER}"}),
    "no character at all": (r"x = {a: '\u{110000}'}", {"a": "\N{REPLACEMENT CHARACTER}"}),
    "a text of two lines": ("x = {a: 'b\\\nc'}", {"a": "bc"}),
    "back-ticks": ("x = {a: `b\nc`}", {"a": "b\nc"}),
    "said twice": ("x = {a: 1, a: 2}", {"a": 2}),
}


@pytest.mark.parametrize(("text", "value"), READ.values(), ids=READ)
def test_an_object_is_read(text: str, value: dict[str, Any]) -> None:
    assert read_object(text) == value


REFUSED: dict[str, tuple[str, str]] = {
    "empty": ("", "no object"),
    "no value": ("import { a } from 'b'; function f() { }", "no object"),
    "a variable": ("x = {\n  a: process.env.POOL,\n}", "Line 2: Here stands something that would have to be"),
    "a placeholder": ("x = {a: `${pool}`}", "computed"),
    "a sum": ("x = {a: 'b' + 'c'}", "a comma or }"),
    "hexadecimal": ("x = {a: 0x10}", "computed"),
    "a shorthand": ("x = {a, b}", "a name, a colon and a value"),
    "a spread": ("x = {...other}", "a name, a colon and a value"),
    "not ended": ("x = {a: [1", "a comma or ]"),
    "a text not ended": ("x = {a: 'b}", "computed"),
    "too deep": ("x = {a: " + "[" * (DEPTH + 1), "deeper than 32"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_would_have_to_be_computed_is_refused(text: str, words: str) -> None:
    with pytest.raises(LiteralError) as caught:
        read_object(text)
    assert words in str(caught.value)
