"""The service as an ASGI application: any ASGI server can carry it; `serve` runs one.

The adapter holds what a network may do to a service: how long a request may take to come in, how large its
body and its headers may be, how many wait at once. Operations are plain functions; they run in a bounded pool
of threads.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from userpool.protocol.errors import ServiceError, ServiceUnavailableException
from userpool.protocol.http import Request, Response

from .app import Service

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_SINGLE = frozenset(
    {
        "authorization",
        "content-type",
        "content-length",
        "host",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
    }
)
"""Headers that mean nothing certain when they come twice."""

_LENGTH_DIGITS = 18
"""Digits of a `content-length` that are read: Python refuses to read thousands, with an error."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost before it is understood."""

    request_seconds: float = 30.0
    """From the end of the headers to the end of the body."""
    drained_bytes: int = 8 * 1024 * 1024
    """How much of a body that is too large is read and thrown away, so that its sender hears the answer."""
    header_bytes: int = 32 * 1024
    headers: int = 100
    threads: int = 8
    """Requests that are worked on at once."""
    waiting: int = 512
    """Requests that may wait for a thread; more are told to come again."""


class _Refused(Exception):
    """A request that is not even looked at; `error` says why."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__(error.message)
        self.error = error


class _Gone(Exception):
    """The client went away."""


class Application:
    """The ASGI application over an open service. It does not close the service.

    Args:
        service: answers the requests.
        limits: what a request may cost.
    """

    def __init__(self, service: Service, limits: Limits | None = None) -> None:
        self._service = service
        self._limits = limits or Limits()
        self._threads = ThreadPoolExecutor(self._limits.threads, thread_name_prefix="userpool")
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope (ASGI 3)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            with contextlib.suppress(_Gone):
                await self._serve(scope, receive, send)

    def close(self) -> None:
        """Wait for the requests that are being worked on, and take no more."""
        self._threads.shutdown()

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            headers = self._headers(scope["headers"])
            async with asyncio.timeout(self._limits.request_seconds):
                body = await self._body(headers, receive)
            response = await self._work(scope, headers, body)
        except _Refused as refused:
            response = self._service.refuse(refused.error)
        except TimeoutError:
            response = self._service.refuse(
                _error("RequestTimeoutException", "The request came too slowly.", 408)
            )
        await _answer(response, scope["method"], send)

    def _headers(self, raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        headers: dict[str, str] = {}
        left, most = self._limits.header_bytes, self._limits.headers
        for count, (name_bytes, value_bytes) in enumerate(raw, 1):
            left -= len(name_bytes) + len(value_bytes)
            if count > most or left < 0:
                raise _Refused(_error("RequestHeadersTooLargeException", "The headers are too large.", 431))
            name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
            if name not in headers:
                headers[name] = value
            elif name in _SINGLE:
                raise _Refused(_error("SerializationException", f"The header {name} came twice.", 400))
            else:
                headers[name] += f",{value}"
        return headers

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        limit = self._service.context.settings.max_body_bytes
        declared = headers.get("content-length", "0")
        if (
            not declared.isascii()
            or not declared.isdigit()
            or len(declared) > _LENGTH_DIGITS
            or int(declared) > limit + self._limits.drained_bytes
        ):
            raise _Refused(_too_large(limit))
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            part = message.get("body", b"")
            size += len(part)
            if size > limit + self._limits.drained_bytes:
                raise _Refused(_too_large(limit))
            if size <= limit:
                parts.append(part)
            more = message.get("more_body", False)
        if size > limit:
            raise _Refused(_too_large(limit))
        return b"".join(parts)

    async def _work(self, scope: Scope, headers: dict[str, str], body: bytes) -> Response:
        client = scope.get("client")
        source_ip = client[0] if client else ""
        request = Request(scope["method"], _url(scope), headers, body)
        quick = self._service.answer_quickly(request, source_ip)
        if quick is not None:
            return quick
        if self._under_way >= self._limits.threads + self._limits.waiting:
            raise _Refused(ServiceUnavailableException("The service is busy. Try again in a moment."))
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._service.handle, request, source_ip
            )
        finally:
            self._under_way -= 1


def _url(scope: Scope) -> str:
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string")
    return (f"{path.decode('latin-1')}?{query.decode('latin-1')}") if query else str(path, "latin-1")


async def _answer(response: Response, method: str, send: Send) -> None:
    headers = {**response.headers, "content-length": str(len(response.body))}
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})


def _error(code: str, message: str, status: int) -> ServiceError:
    return ServiceError(message, code=code, status=status)


def _too_large(limit: int) -> ServiceError:
    return _error("RequestEntityTooLargeException", f"A request body has {limit} bytes at most.", 413)
