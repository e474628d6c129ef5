"""What conversations end with, where it does more than hold values."""

from __future__ import annotations

from userpool.flows.results import Page


def test_a_page_is_gone_through_like_a_list_and_keeps_its_token_to_itself() -> None:
    page = Page(("a", "b"), next_token="opaque-and-long")
    assert list(page) == ["a", "b"]
    assert len(page) == 2
    assert "opaque" not in repr(page)


def test_an_empty_page_may_have_another_after_it() -> None:
    page: Page[str] = Page(next_token="t")
    assert not page
    assert page.next_token == "t"
