"""A pool that tracks sessions: each sign-in becomes one, and each refresh is noted in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .context import Context
from .devices import plain_ip
from .domain.records import TokenFamily, User
from .domain.settings import PoolSettings
from .domain.tracking import Activity, alive, ended, session_id, surplus, used
from .domain.user_agents import device_type
from .ports import Reader, Writer


def activity(context: Context, source_ip: str) -> Activity:
    """The present call as the last use of a session."""
    return Activity(context.clock.now(), plain_ip(source_ip), device_type(context.user_agent))


def tracked(context: Context, settings: PoolSettings, family: TokenFamily, source_ip: str) -> TokenFamily:
    """A new sign-in, as a session where the pool tracks them."""
    if not settings.tracking.enabled:
        return family
    named = replace(family, session_id=session_id(context.random))
    return used(named, activity(context, source_ip))


def make_room(writer: Writer, settings: PoolSettings, user: User, now: float) -> None:
    """End the sessions that a user has too many for one more: those used least recently."""
    tracking = settings.tracking
    if tracking.enabled:
        for one in surplus(sessions_of(writer, settings, user, now), tracking.max_per_user):
            writer.put_family(ended(one, now))


def note_use(context: Context, settings: PoolSettings, origin_jti: str, source_ip: str) -> None:
    """Note a refresh in its session, in a transaction of its own; nothing is written without tracking."""
    if not settings.tracking.enabled:
        return
    now_used = activity(context, source_ip)

    def apply(writer: Writer) -> None:
        family = writer.family(origin_jti)
        if family is not None and family.session_id is not None:
            writer.put_family(used(family, now_used))

    context.store.write(apply)


def sessions_of(reader: Reader, settings: PoolSettings, user: User, now: float) -> Sequence[TokenFamily]:
    """A user's sessions, those used last first; none while the pool does not track them."""
    if not settings.tracking.enabled:
        return ()
    found = reader.user_sessions(user.pool_id, user.sub, now)
    # Those of a deleted app client are dead, though nobody has revoked them.
    clients = {one for one in {family.client_id for family in found} if reader.client(one) is not None}
    return alive(user, (family for family in found if family.client_id in clients))
