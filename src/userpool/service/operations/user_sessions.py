"""A user's sessions: ListUserSessions, RevokeUserSession, AdminListUserSessions, AdminRevokeUserSession.

A session is a sign-in whose refresh token is alive, in a pool that tracks them. All stand on one page. There
are no SSO sessions yet, which managed login would begin, so that none is linked to another.
"""

from __future__ import annotations

from collections.abc import Sequence

from userpool.protocol import operations as ops
from userpool.protocol.enums import SessionTypeType
from userpool.protocol.errors import InvalidParameterException, ResourceNotFoundException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.records import TokenFamily, User
from ..domain.settings import PoolSettings
from ..domain.tracking import ended
from ..ports import Reader, Writer
from ..tracking import sessions_of
from .lookup import existing_pool
from .pools import instant
from .profile import present_user
from .users import existing_user


@handles(ops.LIST_USER_SESSIONS)
def list_user_sessions(
    context: Context, call: Call[idp.ListUserSessionsRequest]
) -> idp.ListUserSessionsResponse:
    """The caller's sessions at all app clients; which one is this is said."""
    _one_page(call.input.next_token)
    caller = call.required_caller()
    settings, now = PoolSettings(caller.pool), context.clock.now()
    found = context.store.read(lambda reader: sessions_of(reader, settings, caller.user, now))
    current = caller.family.origin_jti
    return idp.ListUserSessionsResponse(sessions=[_shape(one, one.origin_jti == current) for one in found])


@handles(ops.REVOKE_USER_SESSION)
def revoke_user_session(
    context: Context, call: Call[idp.RevokeUserSessionRequest]
) -> idp.RevokeUserSessionResponse:
    """End another session of the caller. One's own ends by RevokeToken or GlobalSignOut."""
    caller, wanted = call.required_caller(), call.input.session_id
    settings = PoolSettings(caller.pool)

    def apply(writer: Writer) -> None:
        user = present_user(writer, caller)
        own = writer.family(caller.family.origin_jti)
        if own is not None and own.session_id == wanted:
            raise InvalidParameterException(
                "The current session cannot be revoked by its own access token. Revoke its refresh token."
            )
        _end(context, writer, settings, user, wanted)

    context.store.write(apply)
    return idp.RevokeUserSessionResponse()


@handles(ops.ADMIN_LIST_USER_SESSIONS)
def admin_list_user_sessions(
    context: Context, call: Call[idp.AdminListUserSessionsRequest]
) -> idp.AdminListUserSessionsResponse:
    """A user's sessions, for an administrator."""
    given, now = call.input, context.clock.now()
    _one_page(given.next_token)

    def read(reader: Reader) -> Sequence[TokenFamily]:
        settings, user = _named(reader, given.user_pool_id, given.username)
        return sessions_of(reader, settings, user, now)

    found = context.store.read(read)
    return idp.AdminListUserSessionsResponse(sessions=[_shape(one, current=False) for one in found])


@handles(ops.ADMIN_REVOKE_USER_SESSION)
def admin_revoke_user_session(
    context: Context, call: Call[idp.AdminRevokeUserSessionRequest]
) -> idp.AdminRevokeUserSessionResponse:
    """End a session of a user."""
    given = call.input

    def apply(writer: Writer) -> None:
        settings, user = _named(writer, given.user_pool_id, given.username)
        _end(context, writer, settings, user, given.session_id)

    context.store.write(apply)
    return idp.AdminRevokeUserSessionResponse()


def _named(reader: Reader, pool_id: str, username: str) -> tuple[PoolSettings, User]:
    settings = PoolSettings(existing_pool(reader, pool_id))
    return settings, existing_user(reader, settings, username)


def _end(context: Context, writer: Writer, settings: PoolSettings, user: User, wanted: str) -> None:
    now = context.clock.now()
    for family in sessions_of(writer, settings, user, now):
        if family.session_id == wanted:
            writer.put_family(ended(family, now))
            return
    raise ResourceNotFoundException("Session does not exist.")


def _one_page(next_token: str | None) -> None:
    if next_token is not None:
        # No token was ever given out.
        raise InvalidParameterException("Invalid pagination token provided.")


def _shape(family: TokenFamily, current: bool) -> idp.SessionDescriptionType:
    return idp.SessionDescriptionType(
        session_id=family.session_id,
        session_type=SessionTypeType.TOKEN,
        client_id=family.client_id,
        create_date=instant(family.auth_time),
        last_active_date=instant(family.last_active_at or family.auth_time),
        device_type=family.device_type,
        last_ip_address=family.ip_address,
        is_current_session=current,
    )
