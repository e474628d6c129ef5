"""The two values that cross every network seam: a request and its response.

A transport carries them, the loopback hands them over in the process, and the service's adapters make and
consume them. Bodies carry secrets, so they never print; neither do headers, where a signature may stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

# Not `urlsplit`: it takes the `//x` of an origin form for a host, drops line ends, and raises on some hosts.
_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    `url` is absolute on its way out of a client (`https://host/path?query`) and in origin form
    (`/path?query`) where a server sees it. Header names are lower case; a header that came more than once is
    joined with `,` by the adapter that read it, except where that would be unsafe (the adapter then refuses).
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        """The path of `url`, never empty."""
        return self._part("path") or "/"

    @property
    def query(self) -> str:
        """The query of `url` without its question mark."""
        return self._part("query")

    def _part(self, name: str) -> str:
        found = _URL.match(self.url)
        return (found and found[name]) or ""

    def at(self, endpoint: str) -> Request:
        """The same request, addressed to `endpoint` (scheme, host, optional path)."""
        return replace(self, url=endpoint.rstrip("/") + self.url)

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """The same request with `headers` (lower-case names) added or replaced."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The value of the header `name` (any case), or `None`."""
        return self.headers.get(name.lower())
