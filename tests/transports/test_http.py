"""What the httpx2 transports do beyond the rules that the kit checks."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.canary import assert_hidden, canary, watch
from userpool.protocol.errors import DeadlineExceeded, TransportError
from userpool.protocol.http import Request, Response
from userpool.testing._misbehaving import MisbehavingServer
from userpool.transports.http import AsyncHttpTransport, HttpTransport

Send = Callable[..., Response]


def send_sync(request: Request, timeout: float = 20.0, **settings: Any) -> Response:
    transport = HttpTransport(**settings)
    try:
        return transport.send(request, timeout=timeout)
    finally:
        transport.close()


def send_async(request: Request, timeout: float = 20.0, **settings: Any) -> Response:
    async def main() -> Response:
        transport = AsyncHttpTransport(**settings)
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


def test_httpx2_is_loaded_with_the_first_request_only() -> None:
    program = """
import sys
from userpool.transports.http import AsyncHttpTransport, HttpTransport
transport = HttpTransport(), AsyncHttpTransport()
loaded = {"httpx2", "httpcore2", "msgspec", "cryptography"} & set(sys.modules)
sys.exit(f"loaded: {loaded}" if loaded else 0)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_an_answer_longer_than_the_limit_is_refused(send: Send, server: MisbehavingServer) -> None:
    at_the_limit = send(Request("GET", server.url + "/bytes"), body_limit=256)
    assert len(at_the_limit.body) == 256
    with pytest.raises(TransportError, match="longer than 255 bytes"):
        send(Request("GET", server.url + "/bytes"), body_limit=255)
    with pytest.raises(TransportError, match="longer than 4 bytes"):
        send(Request("GET", server.url + "/chunked"), body_limit=4)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "http://127.0.0.1:1/", {"x-bad": "line\r\nx-injected: 1"}),
        Request("GET", "http://127.0.0.1:1/", {"x-bad": "café"}),
        Request("GET", "http://127.0.0.1:99999/"),
        Request("GET", "ftp://127.0.0.1/"),
        Request("GET", "/no/origin"),
        Request("GET", "http://[127.0.0.1/"),
    ],
    ids=["newline", "not-ascii", "port", "scheme", "origin", "bracket"],
)
def test_what_cannot_be_sent_is_not_sent(send: Send, request_: Request) -> None:
    with pytest.raises(TransportError) as caught:
        send(request_)
    assert caught.value.sent == "no"


def test_a_header_with_a_newline_never_arrives(send: Send, server: MisbehavingServer) -> None:
    with pytest.raises(TransportError) as caught:
        send(Request("GET", server.url + "/echo", {"x-bad": "line\r\nx-injected: 1"}))
    assert caught.value.sent == "no"
    assert server.seen == []


def test_a_closed_transport_says_so() -> None:
    transport = HttpTransport()
    transport.close()
    with pytest.raises(TransportError, match="closed"):
        transport.send(Request("GET", "http://127.0.0.1:1/"), timeout=1)

    async def main() -> None:
        closed = AsyncHttpTransport()
        await closed.aclose()
        with pytest.raises(TransportError, match="closed"):
            await closed.asend(Request("GET", "http://127.0.0.1:1/"), timeout=1)

    asyncio.run(main())


def test_ca_and_context_exclude_each_other() -> None:
    for make in (HttpTransport, AsyncHttpTransport):
        with pytest.raises(TypeError, match="not both"):
            make(ca="ca.pem", ssl_context=ssl.create_default_context())


def test_secrets_stay_out_of_errors_and_logs(send: Send, server: MisbehavingServer) -> None:
    secret = canary().encode().hex()
    request = Request(
        "POST", f"{server.url}/short?code={secret}", {"authorization": secret}, f'"{secret}"'.encode()
    )
    with watch(secret) as lines, pytest.raises(TransportError) as caught:
        send(request)
    assert_hidden(caught.value, secret)
    assert lines == [] or not any(secret in text for _, text in lines)
    assert_hidden(HttpTransport(proxy=f"http://user:{secret}@127.0.0.1:1"), secret)


def test_bytes_that_make_no_sense_are_not_quoted(send: Send, server: MisbehavingServer) -> None:
    with pytest.raises(TransportError) as caught:
        send(Request("GET", server.url + "/not-http"))
    assert caught.value.cause is None
    assert caught.value.__context__ is None
    assert "ESMTP" not in str(caught.value)


# A client of yours


def test_a_client_of_yours_is_used_as_it_is_and_stays_open(server: MisbehavingServer) -> None:
    with httpx2.Client(
        headers={"x-mine": "1"}, cookies={"track": "me"}, auth=("ada", "secret"), follow_redirects=True
    ) as client:
        transport = HttpTransport(client=client)
        said = json.loads(transport.send(Request("GET", server.url + "/echo"), timeout=20).body)
        assert transport.send(Request("GET", server.url + "/redirect/302"), timeout=20).status == 302
        transport.close()
        assert not client.is_closed
    assert {"x-mine", "cookie", "authorization"}.isdisjoint(said["headers"])


def test_an_async_client_of_yours_is_used_as_it_is_and_stays_open(server: MisbehavingServer) -> None:
    async def main() -> dict[str, Any]:
        async with httpx2.AsyncClient(headers={"x-mine": "1"}, cookies={"track": "me"}) as client:
            transport = AsyncHttpTransport(client=client)
            said: dict[str, Any] = json.loads(
                (await transport.asend(Request("GET", server.url + "/echo"), timeout=20)).body
            )
            await transport.aclose()
            assert not client.is_closed
            return said

    assert {"x-mine", "cookie"}.isdisjoint(asyncio.run(main())["headers"])


@pytest.mark.parametrize("path", ["/stall", "/stall-body", "/trickle-body"])
def test_a_client_of_yours_keeps_the_deadline_too(server: MisbehavingServer, path: str) -> None:
    with httpx2.Client() as client:
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            HttpTransport(client=client).send(Request("GET", server.url + path), timeout=0.3)
        assert time.monotonic() - begun < 3


def test_a_client_of_yours_brings_its_own_settings() -> None:
    with httpx2.Client() as client, pytest.raises(TypeError, match="own proxy and TLS"):
        HttpTransport(client=client, proxy="http://127.0.0.1:1")
    with pytest.raises(TypeError, match="own proxy and TLS"):
        AsyncHttpTransport(client=httpx2.AsyncClient(), ca="ca.pem")


def test_any_failure_of_a_client_of_yours_is_a_transport_error(server: MisbehavingServer) -> None:
    def reset(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadError("reset")

    with httpx2.Client(transport=httpx2.MockTransport(reset)) as client:
        with pytest.raises(TransportError, match=r"broke \(ReadError\)") as caught:
            HttpTransport(client=client).send(Request("GET", server.url), timeout=20)
        assert isinstance(caught.value.cause, httpx2.ReadError)


# Connections


def test_a_connection_is_used_again(server: MisbehavingServer) -> None:
    transport = HttpTransport()
    for _ in range(3):
        transport.send(Request("GET", server.url + "/echo"), timeout=20)
    assert len(server._connections) == 1
    transport.close()


def test_whoever_finds_no_free_connection_waits_within_the_deadline(server: MisbehavingServer) -> None:
    transport = HttpTransport(max_connections=1)
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(transport.send, Request("GET", server.url + "/pause/1.0"), timeout=20)
        assert server.first.wait(10)
        with pytest.raises(DeadlineExceeded) as caught:
            transport.send(Request("GET", server.url + "/echo"), timeout=0.1)
        assert caught.value.sent == "no"
        assert busy.result().status == 200
    transport.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops what does not fit a full backlog")
def test_a_host_that_swallows_connections_is_given_up_unsent(send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = []
        for _ in range(4):
            stuck = socket.socket()
            stuck.setblocking(False)
            stuck.connect_ex(("127.0.0.1", port))
            waiting.append(stuck)
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded) as caught:
            send(Request("GET", f"http://127.0.0.1:{port}/"), timeout=0.3)
        for stuck in waiting:
            stuck.close()
    assert caught.value.sent == "no"
    assert time.monotonic() - begun < 3


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def look_up(host: object, port: int, *_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch, server: MisbehavingServer) -> None:
    resolve_to(monkeypatch, "127.1.2.3", "127.0.0.1")
    port = server.url.rpartition(":")[2]
    response = send_sync(Request("GET", f"http://pool.test:{port}/echo"), trust_env=False)
    assert json.loads(response.body)["headers"]["host"] == f"pool.test:{port}"


def test_a_name_that_nobody_knows_is_unsent(monkeypatch: pytest.MonkeyPatch, send: Send) -> None:
    def unknown(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(TransportError, match="Name or service not known") as caught:
        send(Request("GET", "http://nowhere.test/"), trust_env=False)
    assert caught.value.sent == "no"
    assert not isinstance(caught.value, DeadlineExceeded)


def test_a_name_server_that_stalls_does_not_outlast_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def slow(*_: object, **__: object) -> list[Any]:
        answered.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        send_sync(Request("GET", "http://slow.test/"), timeout=0.2, trust_env=False)
    answered.set()
    assert caught.value.sent == "no"
    assert time.monotonic() - begun < 3


def test_a_host_without_addresses_is_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch)
    with pytest.raises(TransportError, match=r"no address for empty\.test") as caught:
        send_sync(Request("GET", "http://empty.test/"), trust_env=False)
    assert caught.value.sent == "no"


def test_no_thread_is_needed_to_find_a_name_while_the_interpreter_ends(
    monkeypatch: pytest.MonkeyPatch, server: MisbehavingServer
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "userpool-resolve":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert send_sync(Request("GET", server.url + "/echo")).status == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_makes_connections_of_its_own(server: MisbehavingServer) -> None:
    program = f"""
import asyncio, os, sys
from userpool.protocol.http import Request
from userpool.transports.http import AsyncHttpTransport, HttpTransport

ask = Request("GET", {server.url!r} + "/echo")
transport, other = HttpTransport(), AsyncHttpTransport()
transport.send(ask, timeout=20)

async def once():
    response = await other.asend(ask, timeout=20)
    return response.status

assert asyncio.run(once()) == 200
transport._lock.acquire()      # as if another thread were at work
pid = os.fork()
if pid == 0:
    first, second = transport.send(ask, timeout=20), transport.send(ask, timeout=20)
    os._exit(0 if first.status == second.status == asyncio.run(once()) == 200 else 1)
_, status = os.waitpid(pid, 0)
transport._lock.release()
assert transport.send(ask, timeout=20).status == 200
sys.exit(os.waitstatus_to_exitcode(status))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)
    # One for the parent's thread and its loop, the same again for the child.
    assert len(server._connections) == 4


def test_one_async_transport_serves_one_loop_after_another(server: MisbehavingServer) -> None:
    transport = AsyncHttpTransport()

    async def ask() -> int:
        return (await transport.asend(Request("GET", server.url + "/echo"), timeout=20)).status

    with asyncio.Runner() as first, asyncio.Runner() as second:
        assert [first.run(ask()), second.run(ask()), first.run(ask())] == [200, 200, 200]
        second.run(transport.aclose())
        first.run(transport.aclose())


def test_clients_of_ended_loops_are_let_go(server: MisbehavingServer) -> None:
    transport = AsyncHttpTransport()

    async def ask() -> None:
        await transport.asend(Request("GET", server.url + "/status/200", {"connection": "close"}), timeout=20)

    for _ in range(3):
        asyncio.run(ask())
    assert len(transport._loops) <= 1


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_loops_that_ended_without_closing_are_let_go_with_their_connections(
    server: MisbehavingServer,
) -> None:
    transport = AsyncHttpTransport()

    async def ask() -> None:
        await transport.asend(Request("GET", server.url + "/echo"), timeout=20)

    for _ in range(3):
        asyncio.run(ask())
    assert len(transport._loops) == 1
    transport._loops.clear()
    gc.collect()


def test_a_wait_gets_what_is_left_of_its_deadline() -> None:
    from userpool.transports._network import Deadline, Timeouts, _left

    assert _left(None, TimeoutError) is None
    assert _left(1.5, TimeoutError) == 1.5
    left = _left(Timeouts(time.monotonic() + 60).get("read"), TimeoutError)
    assert left is not None
    assert 50 < left <= 60
    over = Deadline.at(time.monotonic() - 1)
    assert over == 0.001
    with pytest.raises(TimeoutError):
        _left(over, TimeoutError)


# Proxies


def test_a_proxy_given_is_used(send: Send, server: MisbehavingServer) -> None:
    send(Request("GET", "http://pool.test/echo"), proxy=server.url)
    assert server.seen[0].path == "http://pool.test/echo"


def test_a_proxy_that_refuses_leaves_the_request_unsent(send: Send, server: MisbehavingServer) -> None:
    with pytest.raises(TransportError) as caught:
        send(Request("POST", "https://pool.test/", {}, b"secret"), proxy=server.url)
    assert caught.value.sent == "no" or b"secret" not in server.seen[0].body
    assert server.seen[0].method == "CONNECT"


def test_the_environment_names_a_proxy(
    send: Send, server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    send(Request("GET", "http://pool.test/echo"))
    send(Request("GET", server.url + "/echo"))
    assert [seen.path for seen in server.seen] == ["http://pool.test/echo", "/echo"]
    monkeypatch.delenv("http_proxy")
    monkeypatch.setenv("all_proxy", server.url)
    send(Request("GET", "http://pool.test/echo"))
    assert server.seen[2].path == "http://pool.test/echo"
    monkeypatch.setenv("no_proxy", "pool.test")
    with pytest.raises(TransportError):
        send(Request("GET", "http://pool.test:1/echo"), timeout=5)
    monkeypatch.delenv("no_proxy")
    with pytest.raises(TransportError):
        send(Request("GET", "http://pool.test:1/echo"), timeout=5, trust_env=False)
    assert len(server.seen) == 3


# TLS


class TlsServer(MisbehavingServer):
    def __init__(self, certificate: Path) -> None:
        super().__init__()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._context = context
        self.url = self.url.replace("http:", "https:")

    def _serve(self, connection: socket.socket) -> None:
        try:
            secure = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
        else:
            super()._serve(secure)


@pytest.fixture
def tls(certificate: Path) -> Iterator[TlsServer]:
    running = TlsServer(certificate)
    with running:
        yield running


def test_a_certificate_nobody_vouches_for_is_refused(send: Send, tls: TlsServer) -> None:
    with pytest.raises(TransportError, match="certificate") as caught:
        send(Request("POST", tls.url + "/echo", {}, b"secret"))
    assert caught.value.sent == "no"
    assert tls.seen == []


def test_an_authority_of_your_own_vouches(send: Send, tls: TlsServer, authority: Path) -> None:
    assert send(Request("GET", tls.url + "/echo"), ca=authority).status == 200
    context = ssl.create_default_context(cafile=authority)
    assert send(Request("GET", tls.url + "/echo"), ssl_context=context).status == 200


def test_authorities_that_cannot_be_loaded(send: Send, tmp_path: Path) -> None:
    garbled = tmp_path / "garbled.pem"
    garbled.write_text("no certificate")
    for ca in (tmp_path / "absent.pem", garbled):
        with pytest.raises(
            TransportError, match=r"authorities of .*\.pem cannot be loaded: .* PEM"
        ) as caught:
            send(Request("GET", "https://127.0.0.1:1/"), ca=ca)
        assert caught.value.sent == "no"


def test_authorities_of_the_environment_that_cannot_be_loaded(
    send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garbled = tmp_path / "garbled.pem"
    garbled.write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(garbled))
    with pytest.raises(TransportError, match="SSL_CERT_FILE"):
        send(Request("GET", "https://127.0.0.1:1/"))


def test_a_folder_of_authorities_is_taken(
    send: Send, tls: TlsServer, certificate: Path, tmp_path: Path
) -> None:
    with pytest.raises(TransportError, match="certificate"):
        send(Request("GET", tls.url + "/echo"), ca=tmp_path)


def test_a_certificate_for_another_name_is_refused(send: Send, tls: TlsServer, authority: Path) -> None:
    with pytest.raises(TransportError, match=r"(?i)certificate|hostname") as caught:
        send(Request("GET", tls.url.replace("127.0.0.1", "localhost") + "/echo"), ca=authority)
    assert caught.value.sent == "no"
    assert tls.seen == []


def test_a_handshake_that_stalls_is_given_up_unsent(send: Send, authority: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded) as caught:
            send(Request("GET", f"https://127.0.0.1:{silent.getsockname()[1]}/"), timeout=0.3, ca=authority)
    assert caught.value.sent == "no"
    assert time.monotonic() - begun < 3


def test_a_deadline_holds_under_tls(send: Send, tls: TlsServer, authority: Path) -> None:
    for path in ("/trickle", "/trickle-body", "/stall"):
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            send(Request("GET", tls.url + path), timeout=0.4, ca=authority)
        assert time.monotonic() - begun < 3
