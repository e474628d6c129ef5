"""The transport without a network: it hands the request to an object in the same process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from userpool.protocol.errors import DeadlineExceeded, TransportError
from userpool.protocol.http import Request, Response


class Handler(Protocol):
    """Anything that answers requests, such as the embedded service."""

    def handle(self, request: Request, /) -> Response:
        """Answer `request`, whose URL is in origin form (`/path?query`)."""
        ...


class LoopbackTransport:
    """A `Transport` and an `AsyncTransport` over `handler`, which it shares with whoever else uses it.

    The handler sees what a server sees: the URL without its origin, and the host in the header `host`.
    `timeout` cannot stop a call in the caller's own thread, so `send` waits for the answer; `asend` runs the
    handler in a thread and gives up at the deadline, while the handler goes on to its end.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def send(self, request: Request, *, timeout: float) -> Response:
        """Hand `request` over. Raises `TransportError` where the handler itself fails."""
        origin_form = request.path + (f"?{request.query}" if request.query else "")
        headers = {"host": urlsplit(request.url).netloc, **request.headers}
        try:
            return self._handler.handle(replace(request, url=origin_form, headers=headers))
        except Exception as failure:
            raise TransportError(
                "The handler behind the loopback failed; its own error is the cause."
            ) from failure

    async def asend(self, request: Request, *, timeout: float) -> Response:
        """Hand `request` over in a thread.

        Raises `TransportError`, and `DeadlineExceeded` after `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.to_thread(self.send, request, timeout=timeout)
        except TimeoutError as failure:
            raise DeadlineExceeded(f"No answer over the loopback within {timeout:g} seconds.") from failure

    def close(self) -> None:
        """Nothing to let go of: the handler belongs to whoever made it."""

    async def aclose(self) -> None:
        """Nothing to let go of: the handler belongs to whoever made it."""
