"""The transports over pyreqwest keep the same rules."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.canary import assert_hidden
from tests.requires import need_module
from userpool.protocol.errors import DeadlineExceeded, MissingExtra, TransportError
from userpool.protocol.http import Request, Response
from userpool.testing._misbehaving import MisbehavingServer
from userpool.testing.transport_kit import AsyncTransportKit, TransportKit
from userpool.transports.reqwest import AsyncReqwestTransport, ReqwestTransport

need_module("pyreqwest", "pyreqwest is not installed: pip install 'userpool[fast]'")

Send = Callable[..., Response]


class TestReqwestTransport(TransportKit):
    def make(self) -> ReqwestTransport:
        return ReqwestTransport()


class TestAsyncReqwestTransport(AsyncTransportKit):
    def make(self) -> AsyncReqwestTransport:
        return AsyncReqwestTransport()


def send_sync(request: Request, timeout: float = 20.0, **settings: Any) -> Response:
    transport = ReqwestTransport(**settings)
    try:
        return transport.send(request, timeout=timeout)
    finally:
        transport.close()


def send_async(request: Request, timeout: float = 20.0, **settings: Any) -> Response:
    async def main() -> Response:
        transport = AsyncReqwestTransport(**settings)
        try:
            return await transport.asend(request, timeout=timeout)
        finally:
            await transport.aclose()

    return asyncio.run(main())


@pytest.fixture(params=[send_sync, send_async], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    chosen: Send = request.param
    return chosen


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as running:
        yield running


def test_without_it_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyreqwest", None)
    for make in (ReqwestTransport, AsyncReqwestTransport):
        with pytest.raises(MissingExtra, match=r"userpool\[fast\]"):
            make()


def test_an_answer_longer_than_the_limit_is_refused(send: Send, server: MisbehavingServer) -> None:
    assert len(send(Request("GET", server.url + "/bytes"), body_limit=256).body) == 256
    for path, limit in (("/bytes", 255), ("/chunked", 4)):
        with pytest.raises(TransportError, match=f"longer than {limit} bytes"):
            send(Request("GET", server.url + path), body_limit=limit)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "http://127.0.0.1:1/", {"x-bad": "line\r\nx-injected: 1"}),
        Request("GET", "http://127.0.0.1:99999/"),
        Request("GET", "ftp://127.0.0.1/"),
        Request("GET", "/no/origin"),
        Request("BAD METHOD", "http://127.0.0.1:1/"),
    ],
    ids=["newline", "port", "scheme", "origin", "method"],
)
def test_what_cannot_be_sent_is_not_sent(send: Send, request_: Request) -> None:
    with pytest.raises(TransportError) as caught:
        send(request_)
    assert caught.value.sent == "no"
    assert caught.value.__context__ is None


def test_errors_show_no_query(send: Send, server: MisbehavingServer) -> None:
    for url in (server.url + "/short?t=secret-code", "http://127.0.0.1:1/?t=secret-code"):
        with pytest.raises(TransportError) as caught:
            send(Request("POST", url, {"authorization": "secret-code"}, b"secret-code"))
        assert_hidden(caught.value, "secret-code")


def test_a_certificate_nobody_vouches_for_is_refused(send: Send, certificate: Path, authority: Path) -> None:
    from tests.transports.test_http import TlsServer

    with TlsServer(certificate) as tls:
        with pytest.raises(TransportError, match="certificate") as caught:
            send(Request("POST", tls.url + "/echo", {}, b"secret"))
        assert caught.value.sent == "no"
        assert tls.seen == []
        assert send(Request("GET", tls.url + "/echo"), ca=authority).status == 200


def test_proxies(send: Send, server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    send(Request("GET", "http://pool.test/echo"), proxy=server.url)
    monkeypatch.setenv("http_proxy", server.url)
    send(Request("GET", "http://pool.test/echo"))
    send(Request("GET", server.url + "/echo"))
    with pytest.raises(TransportError):
        send(Request("GET", "http://pool.test:1/echo"), timeout=5, trust_env=False)
    assert [seen.path for seen in server.seen] == ["http://pool.test/echo"] * 2 + ["/echo"]


def test_whoever_finds_no_free_connection_waits_within_the_deadline(server: MisbehavingServer) -> None:
    transport = ReqwestTransport(max_connections=1)
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(transport.send, Request("GET", server.url + "/pause/1.0"), timeout=20)
        assert server.first.wait(10)
        with pytest.raises(DeadlineExceeded):
            transport.send(Request("GET", server.url + "/echo"), timeout=0.1)
        assert busy.result().status == 200
    transport.close()
    with pytest.raises(TransportError, match="closed"):
        transport.send(Request("GET", server.url), timeout=1)


def test_one_async_transport_serves_one_loop_after_another(server: MisbehavingServer) -> None:
    transport = AsyncReqwestTransport()

    async def ask() -> int:
        return (await transport.asend(Request("GET", server.url + "/echo"), timeout=20)).status

    assert [asyncio.run(ask()), asyncio.run(ask())] == [200, 200]
    asyncio.run(transport.aclose())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork_it_says_so(server: MisbehavingServer) -> None:
    program = f"""
import os, sys
from userpool.protocol.errors import TransportError
from userpool.protocol.http import Request
from userpool.transports.reqwest import ReqwestTransport
transport = ReqwestTransport()
transport.send(Request("GET", {server.url!r} + "/echo"), timeout=20)
pid = os.fork()
if pid == 0:
    try:
        transport.send(Request("GET", {server.url!r} + "/echo"), timeout=20)
    except TransportError as error:
        os._exit(0 if "after a fork" in str(error) and error.sent == "no" else 1)
    os._exit(2)
_, status = os.waitpid(pid, 0)
transport.close()
sys.exit(os.waitstatus_to_exitcode(status))
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_cancelled_exchanges_are_over(server: MisbehavingServer) -> None:
    async def main() -> None:
        transport = AsyncReqwestTransport()
        task = asyncio.create_task(transport.asend(Request("GET", server.url + "/stall"), timeout=20))
        await asyncio.to_thread(server.first.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await transport.aclose()

    asyncio.run(main())
    assert threading.active_count() < 50
