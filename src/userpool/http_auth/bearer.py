"""Which requests bear which token, whatever library sends them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from userpool.protocol.endpoints import is_loopback
from userpool.protocol.errors import ParameterError

if TYPE_CHECKING:
    from userpool.flows.grant import Tokens

HEADER: Final = "Authorization"
"""What libraries drop by themselves when they are redirected to another host."""
UNAUTHORIZED: Final = 401
_PORTS: Final = {"http": 80, "https": 443}


class TokenUse(StrEnum):
    """Which token an API asks for."""

    ACCESS = "access"
    """For APIs that look at scopes, groups and client: most of them."""
    ID = "id"
    """For APIs that look at the user's attributes, such as Amazon API Gateway's Cognito authorizers."""


class Bearer:
    """Says which requests get a header, and makes it.

    Args:
        origins: where the API is: `https://api.example.com`, or with a path that requests begin with. One or
            several.
        use: which token.
        scheme: what stands before the token; empty where the API wants the bare token.
        allow_insecure_http: take `http://` origins that are not on this machine.

    Raises:
        ParameterError: an origin cannot be right.
    """

    def __init__(
        self, origins: str | Iterable[str], use: TokenUse | str, scheme: str, *, allow_insecure_http: bool
    ) -> None:
        named = [origins] if isinstance(origins, str) else list(origins)
        if not named:
            raise ParameterError("Name the origin of the API: the token goes to no other.")
        self._origins = [_origin(one, insecure=allow_insecure_http) for one in named]
        self._use = TokenUse(use)
        self._before = f"{scheme} " if scheme else ""

    def bears(self, url: str) -> bool:
        """Whether a request to `url` gets the header."""
        try:
            parts = urlsplit(url)
            place, path = _place(parts), parts.path or "/"
        except ValueError:
            return False  # nobody's address
        return any(place == origin and _inside(path, prefix) for origin, prefix in self._origins)

    def header(self, tokens: Tokens) -> str:
        """The header's value.

        Raises:
            ParameterError: the user has no ID token.
        """
        token = tokens.access_token if self._use is TokenUse.ACCESS else tokens.id_token
        if token is None:
            raise ParameterError("This API asks for the ID token, and the user came without one.")
        return self._before + token


def _origin(text: str, *, insecure: bool) -> tuple[tuple[str, str, int | None], str]:
    try:
        parts = urlsplit(text)
        _ = parts.port  # looked at only when it is asked for
    except ValueError:
        parts = urlsplit("")
    if (
        parts.scheme not in _PORTS
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
    ):
        raise ParameterError(f"{text!r:.80} is no origin: it looks like 'https://api.example.com'.")
    if parts.scheme == "http" and not (insecure or is_loopback(parts.hostname)):
        raise ParameterError(
            f"http://{parts.netloc} would carry tokens in the clear. Use https://, or "
            "allow_insecure_http=True where the network itself is private."
        )
    return _place(parts), parts.path.rstrip("/")


def _place(parts: SplitResult) -> tuple[str, str, int | None]:
    return (
        parts.scheme.lower(),
        (parts.hostname or "").lower(),
        parts.port or _PORTS.get(parts.scheme.lower()),
    )


def _inside(path: str, prefix: str) -> bool:
    # A path that climbs would end elsewhere than it seems.
    return (
        (path == prefix or path.startswith(f"{prefix}/")) and "/.." not in path and "%2e" not in path.lower()
    )
