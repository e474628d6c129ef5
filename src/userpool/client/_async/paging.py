"""Lists that the service gives page by page, gone through as one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

from userpool.flows.results import Page
from userpool.protocol.errors import ProtocolError

T = TypeVar("T", covariant=True)


class Pages(Protocol[T]):
    """Reads one page; the first one without a token."""

    async def __call__(self, *, next_token: str | None = None) -> Page[T]: ...


async def every(pages: Pages[T]) -> AsyncIterator[T]:
    """Go through all items of all pages; a page is asked for when the one before it is used up.

    Raises:
        ProtocolError: the service gave the same token twice in a row, and would so for ever.
    """
    token: str | None = None
    while True:
        page = await pages(next_token=token)
        for item in page:
            yield item
        if page.next_token is None:
            return
        if page.next_token == token:
            raise ProtocolError("The service gave the same page token again: the list has no end.")
        token = page.next_token
