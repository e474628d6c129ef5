"""Each library with a real connection to an API that wants tokens, and forgets the one it was shown first."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import aiohttp
import httpx
import httpx2
import pytest
import requests

from tests.client.rotating import Rotating
from userpool import AsyncUser, AuthFlow, SessionExpired, SignedIn, User
from userpool.http_auth import aiohttp_middleware, httpx2_auth, httpx_auth, requests_auth
from userpool.testing.scripted import refusal


class Recording(Rotating):
    """A service that remembers the access tokens it gave."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def _tokens(self, origin: str) -> dict[str, str]:
        tokens = super()._tokens(origin)
        self.given.append(tokens["access_token"])
        return tokens


class Api:
    """An API on this machine. It refuses the tokens in `refused`, and redirects `/away` to `elsewhere`."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None, bytes]] = []
        self.refused: set[str | None] = {None}
        self.refuses_all = False
        self.elsewhere = ""
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size + 2)[:-2]
                    self.rfile.readline()
                token = self.headers.get("Authorization")
                api.seen.append((self.path, token, body))
                if self.path == "/away":
                    return self.reply(307, {"Location": f"{api.elsewhere}/there"})
                return self.reply(401 if api.refuses_all or token in api.refused else 200, {})

            do_GET = do_POST

            def reply(self, status: int, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "2"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Whoever hangs up early is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def tokens(self) -> list[str | None]:
        return [token for _, token, _ in self.seen]


@pytest.fixture
def api() -> Iterator[Api]:
    opened = Api()
    yield opened
    opened.close()


@pytest.fixture
def other() -> Iterator[Api]:
    opened = Api()
    yield opened
    opened.close()


class Caller(NamedTuple):
    """One library: `call(url, body)` gives the status."""

    user: Any
    call: Callable[..., int]


def stream() -> Iterator[bytes]:
    yield b"1"
    yield b"2"


async def astream() -> AsyncIterator[bytes]:
    yield b"1"
    yield b"2"


def sync_user(service: Recording) -> User:
    step = service.pool().sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


async def async_user(service: Recording) -> AsyncUser:
    step = await service.async_pool().sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


LIBRARIES = ["httpx", "httpx2", "requests", "httpx-async", "httpx2-async", "aiohttp"]


@pytest.fixture
def service() -> Recording:
    return Recording()


@pytest.fixture(params=LIBRARIES)
def caller(request: pytest.FixtureRequest, service: Recording, api: Api) -> Iterator[Caller]:
    name: str = request.param
    if name == "requests":
        user = sync_user(service)
        with requests.Session() as session:
            session.auth = requests_auth(user, api.url)
            session.trust_env = False
            yield Caller(user, lambda url, body=None: session.post(url, data=body).status_code)
    elif name in ("httpx", "httpx2"):
        user = sync_user(service)
        library: Any = httpx if name == "httpx" else httpx2
        auth: Any = (httpx_auth if name == "httpx" else httpx2_auth)(user, api.url)
        with library.Client(auth=auth, follow_redirects=True, trust_env=False) as client:
            yield Caller(user, lambda url, body=None: int(client.post(url, content=body).status_code))
    else:
        yield from asynchronous(name, service, api)


def asynchronous(name: str, service: Recording, api: Api) -> Iterator[Caller]:
    with asyncio.Runner() as runner:
        user = runner.run(async_user(service))

        async def by_aiohttp(url: str, body: Any) -> int:
            middlewares = [aiohttp_middleware(user, api.url)]
            async with (
                aiohttp.ClientSession(middlewares=middlewares) as session,
                session.post(url, data=body) as response,
            ):
                return response.status

        async def by_httpx(url: str, body: Any) -> int:
            library: Any = httpx if name == "httpx-async" else httpx2
            auth: Any = (httpx_auth if name == "httpx-async" else httpx2_auth)(user, api.url)
            async with library.AsyncClient(auth=auth, follow_redirects=True, trust_env=False) as client:
                return int((await client.post(url, content=body)).status_code)

        way = by_aiohttp if name == "aiohttp" else by_httpx

        def call(url: str, body: Any = None) -> int:
            return runner.run(
                way(url, astream() if body is not None and not isinstance(body, bytes) else body)
            )

        yield Caller(user, call)


def bearing(service: Recording, place: int) -> str:
    return f"Bearer {service.given[place]}"


def test_the_token_goes_along(caller: Caller, api: Api, service: Recording) -> None:
    assert caller.call(f"{api.url}/a", b"body") == 200
    assert api.seen == [("/a", bearing(service, 0), b"body")]


def test_a_401_is_answered_once_with_a_new_token(caller: Caller, api: Api, service: Recording) -> None:
    api.refused.add(bearing(service, 0))
    assert caller.call(f"{api.url}/a", b"body") == 200
    assert api.seen == [("/a", bearing(service, 0), b"body"), ("/a", bearing(service, 1), b"body")]
    assert caller.call(f"{api.url}/b") == 200
    assert api.tokens[2:] == [bearing(service, 1)]


def test_a_second_401_is_the_answer(caller: Caller, api: Api, service: Recording) -> None:
    api.refuses_all = True
    assert caller.call(f"{api.url}/a") == 401
    assert api.tokens == [bearing(service, 0), bearing(service, 1)]


def test_a_body_that_is_a_stream_is_not_sent_twice(caller: Caller, api: Api, service: Recording) -> None:
    api.refused.add(bearing(service, 0))
    assert caller.call(f"{api.url}/a", stream()) == 401
    assert [body for _, _, body in api.seen] == [b"12"]


def test_another_origin_gets_nothing(caller: Caller, api: Api, other: Api) -> None:
    assert caller.call(f"{other.url}/a") == 401
    assert other.tokens == [None]


def test_a_redirect_to_another_origin_takes_no_token_along(caller: Caller, api: Api, other: Api) -> None:
    api.elsewhere = other.url.replace("127.0.0.1", "localhost")
    assert caller.call(f"{api.url}/away") == 401
    assert api.tokens != [None]
    assert other.tokens == [None]


def test_a_session_that_is_over_is_told(caller: Caller, api: Api, service: Recording) -> None:
    api.refused.add(bearing(service, 0))
    service.instead = [refusal("NotAuthorizedException", "Refresh Token has been revoked")]
    with pytest.raises(SessionExpired):
        caller.call(f"{api.url}/a")


def test_threads_that_meet_a_401_refresh_once(service: Recording, api: Api) -> None:
    user = sync_user(service)
    api.refused.add(bearing(service, 0))
    auth = httpx_auth(user, api.url)
    with httpx.Client(auth=auth, trust_env=False) as client:
        threads = [threading.Thread(target=client.get, args=(f"{api.url}/{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(api.tokens) == {bearing(service, 0), bearing(service, 1)}


@pytest.mark.parametrize("make", [httpx_auth, httpx2_auth, requests_auth])
def test_without_a_refresh_token_a_401_is_the_answer(make: Any, service: Recording, api: Api) -> None:
    token = str(sync_user(service).tokens().access_token)
    bare = service.pool().user(access_token=token)
    auth = make(bare, api.url)
    assert token not in repr(auth)
    api.refused.add(f"Bearer {token}")
    client: Any = {httpx_auth: httpx, httpx2_auth: httpx2, requests_auth: requests}[make]
    assert client.get(f"{api.url}/a", auth=auth).status_code == 401
    assert len(api.seen) == 1
    assert json.dumps(api.tokens).count(token) == 1
