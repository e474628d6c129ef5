"""How often something may be tried: the password lock with its doubling times, and hourly quotas.

An attempt is charged before anything is compared; these functions say what the charge makes of the
counter. They are called inside the transaction that commits the charge, so parallel guesses are charged
one after another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .records import Attempts

FREE_FAILURES = 5
MAX_LOCK_SECONDS = 900.0
QUIET_SECONDS = 900.0
"""After this long without a counted attempt, and without a lock, everything starts afresh."""

HOUR = 3600.0


def lock_seconds(failures: int) -> float:
    """How long `failures` failed attempts in a row lock: 1 s after five, then twice as long each time, to
    15 min.
    """
    if failures < FREE_FAILURES:
        return 0.0
    return min(2.0 ** min(failures - FREE_FAILURES, 10), MAX_LOCK_SECONDS)


def charge_password(attempts: Attempts | None, key: str, now: float) -> Attempts | None:
    """Count one attempt as if it will fail. `None` means locked: the attempt is refused and not counted.

    The lock that a failure would bring is in force at once, so of parallel attempts no more than five are
    compared.
    """
    if attempts is None or now >= attempts.expires_at:
        attempts = Attempts(key, 0, now, now, 0.0, 0.0)
    if now < attempts.locked_until:
        return None
    count = attempts.count + 1
    locked_until = now + lock_seconds(count)
    return replace(
        attempts, count=count, last_at=now, locked_until=locked_until, expires_at=locked_until + QUIET_SECONDS
    )


def refund_password(attempts: Attempts | None) -> Attempts | None:
    """Take back one charge, because its proof was right but the sign-in is not over yet. `None`: nothing
    is left.
    """
    if attempts is None or attempts.count <= 1:
        return None
    count = attempts.count - 1
    locked_until = attempts.last_at + lock_seconds(count)
    return replace(attempts, count=count, locked_until=locked_until, expires_at=locked_until + QUIET_SECONDS)


@dataclass(frozen=True, slots=True)
class Quota:
    """So many calls of one kind for one user in an hour."""

    name: str
    limit: int


CONFIRM_SIGN_UP = Quota("confirm_sign_up", 15)
RESEND_CODE = Quota("resend_code", 5)
FORGOT_PASSWORD = Quota("forgot_password", 5)
CONFIRM_FORGOT_PASSWORD = Quota("confirm_forgot_password", 20)
CHANGE_PASSWORD = Quota("change_password", 5)
ATTRIBUTE_CODE = Quota("attribute_code", 5)
VERIFY_ATTRIBUTE = Quota("verify_attribute", 15)
VERIFY_TOTP = Quota("verify_totp", 15)
SIGN_IN_CODE = Quota("sign_in_code", 20)
"""Cognito's documented numbers; where it documents a range by risk (5 to 20), codes that go out get the lower
end and guesses the upper. Verifying an authenticator app has no documented number of its own, nor have codes
that take a password's place: these are counted until one of them was right.
"""


def charge_quota(quota: Quota, attempts: Attempts | None, key: str, now: float) -> Attempts | None:
    """Count one call. `None` means that the hour's quota is used up: the call is refused and not counted."""
    if attempts is None or now >= attempts.expires_at:
        return Attempts(key, 1, now, now, 0.0, now + HOUR)
    if attempts.count >= quota.limit:
        return None
    return replace(attempts, count=attempts.count + 1, last_at=now)
