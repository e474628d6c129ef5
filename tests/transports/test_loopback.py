"""The loopback hands requests over as a server would see them."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from userpool.protocol.errors import DeadlineExceeded, TransportError
from userpool.protocol.http import Request, Response
from userpool.transports.api import AsyncTransport, Transport
from userpool.transports.loopback import LoopbackTransport


class Recorder:
    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.threads: list[threading.Thread] = []

    def handle(self, request: Request) -> Response:
        self.seen.append(request)
        self.threads.append(threading.current_thread())
        return Response(200, {}, request.body)


def test_it_is_a_transport_of_both_colours() -> None:
    transport = LoopbackTransport(Recorder())
    assert isinstance(transport, Transport)
    assert isinstance(transport, AsyncTransport)
    transport.close()
    asyncio.run(transport.aclose())


@pytest.mark.parametrize(
    ("url", "origin_form", "host"),
    [
        ("https://example.com", "/", "example.com"),
        ("https://example.com/", "/", "example.com"),
        ("http://127.0.0.1:9339/pool/.well-known/jwks.json", "/pool/.well-known/jwks.json", "127.0.0.1:9339"),
        ("https://example.com/a%2Fb?c=d&e=%20", "/a%2Fb?c=d&e=%20", "example.com"),
        ("https://example.com?c=d", "/?c=d", "example.com"),
    ],
)
def test_the_handler_sees_what_a_server_sees(url: str, origin_form: str, host: str) -> None:
    handler = Recorder()
    request = Request("POST", url, {"x-amz-target": "Service.Ping"}, b"body")
    assert LoopbackTransport(handler).send(request, timeout=1).body == b"body"
    assert handler.seen == [
        Request("POST", origin_form, {"x-amz-target": "Service.Ping", "host": host}, b"body")
    ]


def test_a_host_that_was_signed_is_kept() -> None:
    handler = Recorder()
    LoopbackTransport(handler).send(Request("GET", "https://example.com/", {"host": "other"}), timeout=1)
    assert handler.seen[0].headers["host"] == "other"


def test_async_requests_leave_the_event_loop() -> None:
    handler = Recorder()

    async def main() -> list[Response]:
        transport = LoopbackTransport(handler)
        sends = [
            transport.asend(Request("GET", "https://e.test/", {}, b"%d" % n), timeout=9) for n in range(4)
        ]
        return await asyncio.gather(*sends)

    assert [response.body for response in asyncio.run(main())] == [b"0", b"1", b"2", b"3"]
    assert threading.main_thread() not in handler.threads


def test_a_handler_that_raises_is_a_failed_exchange() -> None:
    class Broken:
        def handle(self, request: Request) -> Response:
            raise ZeroDivisionError("secret detail")

    with pytest.raises(TransportError, match="handler behind the loopback") as caught:
        LoopbackTransport(Broken()).send(Request("GET", "https://e.test/"), timeout=1)
    assert caught.value.sent == "maybe"
    assert isinstance(caught.value.cause, ZeroDivisionError)
    assert "secret detail" not in str(caught.value)
    with pytest.raises(TransportError):
        asyncio.run(LoopbackTransport(Broken()).asend(Request("GET", "https://e.test/"), timeout=1))


def test_asyncio_gives_up_at_the_deadline() -> None:
    release = threading.Event()

    class Slow:
        def handle(self, request: Request) -> Response:
            release.wait(10)
            return Response(200)

    async def main() -> float:
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded) as caught:
            await LoopbackTransport(Slow()).asend(Request("GET", "https://e.test/"), timeout=0.05)
        assert caught.value.sent == "maybe"
        release.set()
        return time.monotonic() - begun

    assert asyncio.run(main()) < 3
