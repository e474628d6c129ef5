"""For aiohttp."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .bearer import HEADER, UNAUTHORIZED, Bearer, TokenUse

if TYPE_CHECKING:
    from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse

    from userpool.client._async.user import AsyncUser


def aiohttp_middleware(
    user: AsyncUser,
    origins: str | Iterable[str],
    *,
    use: TokenUse | str = TokenUse.ACCESS,
    scheme: str = "Bearer",
    allow_insecure_http: bool = False,
) -> ClientMiddlewareType:
    """A middleware for `aiohttp.ClientSession(middlewares=[…])`; needs aiohttp 3.12 or newer.

    A request whose body is a stream, which cannot be sent again, is not repeated after a 401.

    Args:
        user: signed in.
        origins: where the API is, such as `https://api.example.com`, or with a path that requests begin with.
        use: which token.
        scheme: what stands before the token; empty where the API wants the bare token.
        allow_insecure_http: take `http://` origins that are not on this machine.

    Raises:
        ParameterError: an origin cannot be right.
    """
    bearer = Bearer(origins, use, scheme, allow_insecure_http=allow_insecure_http)

    async def authorized(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        from aiohttp.payload import BytesPayload

        if not bearer.bears(str(request.url)):
            return await handler(request)
        tokens = await user.tokens()
        request.headers[HEADER] = bearer.header(tokens)
        response = await handler(request)
        if response.status != UNAUTHORIZED or tokens.refresh_token is None:
            return response
        if not isinstance(request.body, bytes | BytesPayload):
            return response
        response.release()
        request.headers[HEADER] = bearer.header(await user.refresh(stale=tokens))
        return await handler(request)

    return authorized
