"""Tokens as the service issues them: signed ID and access tokens, and refresh tokens that only hashes are
kept of.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

from userpool.protocol.shapes import idp
from userpool.protocol.tokens import Issue, SignInFacts, access_token_claims, id_token_claims

from .context import Context
from .domain.attributes import readable
from .domain.groups import group_claims
from .domain.identifiers import uuid, uuid_of
from .domain.records import Group, Pool, TokenFamily, User
from .realm import Realm
from .signing import PoolKeys
from .triggers.token_claims import Occurrence, overrides

_SECRET_BYTES = 32
_TAG_BYTES = 16
_ID_BYTES = 16


def start_family(
    context: Context, realm: Realm, user: User, now: float, device_key: str | None = None
) -> tuple[TokenFamily, str]:
    """The tokens of a new sign-in, as a record to add and the refresh token to hand out.

    `device_key` is of the device that it comes from, where the pool tracks devices.
    """
    event_id = uuid(context.random)
    origin_jti = origin_of(context, event_id)
    token = _assemble(context, origin_jti, context.random(_SECRET_BYTES))
    family = TokenFamily(
        origin_jti=origin_jti,
        pool_id=realm.pool.id,
        client_id=realm.client.id,
        sub=user.sub,
        refresh_hash=refresh_hash(token),
        auth_time=now,
        expires_at=now + realm.client_settings.refresh_seconds,
        event_id=event_id,
        device_key=device_key,
    )
    return family, token


def origin_of(context: Context, event_id: str) -> str:
    """The `origin_jti` of a sign-in, from its `event_id`: tokens of a client without revocation have only
    the latter.
    """
    return uuid_of(context.keys.digest("origin", event_id.encode())[:_ID_BYTES])


def issue(
    context: Context,
    realm: Realm,
    user: User,
    family: TokenFamily,
    refresh_token: str | None = None,
    new_device: idp.NewDeviceMetadataType | None = None,
    groups: Sequence[Group] = (),
    why: Occurrence | None = None,
) -> idp.AuthenticationResultType:
    """Sign an ID token and an access token; two RSA signatures.

    Args:
        context: the world.
        realm: the client that they are for, and its pool.
        user: as stored now.
        family: the sign-in that they belong to.
        refresh_token: handed out beside them, if one is.
        new_device: likewise, where the sign-in comes from no known device.
        groups: those that the user is in now.
        why: what they are made for, told to the function that may change them.

    Raises:
        UserLambdaValidationException: that function refuses.
    """
    wanted = overrides(context, realm, user, group_claims(groups), family.scope, why)
    of_groups = wanted.groups
    facts = SignInFacts(
        issuer=context.settings.issuer_of(realm.pool.id),
        client_id=realm.client.id,
        sub=user.sub,
        username=user.username,
        auth_time=int(family.auth_time),
        origin_jti=family.origin_jti,
        event_id=family.event_id,
        groups=of_groups.names,
        roles=of_groups.roles,
        preferred_role=of_groups.preferred_role,
    )
    settings, now = realm.client_settings, int(context.clock.now())
    attributes = {name: value for name, value in readable(settings, user).items() if name != "sub"}
    id_claims = id_token_claims(
        facts,
        Issue(at=now, lifetime=settings.id_seconds, jti=uuid(context.random)),
        attributes=attributes,
    )
    wanted.identity.apply(id_claims)
    access_claims = access_token_claims(
        facts,
        Issue(at=now, lifetime=settings.access_seconds, jti=uuid(context.random)),
        scope=wanted.scope(family.scope),
        device_key=family.device_key,
    )
    wanted.access.apply(access_claims)
    if not (settings.token_revocation or settings.rotation):
        for claims in (id_claims, access_claims):
            del claims["origin_jti"], claims["jti"]
    keys = pool_keys(context, realm.pool)
    return idp.AuthenticationResultType(
        access_token=keys.access_signer.sign(access_claims),
        id_token=keys.id_signer.sign(id_claims),
        refresh_token=refresh_token,
        expires_in=settings.access_seconds,
        token_type="Bearer",
        new_device_metadata=new_device,
    )


def pool_keys(context: Context, pool: Pool) -> PoolKeys:
    """The keys of a pool, opened."""
    known = context.signing.known(pool)
    if known is not None:
        return known
    records = context.store.read(lambda reader: reader.signing_keys(pool.id))
    return context.signing.open(context.keys, pool, records)


def refresh_hash(token: str) -> bytes:
    """What is kept of a refresh token."""
    return hashlib.sha256(token.encode()).digest()


def family_of(context: Context, refresh_token: str) -> str | None:
    """The `origin_jti` of the sign-in that a refresh token belongs to; `None` for what this service never
    issued.

    It names the family even when the token was replaced long ago, so that its reuse can be told from a guess.
    """
    try:
        padded = refresh_token + "=" * (-len(refresh_token) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    if len(body) != _ID_BYTES + _SECRET_BYTES or not hmac.compare_digest(tag, _tag(context, body)):
        return None
    return str(UUID(bytes=body[:_ID_BYTES]))


def successor(context: Context, refresh_token: str, origin_jti: str) -> str:
    """The refresh token that takes the place of `refresh_token`.

    It is computed from the one before with the service's key, so that repeating a refresh gives the same
    successor, and none has to be kept in clear for it.
    """
    return _assemble(context, origin_jti, context.keys.digest("refresh successor", refresh_token.encode()))


def _assemble(context: Context, origin_jti: str, secret: bytes) -> str:
    body = UUID(origin_jti).bytes + secret
    return base64.urlsafe_b64encode(body + _tag(context, body)).decode().rstrip("=")


def _tag(context: Context, body: bytes) -> bytes:
    return context.keys.digest("refresh token", body)[:_TAG_BYTES]
