"""Our transports keep the rules of the kit; ones that break a rule are found out by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from userpool.protocol.errors import TransportError
from userpool.protocol.http import Request, Response
from userpool.testing.transport_kit import AsyncTransportKit, TransportKit
from userpool.transports.http import AsyncHttpTransport, HttpTransport
from userpool.transports.loopback import LoopbackTransport


class TestHttpTransport(TransportKit):
    def make(self) -> HttpTransport:
        return HttpTransport()


class TestAsyncHttpTransport(AsyncTransportKit):
    def make(self) -> AsyncHttpTransport:
        return AsyncHttpTransport()


class TestHttpTransportWithClient(TransportKit):
    """A client of the caller's: its headers may outlast the deadline, all else holds."""

    test_the_deadline_holds_whatever_the_server_does = None  # type: ignore[assignment] # see HttpTransport
    client: httpx2.Client

    @pytest.fixture(autouse=True)
    def _client(self) -> Any:
        with httpx2.Client(follow_redirects=True) as self.client:
            yield

    def make(self) -> HttpTransport:
        return HttpTransport(client=self.client)


class Relay:
    """A handler that answers what the server behind it answers, so that the loopback can meet the kit."""

    def __init__(self) -> None:
        self._transport = HttpTransport()

    def handle(self, request: Request) -> Response:
        return self._transport.send(
            replace(request, url=f"http://{request.headers['host']}{request.url}"), timeout=20
        )


class RelayedLoopback(LoopbackTransport):
    def __init__(self) -> None:
        self.relay = Relay()
        super().__init__(self.relay)

    def close(self) -> None:
        self.relay._transport.close()

    async def aclose(self) -> None:
        self.relay._transport.close()


class TestLoopback(TransportKit):
    # Rules about connections, which a loopback has none of.
    test_nobody_listens = None  # type: ignore[assignment]
    test_the_deadline_holds_whatever_the_server_does = None  # type: ignore[assignment]

    def make(self) -> RelayedLoopback:
        return RelayedLoopback()


class TestAsyncLoopback(AsyncTransportKit):
    test_nobody_listens = None  # type: ignore[assignment]
    # It does give up in time, but the handler goes on, and the end of the event loop waits for its thread.
    test_the_deadline_holds_whatever_the_server_does = None  # type: ignore[assignment]
    test_cancelling_abandons_the_exchange = None  # type: ignore[assignment]

    def make(self) -> RelayedLoopback:
        return RelayedLoopback()


# Transports that break a rule


class Careless:
    """A transport as one writes it in five minutes."""

    def __init__(self, **settings: Any) -> None:
        self.client = httpx2.Client(**settings)

    def send(self, request: Request, *, timeout: float) -> Response:
        try:
            response = self.client.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.body,
                timeout=timeout,
            )
        except httpx2.HTTPError as error:
            raise TransportError(f"failed with {request.body!r}", sent="maybe") from error
        return Response(response.status_code, dict(response.headers), response.content)

    def close(self) -> None:
        self.client.close()


class Resending(HttpTransport):
    def send(self, request: Request, *, timeout: float) -> Response:
        try:
            return super().send(request, timeout=timeout)
        except TransportError:
            return super().send(request, timeout=timeout)


class Hasty(HttpTransport):
    def send(self, request: Request, *, timeout: float) -> Response:
        try:
            return super().send(request, timeout=timeout)
        except TransportError as error:
            raise TransportError(str(error), sent="no") from None


class Shouting(HttpTransport):
    def send(self, request: Request, *, timeout: float) -> Response:
        response = super().send(request, timeout=timeout)
        if response.status >= 400:
            raise TransportError("not a good status")
        headers = {name.title(): value for name, value in response.headers.items()}
        return replace(response, headers=headers)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: Careless(follow_redirects=True), "test_no_redirect_is_followed"),
        (Careless, "test_no_cookie_is_kept"),
        (Careless, "test_nobody_listens"),
        (Careless, "test_a_body_without_end_is_given_up"),
        (Careless, "test_a_compressed_lie_is_no_answer"),
        (Careless, "test_the_deadline_holds_whatever_the_server_does"),
        (Careless, "test_errors_show_no_secret"),
        (Resending, "test_a_broken_exchange_may_have_been_acted_on_and_is_not_repeated"),
        (Hasty, "test_a_broken_exchange_may_have_been_acted_on_and_is_not_repeated"),
        (Shouting, "test_header_names_are_lower_case"),
        (Shouting, "test_every_status_is_an_answer"),
    ],
)
def test_the_kit_finds_out_who_breaks_a_rule(
    make: Callable[[], Any], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Kit(TransportKit):
        def make(self) -> Any:
            return make()

    with pytest.raises((AssertionError, TransportError)):
        getattr(Kit(), rule)()


def test_a_kit_without_a_transport_says_what_to_give() -> None:
    for kit in (TransportKit(), AsyncTransportKit()):
        with pytest.raises(AssertionError, match="give make"):
            kit.test_header_names_are_lower_case()
        with pytest.raises(AssertionError, match="give make"):
            kit.make()


def test_a_task_that_ignores_being_cancelled_is_found_out() -> None:
    class Stubborn(AsyncHttpTransport):
        async def asend(self, request: Request, *, timeout: float) -> Response:
            try:
                return await super().asend(request, timeout=timeout)
            except asyncio.CancelledError:
                raise TransportError("cancelled") from None

    class Kit(AsyncTransportKit):
        def make(self) -> Stubborn:
            return Stubborn()

    with pytest.raises(AssertionError, match="cancelled, not failed"):
        Kit().test_cancelling_abandons_the_exchange()
