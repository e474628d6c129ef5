"""The password policy of a pool, and what a change of password does to a user."""

from __future__ import annotations

from dataclasses import replace

from userpool.protocol.errors import InvalidPasswordException
from userpool.protocol.passwords import PasswordRule

from .records import PasswordRecord, User, UserStatus
from .settings import PasswordPolicy, PoolSettings

_WORDS = {
    PasswordRule.MIN_LENGTH: "Password not long enough",
    PasswordRule.MAX_LENGTH: "Password too long",
    PasswordRule.UPPERCASE: "Password must have uppercase characters",
    PasswordRule.LOWERCASE: "Password must have lowercase characters",
    PasswordRule.NUMBERS: "Password must have numeric characters",
    PasswordRule.SYMBOLS: "Password must have symbol characters",
}


def check_policy(policy: PasswordPolicy, password: str) -> None:
    """Refuse a password that the policy does not allow.

    Raises:
        InvalidPasswordException: with the first rule that is broken, in Cognito's words; never the password.
    """
    for rule in policy.check(password):
        raise InvalidPasswordException(f"Password did not conform with policy: {_WORDS[rule]}")


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
