"""Where a user is signed in, in pools that keep track of it.

ListUserSessions, RevokeUserSession.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow

from .config import ServiceConfig
from .invoke import invoke
from .results import Page

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.sessions import SessionDescriptionType


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSession:
    """One place where a user is signed in. What the service does not tell is `None`."""

    session_id: str
    """Names the session to `revoke_user_session`."""
    session_type: str | None = None
    """`TOKEN` for a sign-in of an app client, `SSO` for one of managed login."""
    client_id: str | None = None
    """The app client that the user signed in with."""
    created_at: datetime | None = None
    last_active_at: datetime | None = None
    device_type: str | None = None
    last_ip_address: str | None = field(default=None, repr=False)
    city: str | None = field(default=None, repr=False)
    """Where the address is, roughly."""
    country: str | None = field(default=None, repr=False)
    origin_session_id: str | None = None
    """The session of managed login that this one came out of."""
    is_current: bool = False
    """Whether it is the session of the access token that asked."""


def list_user_sessions(
    config: ServiceConfig, access_token: str, *, next_token: str | None = None
) -> Flow[Page[UserSession]]:
    """Read one page of sessions (ListUserSessions)."""
    request = ops.LIST_USER_SESSIONS.input(access_token=access_token, next_token=next_token)
    reply = yield from invoke(config, ops.LIST_USER_SESSIONS, request)
    return Page(tuple(_session(each) for each in reply.sessions or ()), reply.next_token)


def revoke_user_session(
    config: ServiceConfig,
    access_token: str,
    session_id: str,
    *,
    revoke_associated_sessions: str | None = None,
) -> Flow[None]:
    """End a session of the user (RevokeUserSession)."""
    request = ops.REVOKE_USER_SESSION.input(
        access_token=access_token,
        session_id=session_id,
        revoke_associated_sessions=revoke_associated_sessions,
    )
    yield from invoke(config, ops.REVOKE_USER_SESSION, request)


def _session(told: SessionDescriptionType) -> UserSession:
    where = told.last_location
    return UserSession(
        session_id=told.session_id or "",
        session_type=told.session_type,
        client_id=told.client_id,
        created_at=told.create_date,
        last_active_at=told.last_active_date,
        device_type=told.device_type,
        last_ip_address=told.last_ip_address,
        city=where.city if where else None,
        country=where.country if where else None,
        origin_session_id=told.origin_session_id,
        is_current=bool(told.is_current_session),
    )
