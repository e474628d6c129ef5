"""What becomes of a refresh token that is shown: good, repeated in time, or used again after it was
replaced.
"""

from __future__ import annotations

import hmac
from enum import StrEnum

from .records import TokenFamily, User

RACE_SECONDS = 10.0
"""A replaced token that comes again this soon comes from a client that asked twice at once, not from a
thief: it is refused like any other, but the sign-in goes on.
"""


class Fate(StrEnum):
    """What a genuine refresh token of a family is worth now."""

    CURRENT = "current"
    REPEATED = "repeated"
    """Replaced, and shown again within the grace period: its successor is handed out once more."""
    RACED = "raced"
    REUSED = "reused"
    """Replaced long ago. Somebody holds a copy: the whole family is suspect (RFC 9700 section 4.14.2)."""
    EXPIRED = "expired"
    REVOKED = "revoked"


def is_over(family: TokenFamily | None, user: User) -> bool:
    """Whether the sign-in that a token of this user names was revoked, or is none of theirs."""
    return (
        family is None
        or family.revoked_at is not None
        or family.sub != user.sub
        or family.auth_time < user.tokens_valid_after
    )


def fate(family: TokenFamily, shown: bytes, now: float, grace: float) -> Fate:
    """Judge the refresh token whose hash is `shown`, and which belongs to `family` beyond doubt.

    Args:
        family: as stored now.
        shown: the hash of the token.
        now: the service's time.
        grace: seconds for which a replaced token may be repeated.
    """
    if family.revoked_at is not None:
        return Fate.REVOKED
    if now >= family.expires_at:
        return Fate.EXPIRED
    if hmac.compare_digest(family.refresh_hash, shown):
        return Fate.CURRENT
    since = now - (family.rotated_at or 0.0)
    if since < grace and hmac.compare_digest(family.previous_hash or b"", shown):
        return Fate.REPEATED
    return Fate.RACED if since < max(grace, RACE_SECONDS) else Fate.REUSED
