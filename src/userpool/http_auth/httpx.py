"""For httpx2 and httpx, which have the same interface."""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator, Generator, Iterable
from typing import TYPE_CHECKING, Any, cast

from .bearer import HEADER, UNAUTHORIZED, Bearer, TokenUse

if TYPE_CHECKING:
    import httpx
    import httpx2

    from userpool.client._async.user import AsyncUser
    from userpool.client._sync.user import User
    from userpool.flows.grant import Tokens


def httpx_auth(
    user: User | AsyncUser,
    origins: str | Iterable[str],
    *,
    use: TokenUse | str = TokenUse.ACCESS,
    scheme: str = "Bearer",
    allow_insecure_http: bool = False,
) -> httpx.Auth:
    """An `auth=` for httpx: with a `User` for `httpx.Client`, with an `AsyncUser` for `httpx.AsyncClient`.

    A request whose body is a stream, which cannot be sent again, is not repeated after a 401.

    Args:
        user: signed in.
        origins: where the API is, such as `https://api.example.com`, or with a path that requests begin with.
        use: which token.
        scheme: what stands before the token; empty where the API wants the bare token.
        allow_insecure_http: take `http://` origins that are not on this machine.

    Raises:
        ParameterError: an origin cannot be right.
        ImportError: httpx is not installed.
    """
    bearer = Bearer(origins, use, scheme, allow_insecure_http=allow_insecure_http)
    return cast("httpx.Auth", _auth("httpx", user, bearer))


def httpx2_auth(
    user: User | AsyncUser,
    origins: str | Iterable[str],
    *,
    use: TokenUse | str = TokenUse.ACCESS,
    scheme: str = "Bearer",
    allow_insecure_http: bool = False,
) -> httpx2.Auth:
    """As `httpx_auth`, for httpx2."""
    bearer = Bearer(origins, use, scheme, allow_insecure_http=allow_insecure_http)
    return cast("httpx2.Auth", _auth("httpx2", user, bearer))


def _auth(name: str, user: Any, bearer: Bearer) -> object:
    library = importlib.import_module(name)

    class UserAuth(library.Auth):  # type: ignore[misc, name-defined]  # of whichever library is meant
        def __repr__(self) -> str:
            return f"<UserAuth of {user!r}>"

        def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
            if not bearer.bears(str(request.url)):
                yield request
                return
            tokens = user.tokens()
            request.headers[HEADER] = bearer.header(tokens)
            response = yield request
            if not _again(request, response, tokens):
                return
            request.headers[HEADER] = bearer.header(user.refresh(stale=tokens))
            yield request

        async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
            if not bearer.bears(str(request.url)):
                yield request
                return
            tokens = await user.tokens()
            request.headers[HEADER] = bearer.header(tokens)
            response = yield request
            if not _again(request, response, tokens):
                return
            request.headers[HEADER] = bearer.header(await user.refresh(stale=tokens))
            yield request

    def _again(request: Any, response: Any, tokens: Tokens) -> bool:
        if response.status_code != UNAUTHORIZED or tokens.refresh_token is None:
            return False
        if not bearer.bears(str(response.url)):
            return False  # redirected to somebody else, who is told nothing
        return isinstance(request.stream, library.ByteStream)

    return UserAuth()
