"""Finding what a request names, or refusing with Cognito's own words."""

from __future__ import annotations

from userpool.crypto.aead import Unsealable
from userpool.crypto.strict import b64url_decode, b64url_encode
from userpool.protocol.errors import InvalidParameterException, ResourceNotFoundException

from ..context import Context
from ..domain.pagination import scope
from ..domain.records import AppClient, Pool
from ..ports import Reader

_PAGE = "page"


def existing_pool(reader: Reader, pool_id: str) -> Pool:
    """The pool of this id; raises `ResourceNotFoundException` where there is none."""
    pool = reader.pool(pool_id)
    if pool is None:
        raise ResourceNotFoundException(f"User pool {pool_id} does not exist.")
    return pool


def existing_client(reader: Reader, client_id: str, pool_id: str | None = None) -> AppClient:
    """The app client of this id, of the pool `pool_id` where that is given; raises
    `ResourceNotFoundException`.
    """
    client = reader.client(client_id)
    if client is None or (pool_id is not None and client.pool_id != pool_id):
        raise ResourceNotFoundException(f"User pool client {client_id} does not exist.")
    return client


def page_token(context: Context, operation: str, after: str | None, *parts: str | None) -> str | None:
    """The token for the page behind `after`: sealed, and good for this operation and these `parts` only."""
    if after is None:
        return None
    return b64url_encode(context.keys.seal(_PAGE, after.encode(), scope(operation, *parts)))


def page_start(context: Context, operation: str, token: str | None, *parts: str | None) -> str | None:
    """Where the page of `token` begins.

    Raises `InvalidParameterException` for a token that was made up, changed, or given for another list.
    """
    if token is None:
        return None
    try:
        return context.keys.open(_PAGE, b64url_decode(token.encode()), scope(operation, *parts)).decode()
    except (ValueError, Unsealable):
        raise InvalidParameterException("Invalid pagination token provided.") from None
