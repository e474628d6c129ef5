"""What a transport is: one method that carries a request and one that lets go.

A transport of your own needs no base class: two methods of these names suffice, and
`userpool.testing.transport_kit` tells whether it keeps the rules below.
"""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

from userpool.protocol.http import Request, Response

BODY_LIMIT: Final = 4 * 1024 * 1024
"""The largest response body that our transports read, in bytes. Cognito's longest answer is far below."""


@runtime_checkable
class Transport(Protocol):
    """Carries one request to one place and brings its response back; shared by threads.

    - `request.url` is absolute. The request is sent as it stands: no redirect is followed, nothing is sent
      twice, no cookie is kept or sent, no header of the request is changed.
    - The server's certificate and name are checked.
    - The response is read whole, with at most `BODY_LIMIT` bytes (or the transport's own limit) after
      decoding. Header names are lower case. Every status is an answer: a transport judges none.
    - `timeout` is a deadline in seconds over the whole exchange: connecting, writing, waiting and reading the
      last byte of the body. A server that sends one byte a second does not stretch it.
    - The only failure is `userpool.protocol.errors.TransportError`, or its sub-class `DeadlineExceeded`. Its
      `sent` is `"no"` only where the request provably never left whole, so that it may be sent again; in
      doubt it is `"maybe"`.
    """

    def send(self, request: Request, *, timeout: float) -> Response:
        """Carry `request`; `timeout` is a deadline in seconds over the whole exchange.

        Raises `TransportError`, `DeadlineExceeded`.
        """
        ...

    def close(self) -> None:
        """Let go of connections. The maker calls this: a pool never closes a transport given to it."""
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """The rules of `Transport`, for asyncio. Cancelling `asend` abandons the exchange."""

    async def asend(self, request: Request, *, timeout: float) -> Response:
        """Carry `request`; `timeout` is a deadline in seconds over the whole exchange.

        Raises `TransportError`, `DeadlineExceeded`.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections. Whoever made the transport calls this."""
        ...
