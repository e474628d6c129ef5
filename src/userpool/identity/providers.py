"""What providers of tokens are called in `Logins`, and where an identity's own tokens come from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from urllib.parse import urlsplit

from userpool.protocol.endpoints import endpoint, parse_pool_id
from userpool.protocol.errors import ParameterError

LoginsSource: TypeAlias = Callable[[], Mapping[str, str]]
"""Gets the tokens of an identity anew, each time when credentials are asked for."""
AsyncLoginsSource: TypeAlias = Callable[[], Awaitable[Mapping[str, str]]]
"""The same for asyncio."""

GUEST = "guest"
"""What the identity of nobody in particular is kept under."""


def user_pool_provider(issuer: str) -> str:
    """What a user pool is called in `Logins`.

    Args:
        issuer: the `iss` of its tokens. Both of AWS's forms come to the name that identity pools are set up
            with, `cognito-idp.{region}.amazonaws.com/{pool id}`; of any other issuer it is what follows the
            scheme.

    Raises:
        ParameterError: it is no issuer.
    """
    parts = urlsplit(issuer)
    if not parts.netloc:
        raise ParameterError("The issuer of these tokens is no address: name the provider yourself.")
    host, pool_id = parts.netloc, parts.path.strip("/")
    if host.startswith(("cognito-idp.", "issuer-cognito-idp.")) and "_" in pool_id:
        region = parse_pool_id(pool_id).region
        return f"{endpoint('cognito-idp', region).removeprefix('https://')}/{pool_id}"
    return host + parts.path.rstrip("/")
