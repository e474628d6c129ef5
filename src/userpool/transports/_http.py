"""What the two transports over httpx2 share: settings, and the promises that httpx2 does not make by
itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from userpool.protocol.endpoints import is_loopback
from userpool.protocol.errors import DeadlineExceeded, TransportError
from userpool.protocol.http import Request

if TYPE_CHECKING:
    import ssl

    import httpx2


class Settings:
    """What both transports are told, and the TLS context they make of it once."""

    def __init__(
        self,
        proxy: str | None,
        ca: str | os.PathLike[str] | None,
        ssl_context: ssl.SSLContext | None,
        trust_env: bool,
        max_connections: int,
        body_limit: int,
    ) -> None:
        if ca is not None and ssl_context is not None:
            raise TypeError("Give ca= or ssl_context=, not both: load your authorities into the context.")
        self.body_limit = body_limit
        self._proxy = proxy
        self._ca = ca
        self._context = ssl_context
        self._trust_env = trust_env
        self._max_connections = max_connections

    def proxy_for(self, url: str) -> str | None:
        """The proxy that leads to `url`: the one given, else the environment's."""
        if self._proxy is not None or not self._trust_env:
            return self._proxy
        return environment_proxy(url)

    def context(self) -> ssl.SSLContext:
        """The TLS context; certificates and names are always checked unless a context given says
        otherwise.

        Raises `TransportError` where the certificate authorities cannot be loaded.
        """
        if self._context is None:
            try:
                self._context = self._new_context()
            except OSError as error:
                place = "SSL_CERT_FILE or SSL_CERT_DIR" if self._ca is None else os.fspath(self._ca)
                raise TransportError(
                    f"The certificate authorities of {place} cannot be loaded: {error.strerror or error}. "
                    "Name a file or a folder that holds them in PEM form.",
                    sent="no",
                ) from error
        return self._context

    def _new_context(self) -> ssl.SSLContext:
        if self._ca is None:
            from httpx2 import create_ssl_context

            return create_ssl_context(trust_env=self._trust_env)
        import ssl

        folder = os.path.isdir(self._ca)
        return ssl.create_default_context(
            cafile=None if folder else self._ca, capath=self._ca if folder else None
        )

    def transport(self, proxy: str | None) -> dict[str, Any]:
        """The arguments of a transport of httpx2 that goes by `proxy`."""
        from httpx2 import Limits, Proxy

        return {
            "context": self.context(),
            "limits": Limits(max_connections=self._max_connections, keepalive_expiry=5.0),
            "proxy": None if proxy is None else Proxy(proxy),
        }


class Progress:
    """Follows one exchange through httpx2's trace: nothing has left before its first header is written."""

    __slots__ = ("started",)

    def __init__(self) -> None:
        self.started = False

    def note(self, event: str, info: object) -> None:
        """The trace of a blocking exchange."""
        if event.endswith(".send_request_headers.started"):
            self.started = True

    async def anote(self, event: str, info: object) -> None:
        """The trace of an asyncio exchange."""
        self.note(event, info)

    @property
    def sent(self) -> Literal["no", "maybe"]:
        """Whether anything may have arrived."""
        return "maybe" if self.started else "no"


def environment_proxy(url: str) -> str | None:
    """The proxy that the environment names for `url`; for this machine none."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or not _may_have_proxies():
        return None
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _may_have_proxies() -> bool:
    """Whether it is worth asking: Windows and macOS have settings of their own, all others only variables."""
    return sys.platform in ("win32", "darwin") or any(name.lower().endswith("_proxy") for name in os.environ)


def origin_of(url: str) -> str:
    """The part of `url` that an error may name: no user, no path, no query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is none"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def outgoing(request: Request, timeouts: object, trace: object) -> httpx2.Request:
    """`request` for httpx2, built outside of any client, so that none adds cookies or headers of its own.

    An answer is asked for uncompressed: a compressed one has no bound that could be read off its length.
    """
    from httpx2 import InvalidURL
    from httpx2 import Request as Outgoing

    try:
        urlsplit(request.url).port  # noqa: B018 - raises where there can be no such port
        return Outgoing(
            request.method,
            request.url,
            headers={"accept-encoding": "identity", **request.headers},
            content=request.body or None,
            extensions={"timeout": timeouts, "trace": trace},
        )
    except (InvalidURL, ValueError):
        pass
    # Raised here, not above: the cause would show the header or the URL that httpx2 could not take.
    raise TransportError(
        f"The request to {origin_of(request.url)} has a URL or a header that cannot be sent: "
        "headers take ASCII only.",
        sent="no",
    )


def check_head(request: Request, headers: Mapping[str, str], limit: int) -> None:
    """Refuse an answer by its headers: too long, or compressed unasked. Raises `TransportError`."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise TransportError(f"{origin_of(request.url)} sent a compressed answer that was not asked for.")
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > limit):
        raise too_long(request, limit)


def too_long(request: Request, limit: int) -> TransportError:
    """The error for an answer that is longer than `limit` bytes."""
    return TransportError(
        f"The answer of {origin_of(request.url)} is longer than {limit} bytes. Look whether the endpoint is "
        "the right one; body_limit= raises the bound."
    )


def late(request: Request, timeout: float, sent: Literal["no", "maybe"]) -> DeadlineExceeded:
    """The error for an exchange that was not over after `timeout` seconds."""
    return DeadlineExceeded(
        f"{origin_of(request.url)} did not answer in full within {timeout:g} seconds. Try again later, allow "
        "more time, or look at the network in between.",
        sent=sent,
    )


def closed() -> TransportError:
    """The error for a request to a transport that is closed."""
    return TransportError("This transport is closed: make a new one.", sent="no")


def failure_of(error: Exception, request: Request, timeout: float, progress: Progress) -> TransportError:
    """What httpx2's `error` means: did the request leave, and what should one look at."""
    import httpx2

    origin = origin_of(request.url)
    failure: TransportError
    if isinstance(error, httpx2.TimeoutException):
        unsent = isinstance(error, (httpx2.ConnectTimeout, httpx2.PoolTimeout))
        failure = late(request, timeout, "no" if unsent else progress.sent)
    elif isinstance(error, (httpx2.ConnectError, httpx2.ProxyError)):
        failure = TransportError(
            f"No connection to {origin}: {error}. Look at the endpoint, the network, the proxy and, over "
            "TLS, the certificate authorities.",
            sent="no",
        )
    elif isinstance(error, (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol)):
        failure = TransportError(f"The request to {origin} cannot be sent as it is.", sent="no")
    elif isinstance(error, httpx2.RemoteProtocolError):
        # Without the cause: its text quotes the bytes that made no sense, and these may be an answer's.
        return TransportError(
            f"{origin} closed the connection early, or does not speak HTTP.", sent=progress.sent
        )
    else:
        failure = TransportError(
            f"The connection to {origin} broke ({type(error).__name__}).", sent=progress.sent
        )
    failure.__cause__ = error
    return failure


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by their lower-case names; one that came more than once is joined."""
    result: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        result[key] = f"{result[key]}, {value}" if key in result else value
    return result
