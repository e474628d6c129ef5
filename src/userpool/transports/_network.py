"""The sockets under httpx2: a deadline over a whole exchange, and nothing left open.

httpx2's time-outs hold for one read or write, so that a server that sends a byte now and then is never given
up. Here every time-out of a blocking socket knows when it ends, and each single wait gets what is left of it.
asyncio needs none of that: there `asyncio.timeout` cancels whatever is under way; but a TLS handshake that is
cancelled must close its socket.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import anyio
import httpcore2
import httpx2


class Deadline(float):
    """A time-out in seconds, counted when it is made, that remembers the moment at which it ends."""

    __slots__ = ("ends",)

    ends: float

    @classmethod
    def at(cls, ends: float) -> Deadline:
        """What is left until `ends`, a time of `time.monotonic()`; never below a millisecond."""
        deadline = cls(max(ends - time.monotonic(), 0.001))
        deadline.ends = ends
        return deadline


class Timeouts:
    """Stands where httpx2 keeps its table of time-outs: whatever is looked up gets all that is left."""

    def __init__(self, ends: float) -> None:
        self._ends = ends

    def get(self, phase: str, default: object = None) -> Deadline:
        """What is left of the deadline."""
        return Deadline.at(self._ends)


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    if not isinstance(timeout, Deadline):
        return timeout
    left = timeout.ends - time.monotonic()
    if left <= 0:
        raise late("the deadline is over")
    return left


class _Stream(httpcore2.NetworkStream):
    """A stream whose every wait is bounded by what is left."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        step = 64 * 1024
        for start in range(0, len(buffer), step):
            self._inner.write(buffer[start : start + step], _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Backend(httpcore2.NetworkBackend):
    """Connects within a deadline: bounds the look-up of the name, and shares the time among addresses."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of `host` that answers."""
        addresses = _addresses(host, port, _left(timeout, httpcore2.ConnectTimeout))
        failure: Exception = httpcore2.ConnectError(f"no address for {host}")
        for tried, address in enumerate(addresses):
            left = _left(timeout, httpcore2.ConnectTimeout)
            share = None if left is None else left / (len(addresses) - tried)
            try:
                return _Stream(self._inner.connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


def _addresses(host: str, port: int, timeout: float | None) -> list[str]:
    """The addresses of `host`. The look-up cannot be interrupted; a late one is left behind in its thread."""
    found: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError(f"{host!r} is no host name"))
        else:
            found.put(list(dict.fromkeys(str(address[0]) for *_, address in answers)))

    try:
        threading.Thread(target=look_up, name="userpool-resolve", daemon=True).start()
    except RuntimeError:  # no thread starts any more while the interpreter ends
        look_up()
    try:
        outcome = found.get(timeout=timeout)
    except queue.Empty:
        raise httpcore2.ConnectTimeout(f"the name {host} was not found in time") from None
    if isinstance(outcome, OSError):
        raise httpcore2.ConnectError(str(outcome)) from outcome
    return outcome


class _AsyncStream(httpcore2.AsyncNetworkStream):
    """A stream that closes its socket when its TLS handshake is cancelled."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncBackend(httpcore2.AsyncNetworkBackend):
    """Connects as httpx2 does in asyncio, with the streams above."""

    def __init__(self) -> None:
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of `host` that answers."""
        return _AsyncStream(await self._inner.connect_tcp(host, port, timeout, local_address, socket_options))


# httpx2 hands no network backend through, so it is set where httpx2 keeps it. The tests notice should that
# attribute ever go: the rules about deadlines fail then, and so does the one about open sockets.


class BlockingTransport(httpx2.HTTPTransport):
    """httpx2's own transport over `Backend`."""

    def __init__(
        self, *, context: ssl.SSLContext, limits: httpx2.Limits, proxy: httpx2.Proxy | None = None
    ) -> None:
        super().__init__(verify=context, trust_env=False, limits=limits, proxy=proxy)
        self._pool._network_backend = Backend()


class AsyncioTransport(httpx2.AsyncHTTPTransport):
    """httpx2's own transport over `AsyncBackend`."""

    def __init__(
        self, *, context: ssl.SSLContext, limits: httpx2.Limits, proxy: httpx2.Proxy | None = None
    ) -> None:
        super().__init__(verify=context, trust_env=False, limits=limits, proxy=proxy)
        self._pool._network_backend = AsyncBackend()
