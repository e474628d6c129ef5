"""The rules of a transport as tests, to run on one of your own.

    from userpool.testing.transport_kit import TransportKit

    class TestMyTransport(TransportKit):
        def make(self):
            return MyTransport()

pytest collects the rules from the subclass; `AsyncTransportKit` does the same for an `AsyncTransport`. They
run against a small server on loopback that breaks its word in every way that has been seen, and take a few
seconds.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from userpool.protocol.errors import DeadlineExceeded, TransportError
from userpool.protocol.http import Request, Response
from userpool.transports.api import AsyncTransport, Transport

from ._misbehaving import MisbehavingServer
from ._rules import expect

DEADLINE = 0.4
"""Seconds that a server which stalls is given."""
SLACK = 3.0
"""Seconds beyond the deadline that a busy machine may need."""
PATIENCE = 20.0
"""Seconds that an exchange which ought to work is given."""
MEMORY = 64 * 1024 * 1024
"""Bytes that a server may have sent before an endless body is given up; most of them wait in the system."""


class _Rules:
    """The rules, whatever the colour; a subclass says how several requests are carried by one transport."""

    __test__ = False

    def carry(self, requests: Sequence[tuple[Request, float]]) -> list[Response | TransportError]:
        """Carry `requests`, each with its deadline, one after the other; errors take the place of
        responses.
        """
        raise AssertionError("use TransportKit or AsyncTransportKit")

    def carry_together(self, requests: Sequence[tuple[Request, float]]) -> list[Response | TransportError]:
        """Carry `requests` at the same time."""
        raise AssertionError("use TransportKit or AsyncTransportKit")

    def _answered(self, server: MisbehavingServer, path: str, body: bytes = b"") -> Response:
        method = "POST" if body else "GET"
        request = Request(method, server.url + path, {"x-amz-target": "Kit.Ping"}, body)
        (outcome,) = self.carry([(request, PATIENCE)])
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome

    def _refused(self, server: MisbehavingServer, path: str, timeout: float = PATIENCE) -> TransportError:
        request = Request("POST", server.url + path, {"x-amz-target": "Kit.Ping"}, b"{}")
        (outcome,) = self.carry([(request, timeout)])
        if isinstance(outcome, Response):
            raise AssertionError(f"{path} was taken for an answer with status {outcome.status}")
        return outcome

    def test_a_request_arrives_as_it_was_and_its_answer_too(self) -> None:
        with MisbehavingServer() as server:
            response = self._answered(server, "/echo?a=%20b", b'{"a": "\xc3\xa9"}')
            said = json.loads(response.body)
        expect(response.status == 200, "the status is the server's")
        expect((said["method"], said["path"]) == ("POST", "/echo?a=%20b"), "method and target are kept")
        expect(bytes.fromhex(said["body"]) == b'{"a": "\xc3\xa9"}', "the body is kept byte for byte")
        expect(said["headers"].get("x-amz-target") == "Kit.Ping", "headers are kept")
        expect("cookie" not in said["headers"], "no cookie is made up")

    def test_header_names_are_lower_case(self) -> None:
        with MisbehavingServer() as server:
            headers = self._answered(server, "/echo").headers
        expect(headers.get("x-amzn-requestid") == "17", "header names are lower case")
        expect(all(name == name.lower() for name in headers), "header names are lower case")
        expect(headers.get("x-twice", "").replace(" ", "") == "a,b", "a header that comes twice is joined")

    def test_a_body_is_bytes(self) -> None:
        with MisbehavingServer() as server:
            expect(self._answered(server, "/bytes").body == bytes(range(256)), "no byte is translated")
            expect(self._answered(server, "/empty").body == b"", "an empty body is empty")
            expect(self._answered(server, "/chunked").body == b"abcde", "chunks are put together")

    def test_a_large_request_is_sent_whole(self) -> None:
        body = bytes(range(256)) * 4096
        with MisbehavingServer() as server:
            self._answered(server, "/empty", body)
            expect(server.seen[-1].body == body, "a request of 1 MiB arrives whole")

    def test_every_status_is_an_answer(self) -> None:
        with MisbehavingServer() as server:
            for status in (400, 403, 429, 500, 503):
                response = self._answered(server, f"/status/{status}")
                expect(response.status == status, f"status {status} is an answer, not an error")
                expect(response.body == b"<html>no</html>", f"the body of status {status} is kept")
            expect(self._answered(server, "/hints").body == b"{}", "an interim response is passed over")

    def test_no_redirect_is_followed(self) -> None:
        with MisbehavingServer() as server:
            for status in (301, 302, 303, 307, 308):
                response = self._answered(server, f"/redirect/{status}", b"secret")
                expect(response.status == status, "a redirect is handed over as it is")
            expect(all(seen.path != "/stolen" for seen in server.seen), "no redirect is followed")

    def test_no_cookie_is_kept(self) -> None:
        with MisbehavingServer() as server:
            requests = [(Request("GET", server.url + path), PATIENCE) for path in ("/cookie", "/echo")]
            self.carry(requests)
            expect("cookie" not in server.seen[-1].headers, "cookies are not sent back")

    def test_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (outcome,) = self.carry([(Request("POST", f"http://127.0.0.1:{port}/", {}, b"{}"), PATIENCE)])
        expect(isinstance(outcome, TransportError), "a refused connection is a TransportError")
        expect(getattr(outcome, "sent", "") == "no", "what was never connected was never sent")

    def test_a_broken_exchange_may_have_been_acted_on_and_is_not_repeated(self) -> None:
        for path in ("/close", "/short", "/cut-chunk", "/reset", "/not-http"):
            with MisbehavingServer() as server:
                failure = self._refused(server, path)
                expect(failure.sent == "maybe", f"{path}: in doubt it may have been sent")
                expect(len(server.seen) == 1, f"{path}: nothing is sent twice")

    def test_more_than_was_announced_is_nobodys_answer(self) -> None:
        with MisbehavingServer() as server:
            requests = [(Request("GET", server.url + path), PATIENCE) for path in ("/surplus", "/echo")]
            first, second = self.carry(requests)
        if isinstance(first, Response):
            expect(first.body == b"{}", "the announced length is the length")
        if isinstance(second, Response):
            expect(second.body.startswith(b'{"method"'), "what was left over is not the next answer")

    def test_a_body_without_end_is_given_up(self) -> None:
        for path in ("/huge", "/endless", "/unbounded"):
            with MisbehavingServer() as server:
                self._refused(server, path)
                expect(server.written < MEMORY, f"{path}: no more is read than the bound")

    def test_a_compressed_lie_is_no_answer(self) -> None:
        for path in ("/bomb", "/not-gzip"):
            with MisbehavingServer() as server:
                self._refused(server, path)

    def test_the_deadline_holds_whatever_the_server_does(self) -> None:
        for path in ("/stall", "/trickle", "/stall-body", "/trickle-body"):
            with MisbehavingServer() as server:
                begun = time.monotonic()
                failure = self._refused(server, path, DEADLINE)
                spent = time.monotonic() - begun
            expect(isinstance(failure, DeadlineExceeded), f"{path}: {type(failure).__name__}, no deadline")
            expect(spent < DEADLINE + SLACK, f"{path}: gave up after {spent:.1f} s instead of {DEADLINE} s")
            expect(failure.sent == "maybe", f"{path}: the request had arrived")

    def test_exchanges_run_side_by_side(self) -> None:
        with MisbehavingServer() as server:
            bodies = [b'{"number": %d}' % number for number in range(8)]
            outcomes = self.carry_together(
                [(Request("POST", server.url + "/pause/0.05", {}, body), PATIENCE) for body in bodies]
            )
        answers = [outcome.body for outcome in outcomes if isinstance(outcome, Response)]
        expect(answers == bodies, "each of several exchanges gets its own answer")

    def test_errors_show_no_secret(self) -> None:
        with MisbehavingServer() as server:
            request = Request(
                "POST",
                server.url + "/close?token=kit-secret",
                {"authorization": "kit-secret"},
                b'"kit-secret"',
            )
            (outcome,) = self.carry([(request, PATIENCE)])
        expect("kit-secret" not in f"{outcome!r} {outcome}", "an error shows no header, body or query")


class TransportKit(_Rules):
    """The rules for a `Transport`: subclass it and give `make`."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__test__ = True

    def make(self) -> Transport:
        """A new transport, which the kit closes."""
        raise AssertionError("give make(): it returns a new transport")

    def carry(self, requests: Sequence[tuple[Request, float]]) -> list[Response | TransportError]:
        """Carry `requests` one after the other."""
        transport = self.make()
        try:
            return [_sent(transport, request, timeout) for request, timeout in requests]
        finally:
            transport.close()

    def carry_together(self, requests: Sequence[tuple[Request, float]]) -> list[Response | TransportError]:
        """Carry `requests` in as many threads."""
        transport = self.make()
        try:
            with ThreadPoolExecutor(len(requests)) as threads:
                return list(threads.map(lambda pair: _sent(transport, *pair), requests))
        finally:
            transport.close()


class AsyncTransportKit(_Rules):
    """The rules for an `AsyncTransport`: subclass it and give `make`."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__test__ = True

    def make(self) -> AsyncTransport:
        """A new transport, which the kit closes."""
        raise AssertionError("give make(): it returns a new transport")

    def carry(self, requests: Sequence[tuple[Request, float]]) -> list[Response | TransportError]:
        """Carry `requests` one after the other, in an event loop of their own."""

        async def all_of_them(transport: AsyncTransport) -> list[Response | TransportError]:
            return [await _asent(transport, request, timeout) for request, timeout in requests]

        return self._run(all_of_them)

    def carry_together(self, requests: Sequence[tuple[Request, float]]) -> list[Response | TransportError]:
        """Carry `requests` in as many tasks."""

        async def all_of_them(transport: AsyncTransport) -> list[Response | TransportError]:
            return list(await asyncio.gather(*(_asent(transport, *pair) for pair in requests)))

        return self._run(all_of_them)

    def _run(self, work: Any) -> list[Response | TransportError]:
        async def whole() -> list[Response | TransportError]:
            transport = self.make()
            try:
                outcomes: list[Response | TransportError] = await work(transport)
                return outcomes
            finally:
                await transport.aclose()

        return asyncio.run(whole())

    def test_cancelling_abandons_the_exchange(self) -> None:
        """A task that is cancelled ends at once."""

        async def cancelled(transport: AsyncTransport, server: MisbehavingServer) -> float:
            task = asyncio.create_task(
                transport.asend(Request("GET", server.url + "/stall"), timeout=PATIENCE)
            )
            await asyncio.to_thread(server.first.wait, PATIENCE)
            begun = time.monotonic()
            task.cancel()
            await asyncio.wait([task])
            expect(task.cancelled() or not task.exception(), "a cancelled exchange is cancelled, not failed")
            return time.monotonic() - begun

        with MisbehavingServer() as server:

            async def one(transport: AsyncTransport) -> list[Any]:
                return [await cancelled(transport, server)]

            (spent,) = self._run(one)
            expect(spent < SLACK, "cancelling does not wait for the server")  # type: ignore[operator] # a float here


def _sent(transport: Transport, request: Request, timeout: float) -> Response | TransportError:
    try:
        return transport.send(request, timeout=timeout)
    except TransportError as failure:
        return failure


async def _asent(transport: AsyncTransport, request: Request, timeout: float) -> Response | TransportError:
    try:
        return await transport.asend(request, timeout=timeout)
    except TransportError as failure:
        return failure
