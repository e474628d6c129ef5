"""What a user's sign-in can be in, and what programs are told when that changes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from userpool.protocol.errors import UserPoolError


class SessionState(StrEnum):
    """How a user is signed in on this machine."""

    SIGNED_IN = "signed_in"
    OFFLINE = "offline"
    """Signed in, though the last refresh failed for now: the next call tries again."""
    EXPIRED = "expired"
    """The service said for certain that the session is over, or tokens that nothing refreshes ended."""
    SIGNED_OUT = "signed_out"


class ChangeReason(StrEnum):
    """Why a user's state changed."""

    SIGNED_IN = "signed_in"
    REFRESHED = "refreshed"
    """New tokens, by a refresh of this program or of another one that shares the storage."""
    REFRESH_FAILED = "refresh_failed"
    """No new tokens for now: out of reach, overloaded, or anything else that may pass."""
    SESSION_EXPIRED = "session_expired"
    SIGNED_OUT = "signed_out"
    """By this very program."""
    SIGNED_OUT_ELSEWHERE = "signed_out_elsewhere"
    """By another program that shares the storage, or through another object of the same user."""
    REMOVED = "removed"
    """From the storage, by `remove_user`."""
    USER_DELETED = "user_deleted"


@dataclass(frozen=True, slots=True)
class SessionChange:
    """What `on_change` tells. It holds no token."""

    username: str
    """The service's own name for the user."""
    sub: str
    before: SessionState
    after: SessionState
    reason: ChangeReason
    error: UserPoolError | None = None
    """What came in the way, where something did."""
