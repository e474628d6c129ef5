"""The password policy of a pool, and what a change of password does to a user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from userpool.protocol.errors import InvalidPasswordException

from .records import PasswordRecord, User, UserStatus
from .settings import PasswordPolicy, PoolSettings

SYMBOLS = frozenset("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ")
UPPERCASE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
LOWERCASE = frozenset("abcdefghijklmnopqrstuvwxyz")
DIGITS = frozenset("0123456789")
"""Only Basic Latin counts for the classes; other characters may stand in a password and count for its
length.
"""

MAX_LENGTH = 256


def check_policy(policy: PasswordPolicy, password: str) -> None:
    """Refuse a password that the policy does not allow.

    Raises:
        InvalidPasswordException: with the first rule that is broken, in Cognito's words; never the password.
    """
    for fault in _faults(policy, password):
        raise InvalidPasswordException(f"Password did not conform with policy: {fault}")


def _faults(policy: PasswordPolicy, password: str) -> Iterator[str]:
    has = set(password)
    if len(password) < policy.minimum_length:
        yield "Password not long enough"
    if len(password) > MAX_LENGTH:
        yield "Password too long"
    if policy.require_uppercase and not has & UPPERCASE:
        yield "Password must have uppercase characters"
    if policy.require_lowercase and not has & LOWERCASE:
        yield "Password must have lowercase characters"
    if policy.require_numbers and not has & DIGITS:
        yield "Password must have numeric characters"
    if policy.require_symbols and not has & SYMBOLS:
        yield "Password must have symbol characters"


def with_password(settings: PoolSettings, user: User, record: PasswordRecord, now: float) -> User:
    """The user with a new password. The old one goes to the history, as far back as the policy looks.

    A temporary password asks for a new one at the next sign-in; any other confirms the user.
    """
    kept = max(settings.password_policy.history - 1, 0)
    earlier = () if user.password is None else (user.password,)
    return replace(
        user,
        password=record,
        password_history=(*earlier, *user.password_history)[:kept],
        status=UserStatus.FORCE_CHANGE_PASSWORD if record.temporary else UserStatus.CONFIRMED,
        modified_at=now,
    )


def remembered(settings: PoolSettings, user: User) -> tuple[PasswordRecord, ...]:
    """The passwords that a new one must differ from: the present one and those before it."""
    size = settings.password_policy.history
    present = () if user.password is None else (user.password,)
    return (*present, *user.password_history)[:size]
