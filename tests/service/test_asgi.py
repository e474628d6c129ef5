"""The ASGI application: what a network may do to the service, without a network."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from userpool.protocol.http import Request, Response
from userpool.protocol.wire import CONTENT_TYPE
from userpool.service.access_sigv4 import AdminAccess
from userpool.service.app import Service
from userpool.service.asgi import Application, Limits
from userpool.service.context import Settings
from userpool.service.keyfile import KeySet
from userpool.service.sealed import SpareKeys

Message = MutableMapping[str, Any]

BODY = b'{"MaxResults": 1}'
HEADERS = [
    (b"Content-Type", CONTENT_TYPE.encode()),
    (b"X-Amz-Target", b"AWSCognitoIdentityProviderService.ListUserPools"),
]


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["__type"])


@contextmanager
def application(limits: Limits | None = None, *, max_body_bytes: int = 1 << 20) -> Iterator[Application]:
    settings = Settings(signed_admin=False, max_body_bytes=max_body_bytes)
    with Service.open(settings=settings) as service:
        made = Application(service, limits)
        yield made
        made.close()


def scope(headers: list[tuple[bytes, bytes]] | None = None, **changes: Any) -> Message:
    return {
        "type": "http",
        "method": "POST",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": HEADERS if headers is None else headers,
        "client": ("192.0.2.1", 4711),
        **changes,
    }


async def ask(app: Application, messages: list[Message], asked: Message | None = None) -> Answer:
    """One request whose body comes as `messages`; afterwards the sender is silent."""
    answer = Answer()
    left = list(messages)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message["body"]

    await app(scope() if asked is None else asked, receive, send)
    return answer


def part(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_request_is_answered() -> None:
    with application() as app:
        answer = asyncio.run(ask(app, [part(BODY[:4], True), part(BODY[4:])]))
    assert answer.status == 200
    assert json.loads(answer.body) == {"UserPools": []}
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["x-amzn-requestid"]


def test_the_service_learns_where_a_request_came_from_and_went_to() -> None:
    seen: list[tuple[Request, str]] = []

    class Spy(Service):
        def answer_quickly(self, request: Request, source_ip: str = "") -> Response | None:
            seen.append((request, source_ip))
            return Response(200)

    with Spy.open() as service:
        app = Application(service)
        asked = scope(
            [(b"X-Thing", b"a"), (b"x-thing", b"b"), (b"X-Text", b"caf\xe9")],
            raw_path=b"/a%20b",
            path="/a b",
            query_string=b"to=x%40y",
            method="GET",
        )
        asyncio.run(ask(app, [part(b"")], asked))
        bare = scope([], client=None)
        del bare["raw_path"]
        asyncio.run(ask(app, [part(b"")], bare))
        app.close()
    request, source_ip = seen[0]
    assert request.url == "/a%20b?to=x%40y"
    assert request.headers == {"x-thing": "a,b", "x-text": "café"}
    assert source_ip == "192.0.2.1"
    assert (seen[1][0].url, seen[1][1]) == ("/", "")


def test_a_head_request_has_no_body() -> None:
    with application() as app:
        answer = asyncio.run(
            ask(app, [part(b"")], scope([], method="HEAD", path="/health", raw_path=b"/health"))
        )
    assert answer.status == 200
    assert answer.body == b""
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize("declared", [str(64 << 20), "-1", "x", "1 2", "٣", "9" * 5000])
def test_a46_a_large_body_is_refused_before_it_is_read(declared: str) -> None:
    headers = [*HEADERS, (b"content-length", declared.encode())]
    with application() as app:
        answer = asyncio.run(ask(app, [], scope(headers)))
    assert answer.status == 413
    assert answer.code == "RequestEntityTooLargeException"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a46_a_body_that_is_too_large_is_read_to_its_end_and_refused() -> None:
    """Were it not read, its sender would find the connection broken and never see why."""
    headers = [*HEADERS, (b"content-length", b"1200")]
    body = [part(bytes(600), True), part(bytes(600))]
    with application(max_body_bytes=1000) as app:
        answer = asyncio.run(ask(app, body, scope(headers)))
    assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException")


def test_a46_a_body_that_does_not_end_is_refused_at_once() -> None:
    limits = Limits(drained_bytes=1000)
    with application(limits, max_body_bytes=1000) as app:
        answer = asyncio.run(ask(app, [part(bytes(900), True)] * 3))
    assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException")


def test_a_slow_body_is_given_up() -> None:
    with application(Limits(request_seconds=0.05)) as app:
        answer = asyncio.run(ask(app, [part(b"{", True)]))
    assert (answer.status, answer.code) == (408, "RequestTimeoutException")


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x", b"y" * 40_000)],
        [(f"x-{number}".encode(), b"y") for number in range(101)],
    ],
)
def test_headers_have_a_limit(headers: list[tuple[bytes, bytes]]) -> None:
    with application() as app:
        answer = asyncio.run(ask(app, [], scope(headers)))
    assert (answer.status, answer.code) == (431, "RequestHeadersTooLargeException")


@pytest.mark.parametrize(
    "name", [b"X-Amz-Target", b"authorization", b"Host", b"content-type", b"x-amz-date", b"content-length"]
)
def test_a51_a_header_that_must_be_one_is_not_two(name: bytes) -> None:
    with application() as app:
        answer = asyncio.run(ask(app, [], scope([(name, b"1"), (name.lower(), b"1")])))
    assert (answer.status, answer.code) == (400, "SerializationException")


def test_a_client_that_goes_away_is_forgotten() -> None:
    with application() as app:
        answer = asyncio.run(ask(app, [part(b"{", True), {"type": "http.disconnect"}]))
    assert answer.status == 0


def test_more_than_can_wait_are_told_to_come_again() -> None:
    begun, finish = threading.Event(), threading.Event()

    class Slow(Service):
        def answer_quickly(self, request: Request, source_ip: str = "") -> Response | None:
            return None

        def handle(self, request: Request, source_ip: str = "") -> Response:
            begun.set()
            finish.wait(10)
            return Response(200)

    async def many(app: Application) -> list[Answer]:
        waiting = [asyncio.create_task(ask(app, [part(BODY)])) for _ in range(2)]
        await asyncio.to_thread(begun.wait, 10)
        refused = await ask(app, [part(BODY)])
        finish.set()
        return [refused, *await asyncio.gather(*waiting)]

    with Slow.open() as service:
        app = Application(service, Limits(threads=1, waiting=1))
        answers = asyncio.run(many(app))
        app.close()
    assert [one.status for one in answers] == [503, 200, 200]
    assert answers[0].code == "ServiceUnavailableException"


def test_only_short_reads_of_a_local_database_are_answered_in_the_event_loop() -> None:
    def asked(target: str, method: str = "POST", path: str = "/") -> Request:
        name = f"AWSCognitoIdentityProviderService.{target}"
        return Request(method, path, {"x-amz-target": name, "content-type": CONTENT_TYPE}, b"{}")

    with Service.open(settings=Settings(development=True)) as service:
        for request in (asked("GetUser"), asked("ListUsers"), asked("", "GET", "/health")):
            assert service.answer_quickly(request) is not None
        for slow in ("SignUp", "InitiateAuth", "RespondToAuthChallenge", "AdminCreateUser", "Nothing"):
            assert service.answer_quickly(asked(slow)) is None
        assert service.answer_quickly(asked("", "GET", "/_userpool/outbox")) is None
        distant = Service(
            service.context,
            AdminAccess(KeySet(), service.context.settings, service.clock),
            service._ring,
            service.clock,
            SpareKeys(),
            local=False,
        )
        assert distant.answer_quickly(asked("GetUser")) is None


def test_it_starts_and_stops_with_its_server() -> None:
    sent: list[str] = []

    async def live(app: Application) -> None:
        messages: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

        async def receive() -> Message:
            return messages.pop(0)

        async def send(message: Message) -> None:
            sent.append(message["type"])

        await app({"type": "lifespan"}, receive, send)

    with application() as app:
        asyncio.run(live(app))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_other_protocols_are_left_alone() -> None:
    with application() as app:
        answer = asyncio.run(ask(app, [], {"type": "websocket"}))
    assert answer.status == 0
