"""New tokens from a refresh token, and the end of them: REFRESH_TOKEN_AUTH, GetTokensFromRefreshToken,
RevokeToken, GlobalSignOut.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import (
    NotAuthorizedException,
    RefreshTokenReuseException,
    ResourceNotFoundException,
    UnauthorizedException,
    UnsupportedOperationException,
    UnsupportedTokenTypeException,
)
from userpool.protocol.shapes import idp

from .. import tokens
from ..context import Call, Context, handles
from ..domain.records import Device, Group, TokenFamily, User
from ..domain.rotation import Fate, fate
from ..domain.tracking import ended, used
from ..ports import Reader, Writer
from ..realm import Realm
from ..tracking import activity, note_use
from ..triggers.token_claims import Occurrence

_logger = logging.getLogger("userpool.service")

_JWT_PARTS = 3
_REFRESHED = "RefreshTokens"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A refresh token that was shown, whose it is, and the sign-in that it belongs to."""

    token: str = field(repr=False)
    realm: Realm
    user: User
    family: TokenFamily
    device: Device | None = None
    """The sign-in's device, if it was confirmed."""
    groups: Sequence[Group] = ()
    """The groups that the user is in."""

    def fate(self, family: TokenFamily, now: float) -> Fate:
        """What the token is worth by a newer reading of its family."""
        settings = self.realm.client_settings
        grace = settings.rotation_grace_seconds if settings.rotation else 0
        return fate(family, tokens.refresh_hash(self.token), now, grace)


def by_auth_flow(
    context: Context, realm: Realm, refresh_token: str, secret_hash: str | None, device_key: str | None = None
) -> idp.AuthenticationResultType:
    """The refresh of InitiateAuth: new ID and access token, the same refresh token. It writes nothing, but
    for the session in a pool that tracks them.

    Raises:
        NotAuthorizedException: the token is none, expired, revoked, or another client's; the client's
            secret is not proved; the device is not the one of the sign-in; the user is disabled.
    """
    shown = context.store.read(lambda reader: _shown(context, reader, realm, refresh_token))
    realm.check_secret_hash(context.keys, secret_hash, shown.user.username)
    _check_device(shown, device_key)
    _refuse(context, shown, shown.fate(shown.family, context.clock.now()))
    result = tokens.issue(
        context, realm, shown.user, shown.family, groups=shown.groups, why=Occurrence(_REFRESHED)
    )
    note_use(context, realm.settings, shown.family.origin_jti, realm.source_ip)
    return result


@handles(ops.GET_TOKENS_FROM_REFRESH_TOKEN)
def get_tokens_from_refresh_token(
    context: Context, call: Call[idp.GetTokensFromRefreshTokenRequest]
) -> idp.GetTokensFromRefreshTokenResponse:
    """New tokens; where refresh tokens rotate, with a new refresh token in place of the one shown."""
    given = call.input

    def read(reader: Reader) -> _Shown:
        realm = Realm.read(reader, given.client_id, source_ip=call.source_ip)
        realm.check_client_secret(context.keys, given.client_secret)
        return _shown(context, reader, realm, given.refresh_token)

    shown = context.store.read(read)
    now = context.clock.now()
    _check_device(shown, given.device_key)
    _refuse(context, shown, shown.fate(shown.family, now))
    following = None
    if shown.realm.client_settings.rotation:
        following = tokens.successor(context, given.refresh_token, shown.family.origin_jti)
    # Signed before the old token is replaced: should that fail, nothing has happened.
    why = Occurrence(_REFRESHED, given.client_metadata)
    result = tokens.issue(
        context, shown.realm, shown.user, shown.family, following, groups=shown.groups, why=why
    )
    if following is not None:
        _refuse(context, shown, _rotate(context, shown, following, now))
    else:
        note_use(context, shown.realm.settings, shown.family.origin_jti, call.source_ip)
    return idp.GetTokensFromRefreshTokenResponse(authentication_result=result)


def _shown(context: Context, reader: Reader, realm: Realm, token: str) -> _Shown:
    origin_jti = tokens.family_of(context, token)
    family = None if origin_jti is None else reader.family(origin_jti)
    user = None if family is None else reader.user(realm.pool.id, family.sub)
    if family is None or user is None or family.client_id != realm.client.id:
        raise NotAuthorizedException("Invalid Refresh Token")
    device = None if family.device_key is None else reader.device(user.pool_id, user.sub, family.device_key)
    return _Shown(token, realm, user, family, device, reader.groups_of(user.pool_id, user.sub))


def _check_device(shown: _Shown, device_key: str | None) -> None:
    """Where devices are tracked, a refresh token is good only beside the key of its own, confirmed device."""
    if not shown.realm.settings.devices_tracked:
        return
    if shown.device is None or shown.device.key != device_key:
        raise NotAuthorizedException("Invalid Refresh Token")


def _refuse(context: Context, shown: _Shown, judged: Fate) -> None:
    """Raise what Cognito answers to a refresh token that is no good any more, or whose user is not."""
    if judged is Fate.EXPIRED:
        raise NotAuthorizedException("Refresh Token has expired")
    signed_out = shown.family.auth_time < shown.user.tokens_valid_after
    if judged is Fate.REVOKED or signed_out:
        raise NotAuthorizedException("Refresh Token has been revoked")
    if judged in (Fate.RACED, Fate.REUSED):
        _reused(context, shown, judged)
    if not shown.user.enabled:
        raise NotAuthorizedException("User is disabled.")


def _reused(context: Context, shown: _Shown, judged: Fate) -> None:
    if not shown.realm.client_settings.rotation:
        # Rotation was on once; this token was replaced then.
        raise NotAuthorizedException("Refresh Token has been revoked")
    revoked = judged is Fate.REUSED and context.settings.revoke_on_reuse
    _logger.warning(
        "a replaced refresh token was used again: pool %s, client %s, sub %s, sign-in %s; %s",
        shown.realm.pool.id,
        shown.realm.client.id,
        shown.user.sub,
        shown.family.origin_jti,
        "the sign-in is revoked" if revoked else "the sign-in goes on",
    )
    if revoked:
        _revoke(context, shown.family.origin_jti)
    raise RefreshTokenReuseException("Refresh token has already been used and was replaced by another.")


def _rotate(context: Context, shown: _Shown, following: str, now: float) -> Fate:
    shown_hash, following_hash = tokens.refresh_hash(shown.token), tokens.refresh_hash(following)
    tracks, use = shown.realm.settings.tracking.enabled, activity(context, shown.realm.source_ip)

    def apply(writer: Writer) -> Fate:
        family = writer.family(shown.family.origin_jti)
        if family is None:
            return Fate.REVOKED
        judged = shown.fate(family, now)
        if judged is Fate.CURRENT:
            rotated = replace(family, refresh_hash=following_hash, previous_hash=shown_hash, rotated_at=now)
            writer.put_family(used(rotated, use) if tracks and family.session_id else rotated)
        return judged

    return context.store.write(apply)


def _revoke(context: Context, origin_jti: str) -> None:
    now = context.clock.now()

    def apply(writer: Writer) -> None:
        family = writer.family(origin_jti)
        if family is not None and family.revoked_at is None:
            writer.put_family(ended(family, now))

    context.store.write(apply)


@handles(ops.REVOKE_TOKEN)
def revoke_token(context: Context, call: Call[idp.RevokeTokenRequest]) -> idp.RevokeTokenResponse:
    """End one sign-in by its refresh token: that, and every token that came of it."""
    given = call.input
    origin_jti = tokens.family_of(context, given.token)

    def read(reader: Reader) -> tuple[Realm, TokenFamily | None]:
        realm = Realm.read(reader, given.client_id)
        return realm, None if origin_jti is None else reader.family(origin_jti)

    try:
        realm, family = context.store.read(read)
    except ResourceNotFoundException as error:
        raise UnauthorizedException(error.message) from None
    realm.check_client_secret(context.keys, given.client_secret, UnauthorizedException)
    if not realm.client_settings.token_revocation:
        raise UnsupportedOperationException("Token revocation is not enabled for this client.")
    if len(given.token.split(".")) == _JWT_PARTS:
        raise UnsupportedTokenTypeException("Only a refresh token can be revoked.")
    if family is not None:
        if family.client_id != realm.client.id:
            raise UnauthorizedException("The refresh token was issued to another client.")
        _revoke(context, family.origin_jti)
    return idp.RevokeTokenResponse()


@handles(ops.GLOBAL_SIGN_OUT)
def global_sign_out(context: Context, call: Call[idp.GlobalSignOutRequest]) -> idp.GlobalSignOutResponse:
    """End every sign-in of the caller."""
    user, now = call.required_caller().user, context.clock.now()
    context.store.write(lambda writer: writer.revoke_families(user.pool_id, user.sub, now))
    return idp.GlobalSignOutResponse()
