"""Our transports keep the rules of the kit."""

from __future__ import annotations

from userpool.testing.transport_kit import AsyncTransportKit, TransportKit
from userpool.transports.http import AsyncHttpTransport, HttpTransport


class TestHttpTransport(TransportKit):
    def make(self) -> HttpTransport:
        return HttpTransport()


class TestAsyncHttpTransport(AsyncTransportKit):
    def make(self) -> AsyncHttpTransport:
        return AsyncHttpTransport()
