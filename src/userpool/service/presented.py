"""Tokens of this pool that a program presents to have another one made of them: whose they are, and whether
they are still good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from userpool.crypto.jws import InvalidToken, parse
from userpool.crypto.rs256 import verify_signature
from userpool.protocol.errors import NotAuthorizedException, UserNotFoundException
from userpool.protocol.tokens import ClaimError, TokenUse, check_claims

from .context import Context
from .domain.records import Group, Pool, TokenFamily, User
from .domain.rotation import is_over
from .ports import Reader
from .tokens import origin_of, pool_keys


@dataclass(frozen=True, slots=True)
class Presented:
    """A token that was checked: its claims, and its user, who can still sign in as of now."""

    claims: dict[str, Any] = field(repr=False)
    user: User | None = None
    """`None` for the token of an app client."""
    family: TokenFamily | None = None
    groups: Sequence[Group] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of an access token; an ID token has none."""
        return tuple(str(self.claims.get("scope", "")).split())


def examine(context: Context, pool: Pool, token: str, use: TokenUse, what: str) -> Presented:
    """Check a token that any app client of `pool` was given.

    Args:
        context: the world.
        pool: whose token it must be.
        token: as it was received.
        use: the kind that it is said to be.
        what: what errors call it.

    Raises:
        NotAuthorizedException: it is no such token of this pool, has expired, or was revoked; its app client
            is gone, or its user is disabled.
        UserNotFoundException: its user was deleted.
    """
    refusal = NotAuthorizedException(f"Invalid {what}")
    try:
        parsed = parse(token)
        keys = pool_keys(context, pool)
        key = (keys.access_keys if use is TokenUse.ACCESS else keys.id_keys).get(parsed.key_id)
        if key is None:
            raise refusal
        verify_signature(parsed, key)
        claims = parsed.unverified_claims()
        check_claims(
            claims,
            issuer=context.settings.issuer_of(pool.id),
            client_id=None,
            token_use=use,
            now=context.clock.now(),
        )
    except InvalidToken:
        raise refusal from None
    except ClaimError as error:
        if error.claim == "exp":
            raise NotAuthorizedException(f"{what} has expired") from None
        raise refusal from None

    def read(reader: Reader) -> Presented | None:
        client = reader.client(claims["aud" if use is TokenUse.ID else "client_id"])
        if client is None or client.pool_id != pool.id:
            return None
        if "event_id" not in claims:
            return Presented(claims)
        user, family = (
            reader.user(pool.id, claims["sub"]),
            reader.family(origin_of(context, claims["event_id"])),
        )
        if user is None:
            raise UserNotFoundException("User does not exist.")
        return Presented(claims, user, family, reader.groups_of(pool.id, user.sub))

    found = context.store.read(read)
    if found is None:
        raise refusal
    _check_alive(found, what)
    return found


def _check_alive(found: Presented, what: str) -> None:
    user = found.user
    if user is None:
        return
    if is_over(found.family, user):
        raise NotAuthorizedException(f"{what} has been revoked")
    if not user.enabled:
        raise NotAuthorizedException("User is disabled.")
