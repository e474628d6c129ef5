"""Who an access token speaks for: signature, claims, revocation and the user's state, in one read of the
store.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from userpool.crypto.jws import InvalidToken, ParsedJws, parse
from userpool.crypto.rs256 import verify_signature
from userpool.protocol.errors import NotAuthorizedException, UserNotFoundException
from userpool.protocol.operations import Operation
from userpool.protocol.tokens import SIGN_IN_SCOPE, ClaimError, TokenUse, check_claims

from .context import Caller, Context
from .domain.records import AppClient, Pool, SigningKey, TokenFamily, User
from .domain.rotation import is_over
from .ports import Reader
from .signing import PoolKeys
from .tokens import origin_of

_TEXTS = {"exp": "Access Token has expired", "scope": "Access Token does not have required scopes"}
_Facts = tuple[Pool, AppClient, User | None, TokenFamily | None, PoolKeys | None, Sequence[SigningKey]]


def authorise(context: Context, token: str, operation: Operation[Any, Any] | None = None) -> Caller:
    """Check an access token and find its user.

    Args:
        context: the world.
        token: as it was received.
        operation: what it is shown for, where that decides how a deleted user is answered.

    Raises:
        NotAuthorizedException: it is no access token of this service, has expired, was revoked, lacks the
            scope, or its user is disabled.
        UserNotFoundException: its user was deleted, and the operation declares this error.
    """
    try:
        parsed = parse(token)
        claims = parsed.unverified_claims()
    except InvalidToken:
        _invalid()
    facts = _read(context, claims)
    if facts is None:
        _invalid()
    pool, client, user, family, keys, records = facts
    _verify(context, pool, client, keys or context.signing.open(context.keys, pool, records), parsed, claims)
    if user is None:
        # Its families went with it, so this has to be seen before they are missed.
        if operation is not None and UserNotFoundException.default_code not in operation.errors:
            raise NotAuthorizedException("Access Token has been revoked")
        raise UserNotFoundException("User does not exist.")
    if family is None or is_over(family, user) or family.client_id != client.id:
        raise NotAuthorizedException("Access Token has been revoked")
    if not user.enabled:
        raise NotAuthorizedException("User is disabled.")
    return Caller(pool, client, user, family, claims)


def _read(context: Context, claims: dict[str, Any]) -> _Facts | None:
    texts = [claims.get(name) for name in ("iss", "client_id", "sub", "event_id")]
    if not all(isinstance(text, str) for text in texts):
        return None
    issuer, client_id, sub, event_id = map(str, texts)
    pool_id, origin_jti = issuer.rpartition("/")[2], origin_of(context, event_id)

    def read(reader: Reader) -> _Facts | None:
        found = reader.token_facts(pool_id, client_id, sub, origin_jti)
        if found is None:
            return None
        keys = context.signing.known(found[0])
        records = () if keys else reader.signing_keys(pool_id)
        return *found, keys, records

    return context.store.read(read)


def _verify(
    context: Context,
    pool: Pool,
    client: AppClient,
    keys: PoolKeys,
    parsed: ParsedJws,
    claims: dict[str, Any],
) -> None:
    key = keys.access_keys.get(parsed.key_id)
    if key is None:
        _invalid()
    try:
        verify_signature(parsed, key)
        check_claims(
            claims,
            issuer=context.settings.issuer_of(pool.id),
            client_id=client.id,
            token_use=TokenUse.ACCESS,
            now=context.clock.now(),
            scopes=(SIGN_IN_SCOPE,),
        )
    except InvalidToken:
        _invalid()
    except ClaimError as error:
        raise NotAuthorizedException(_TEXTS.get(error.claim, "Invalid Access Token")) from None


def _invalid() -> NoReturn:
    raise NotAuthorizedException("Invalid Access Token")
