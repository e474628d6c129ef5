"""Transports over pyreqwest (`pip install 'userpool[fast]'`): quicker to start, lighter on the processor.

Where they differ from those over httpx2: there is no TLS context of yours, authorities of yours are added to
the system's instead of taking their place, and nothing works in a process forked from one that uses them.
"""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from userpool.protocol.errors import MissingExtra, TransportError
from userpool.protocol.http import Request, Response

from ._http import check_head, closed, environment_proxy, joined, late, origin_of, too_long
from .api import BODY_LIMIT

if TYPE_CHECKING:
    from pyreqwest.client import Client, SyncClient  # noqa: F401 - named in quotes below
    from pyreqwest.exceptions import PyreqwestError

AnyClient = TypeVar("AnyClient")


class _Clients(Generic[AnyClient]):
    """What both transports are told, and the clients that are made of it, one for each proxy in use."""

    _builder: str

    def __init__(
        self,
        *,
        proxy: str | None = None,
        ca: str | os.PathLike[str] | None = None,
        trust_env: bool = True,
        max_connections: int = 100,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        try:
            import pyreqwest  # noqa: F401 - to say at once that it is missing
        except ImportError as error:
            raise MissingExtra("fast", "a transport over pyreqwest") from error
        self._proxy = proxy
        self._authorities = None if ca is None else Path(ca).read_bytes()
        self._trust_env = trust_env
        self._max_connections = max_connections
        self._body_limit = body_limit
        self._guard = threading.Lock()
        self._clients: dict[str | None, AnyClient] = {}
        self._proxies: dict[str, str | None] = {}
        self._closed = False
        self._pid = os.getpid()

    def _prepared(self, request: Request, timeout: float) -> Any:
        """`request` in the hands of the client that leads to its host."""
        if self._closed:
            raise closed()
        if self._pid != os.getpid():
            raise TransportError(
                "pyreqwest does not work after a fork: make the transport in the child, where the parent has "
                "made none, or use HttpTransport.",
                sent="no",
            )
        from pyreqwest.exceptions import PyreqwestError

        try:
            client: Any = self._client_for(request.url)
            prepared = client.request(request.method, request.url).headers(dict(request.headers))
            if request.body:
                prepared = prepared.body_bytes(request.body)
            return prepared.timeout(timedelta(seconds=timeout)).build_streamed()
        except (PyreqwestError, ValueError, TypeError):
            pass
        # Raised here, not above: the cause would show the header or the URL that could not be taken.
        raise _unsendable(request)

    def _client_for(self, url: str) -> AnyClient:
        origin = origin_of(url)
        with self._guard:
            if origin not in self._proxies:
                self._proxies[origin] = self._proxy or (environment_proxy(url) if self._trust_env else None)
            proxy = self._proxies[origin]
            if proxy not in self._clients:
                self._clients[proxy] = self._make(proxy)
            return self._clients[proxy]

    def _make(self, proxy: str | None) -> AnyClient:
        import pyreqwest.client
        from pyreqwest.proxy import ProxyBuilder

        builder: Any = getattr(pyreqwest.client, self._builder)()
        # Compressed answers are not asked for: they have no bound that could be read off their length.
        for plain in (builder.gzip, builder.brotli, builder.zstd, builder.deflate):
            plain(False)
        builder.follow_redirects(False).referer(False).http1_lower_case_headers().no_proxy()
        builder.max_connections(self._max_connections).pool_idle_timeout(timedelta(seconds=5))
        if proxy is not None:
            builder.proxy(ProxyBuilder.all(proxy))
        if self._authorities is not None:
            builder.add_root_certificate_pem(self._authorities)
        client: AnyClient = builder.build()
        return client

    def _failure(self, error: PyreqwestError, request: Request, timeout: float) -> TransportError:
        """What pyreqwest's `error` means. It is not made the cause: its text quotes the whole URL."""
        from pyreqwest.exceptions import BuilderError, RequestTimeoutError

        if isinstance(error, BuilderError):
            return _unsendable(request)
        details = getattr(error, "details", None) or {}
        causes = [str(cause["message"]) for cause in details.get("causes") or ()]
        # The classes of these errors do not tell whether there ever was a connection; their causes do.
        connected = "client error (Connect)" not in causes
        sent: Literal["no", "maybe"] = "maybe" if connected else "no"
        origin = origin_of(request.url)
        if isinstance(error, RequestTimeoutError):
            return late(request, timeout, sent)
        if not connected:
            return TransportError(
                f"No connection to {origin}: {causes[-1]}. Look at the endpoint, the network, the proxy and, "
                "over TLS, the certificate authorities.",
                sent=sent,
            )
        return TransportError(f"The connection to {origin} broke, or what answers is not HTTP.", sent=sent)

    def _take(self, request: Request, body: bytearray, chunk: Any) -> None:
        body += chunk
        if len(body) > self._body_limit:
            raise too_long(request, self._body_limit)


def _unsendable(request: Request) -> TransportError:
    return TransportError(
        f"The request to {origin_of(request.url)} has a URL or a header that cannot be sent.", sent="no"
    )


class ReqwestTransport(_Clients["SyncClient"]):
    """A `Transport` over pyreqwest, for threads.

    Args:
        proxy: the URL of a proxy. Without it the environment decides (`HTTPS_PROXY`, `NO_PROXY`).
        ca: a file of certificate authorities, in PEM form, beside the system's.
        trust_env: `False` leaves the environment's proxies out.
        max_connections: how many exchanges may be under way at once; others wait within their deadline.
        body_limit: the largest response body, in bytes.

    Raises `MissingExtra` where pyreqwest is not installed, `OSError` where `ca` cannot be read.
    """

    _builder = "SyncClientBuilder"

    def send(self, request: Request, *, timeout: float) -> Response:
        """Carry `request`; `timeout` is a deadline in seconds over the whole exchange.

        Raises `TransportError`, `DeadlineExceeded`.
        """
        from pyreqwest.exceptions import PyreqwestError

        try:
            with self._prepared(request, timeout) as response:
                headers = joined(response.headers.items())
                check_head(request, headers, self._body_limit)
                body = bytearray()
                while (chunk := response.body_reader.read_chunk()) is not None:
                    self._take(request, body, chunk)
                return Response(response.status, headers, bytes(body))
        except PyreqwestError as error:
            failure = self._failure(error, request, timeout)
        raise failure

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        with self._guard:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()


class AsyncReqwestTransport(_Clients["Client"]):
    """An `AsyncTransport` over pyreqwest, for asyncio; it serves any number of event loops.

    Args:
        proxy: the URL of a proxy. Without it the environment decides (`HTTPS_PROXY`, `NO_PROXY`).
        ca: a file of certificate authorities, in PEM form, beside the system's.
        trust_env: `False` leaves the environment's proxies out.
        max_connections: how many exchanges may be under way at once; others wait within their deadline.
        body_limit: the largest response body, in bytes.

    Raises `MissingExtra` where pyreqwest is not installed, `OSError` where `ca` cannot be read.
    """

    _builder = "ClientBuilder"

    async def asend(self, request: Request, *, timeout: float) -> Response:
        """Carry `request`; `timeout` is a deadline in seconds over the whole exchange.

        Raises `TransportError`, `DeadlineExceeded`.
        """
        import asyncio  # here, so that a program without an event loop does without

        from pyreqwest.exceptions import PyreqwestError

        prepared = await asyncio.to_thread(self._prepared, request, timeout)
        try:
            async with asyncio.timeout(timeout), prepared as response:
                headers = joined(response.headers.items())
                check_head(request, headers, self._body_limit)
                body = bytearray()
                while (chunk := await response.body_reader.read_chunk()) is not None:
                    self._take(request, body, chunk)
                return Response(response.status, headers, bytes(body))
        except PyreqwestError as error:
            failure = self._failure(error, request, timeout)
        except TimeoutError:
            failure = late(request, timeout, "maybe")
        raise failure

    async def aclose(self) -> None:
        """Close the connections."""
        self._closed = True
        with self._guard:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.close()
