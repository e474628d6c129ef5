"""Tracked sessions: which of a user's sign-ins are alive, and which one makes room for another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .identifiers import RandomBytes, letters
from .records import TokenFamily, User

DEFAULT_MAX = 20
DEFAULT_SSO_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Tracking:
    """What a pool is set to: whether sessions are tracked, and how many a user may have."""

    enabled: bool = False
    max_per_user: int = DEFAULT_MAX


@dataclass(frozen=True, slots=True)
class Activity:
    """Who used a session last, as far as that is known."""

    at: float
    ip_address: str | None = None
    device_type: str | None = None


def session_id(random: RandomBytes) -> str:
    """The id of a new token session: `tkn` and 25 lower-case letters and digits."""
    return f"tkn{letters(random, 25)}"


def used(family: TokenFamily, activity: Activity) -> TokenFamily:
    """A session after it was used: what was known of its last use is replaced, not kept."""
    return replace(
        family,
        last_active_at=activity.at,
        ip_address=activity.ip_address,
        device_type=activity.device_type,
    )


def ended(family: TokenFamily, now: float) -> TokenFamily:
    """A sign-in after it was revoked: it is no session any more, and nothing is kept of it as one."""
    at = family.revoked_at
    return replace(
        family,
        revoked_at=now if at is None else at,
        session_id=None,
        last_active_at=None,
        ip_address=None,
        device_type=None,
    )


def alive(user: User, families: Iterable[TokenFamily]) -> Sequence[TokenFamily]:
    """The sessions among `families`, those used last first. `families` are neither expired nor revoked."""
    left = [one for one in families if one.auth_time >= user.tokens_valid_after]
    return sorted(left, key=_recent, reverse=True)


def surplus(sessions: Sequence[TokenFamily], limit: int) -> Sequence[TokenFamily]:
    """Those of a user's `sessions` (see `alive`) that have to go before there may be one more."""
    return sessions[limit - 1 :]


def _recent(family: TokenFamily) -> tuple[float, float, str]:
    return family.last_active_at or family.auth_time, family.auth_time, family.session_id or ""
