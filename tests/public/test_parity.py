"""Every use case, every row and every known bug has its test."""

from __future__ import annotations

import pytest

from tools import parity

NO_COUNTERPART = {11: "OAuth comes with its own room", 14: "pages of a web framework do, too"}
"""Of Amplify's defects, those of parts that are not here."""


@pytest.mark.parametrize("kind", ["js", "am"])
def test_each_has_a_test_on_both_faces(kind: str) -> None:
    found = {number for one in parity.shown_in(parity.USE_CASES) for number in one.numbers(kind)}
    assert found == set(range(1, parity.LISTS[kind] + 1))
    by_hand = parity.USE_CASES.with_name("test_use_cases_async.py")
    assert [one.name for one in parity.shown_in(by_hand)] == [
        one.name for one in parity.shown_in(parity.USE_CASES)
    ]


@pytest.mark.parametrize("kind", ["bug", "amx"])
def test_each_known_bug_has_a_test_that_we_lack_it(kind: str) -> None:
    found = {number for path in parity.BUGS for one in parity.shown_in(path) for number in one.numbers(kind)}
    wanted = set(range(1, parity.LISTS[kind] + 1))
    assert found == (wanted - NO_COUNTERPART.keys() if kind == "amx" else wanted)


def test_the_calls_of_a_test_are_read_off_its_code() -> None:
    (shown,) = [one for one in parity.shown_in(parity.USE_CASES) if 11 in one.numbers("js")]
    assert shown.title == "change the password"
    assert parity.methods(shown) == ["user.change_password", "pool.sign_in"]
    assert shown.body.startswith("user.change_password(PASSWORD,")
