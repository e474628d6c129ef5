"""Pages: what a page holds, where the next one begins, and what a page's token is good for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

MAX_PAGE = 60
"""Items on a page at most, and where no limit is asked for."""


def page_size(limit: int | None) -> int:
    """How many items a page may have: 0 and nothing at all mean as many as there can be."""
    return min(limit or MAX_PAGE, MAX_PAGE)


def split(rows: Sequence[T], size: int, key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """A page of `size` out of up to `size + 1` rows that were read, and the key behind which the next one
    begins.

    `None` for the key says that this page is the last.
    """
    if len(rows) <= size:
        return rows, None
    page = rows[:size]
    return page, key(page[-1])


def scope(operation: str, *parts: str | None) -> bytes:
    """What a page's token is bound to: the operation and whatever chose the list. It is good for nothing
    else.
    """
    return json.dumps([operation, *parts], separators=(",", ":")).encode()
