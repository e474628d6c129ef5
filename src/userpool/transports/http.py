"""The default transports, over httpx2: one for threads, one for asyncio. httpx2 is loaded with the first
request.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from userpool.protocol.http import Request, Response

from ._http import (
    Progress,
    Settings,
    check_head,
    closed,
    failure_of,
    joined,
    late,
    origin_of,
    outgoing,
    too_long,
)
from .api import BODY_LIMIT

if TYPE_CHECKING:
    import httpx2

    from ._network import AsyncioTransport, BlockingTransport


class HttpTransport:
    """A `Transport` over httpx2, for threads; it is shared by threads and survives a fork.

    Args:
        client: an `httpx2.Client` of yours; it is used as it is and never closed. Its own transport cannot be
            given the deadline for each single read: there the deadline is checked between reads only, and a
            header that trickles in may outlast it.
        proxy: the URL of a proxy. Without it the environment decides (`HTTPS_PROXY`, `NO_PROXY`).
        ca: a file or folder of certificate authorities, in PEM form, instead of the system's.
        ssl_context: a TLS context of yours, instead of `ca`.
        trust_env: `False` leaves the environment's proxies and authorities (`SSL_CERT_FILE`) out.
        max_connections: how many exchanges may be under way at once; others wait within their deadline.
        body_limit: the largest response body, in bytes.

    Raises `TypeError` where both `ca` and `ssl_context` are given, or settings beside a client.
    """

    def __init__(
        self,
        *,
        client: httpx2.Client | None = None,
        proxy: str | None = None,
        ca: str | os.PathLike[str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        trust_env: bool = True,
        max_connections: int = 100,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        if client is not None and not (proxy is None and ca is None and ssl_context is None):
            raise TypeError("A client of yours brings its own proxy and TLS settings: give those to httpx2.")
        self._settings = Settings(proxy, ca, ssl_context, trust_env, max_connections, body_limit)
        self._given = client
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._transports: dict[str | None, BlockingTransport] = {}
        self._proxies: dict[str, str | None] = {}
        self._pid = os.getpid()

    def send(self, request: Request, *, timeout: float) -> Response:
        """Carry `request`; `timeout` is a deadline in seconds over the whole exchange.

        Raises `TransportError`, `DeadlineExceeded`.
        """
        import httpx2

        from ._network import Timeouts

        ends = time.monotonic() + timeout
        progress = Progress()
        message = outgoing(request, Timeouts(ends), progress.note)
        try:
            response = self._carry(message)
            with contextlib.closing(response):
                headers = joined(response.headers.multi_items())
                check_head(request, headers, self._settings.body_limit)
                body = bytearray()
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > self._settings.body_limit:
                        raise too_long(request, self._settings.body_limit)
                    if time.monotonic() > ends:
                        raise late(request, timeout, "maybe")
                return Response(response.status_code, headers, bytes(body))
        except (httpx2.HTTPError, OSError) as error:
            failure = failure_of(error, request, timeout, progress)
        raise failure

    def close(self) -> None:
        """Close the connections that this transport has made; a client of yours stays open."""
        self._closed = True
        with self._lock:
            transports, self._transports = list(self._transports.values()), {}
        for transport in transports:
            transport.close()

    def _carry(self, message: httpx2.Request) -> httpx2.Response:
        if self._closed:
            raise closed()
        if self._given is not None:
            return self._given.send(message, auth=None, follow_redirects=False, stream=True)
        if self._pid != os.getpid():
            # Born by a fork: lock and sockets are the parent's. They are kept as they are, for closing them
            # would wait for a lock that nobody here holds.
            self._inherited = self._transports
            self._begin()
        return self._transport_for(str(message.url)).handle_request(message)

    def _transport_for(self, url: str) -> BlockingTransport:
        from ._network import BlockingTransport

        origin = origin_of(url)
        with self._lock:
            if origin not in self._proxies:
                self._proxies[origin] = self._settings.proxy_for(url)
            proxy = self._proxies[origin]
            if proxy not in self._transports:
                self._transports[proxy] = BlockingTransport(**self._settings.transport(proxy))
            return self._transports[proxy]


class AsyncHttpTransport:
    """An `AsyncTransport` over httpx2, for asyncio; it serves any number of event loops and survives a fork.

    Args:
        client: an `httpx2.AsyncClient` of yours; it is used as it is and never closed.
        proxy: the URL of a proxy. Without it the environment decides (`HTTPS_PROXY`, `NO_PROXY`).
        ca: a file or folder of certificate authorities, in PEM form, instead of the system's.
        ssl_context: a TLS context of yours, instead of `ca`.
        trust_env: `False` leaves the environment's proxies and authorities (`SSL_CERT_FILE`) out.
        max_connections: how many exchanges may be under way at once; others wait within their deadline.
        body_limit: the largest response body, in bytes.

    Raises `TypeError` where both `ca` and `ssl_context` are given, or settings beside a client.
    """

    def __init__(
        self,
        *,
        client: httpx2.AsyncClient | None = None,
        proxy: str | None = None,
        ca: str | os.PathLike[str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        trust_env: bool = True,
        max_connections: int = 100,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        if client is not None and not (proxy is None and ca is None and ssl_context is None):
            raise TypeError("A client of yours brings its own proxy and TLS settings: give those to httpx2.")
        self._settings = Settings(proxy, ca, ssl_context, trust_env, max_connections, body_limit)
        self._given = client
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._loops: WeakKeyDictionary[Any, dict[str | None, AsyncioTransport]] = WeakKeyDictionary()
        self._proxies: dict[str, str | None] = {}
        self._loaded = False
        self._pid = os.getpid()

    async def asend(self, request: Request, *, timeout: float) -> Response:
        """Carry `request`; `timeout` is a deadline in seconds over the whole exchange.

        Raises `TransportError`, `DeadlineExceeded`.
        """
        progress = Progress()
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(request, timeout, progress)
        except TimeoutError:
            raise late(request, timeout, progress.sent) from None

    async def _exchange(self, request: Request, timeout: float, progress: Progress) -> Response:
        if not self._loaded:
            # Loading httpx2 and the system's authorities takes its time, and would hold the event loop.
            await asyncio.to_thread(self._load)
        import httpx2

        message = outgoing(request, dict.fromkeys(("connect", "read", "write", "pool")), progress.anote)
        try:
            response = await self._carry(message)
            async with contextlib.aclosing(response):
                headers = joined(response.headers.multi_items())
                check_head(request, headers, self._settings.body_limit)
                body = bytearray()
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > self._settings.body_limit:
                        raise too_long(request, self._settings.body_limit)
                return Response(response.status_code, headers, bytes(body))
        except (httpx2.HTTPError, OSError) as error:
            failure = failure_of(error, request, timeout, progress)
        raise failure

    async def aclose(self) -> None:
        """Close the connections that this transport has made in the running loop; a client of yours stays
        open.
        """
        self._closed = True
        with self._lock:
            transports = self._loops.pop(asyncio.get_running_loop(), {})
        for transport in transports.values():
            await transport.aclose()

    def _load(self) -> None:
        from . import _network  # noqa: F401 - loaded for what follows, with httpx2

        if self._given is None:
            with self._lock:
                self._settings.context()
        self._loaded = True

    async def _carry(self, message: httpx2.Request) -> httpx2.Response:
        if self._closed:
            raise closed()
        if self._given is not None:
            return await self._given.send(message, auth=None, follow_redirects=False, stream=True)
        if self._pid != os.getpid():
            self._inherited = self._loops  # kept as they are: the sockets belong to the parent
            self._begin()
        return await self._transport_for(str(message.url)).handle_async_request(message)

    def _transport_for(self, url: str) -> AsyncioTransport:
        from ._network import AsyncioTransport

        origin = origin_of(url)
        loop = asyncio.get_running_loop()
        with self._lock:
            if origin not in self._proxies:
                self._proxies[origin] = self._settings.proxy_for(url)
            proxy = self._proxies[origin]
            if loop not in self._loops:
                for ended in [other for other in self._loops if other.is_closed()]:
                    del self._loops[ended]
                self._loops[loop] = {}
            transports = self._loops[loop]
            if proxy not in transports:
                transports[proxy] = AsyncioTransport(**self._settings.transport(proxy))
            return transports[proxy]
