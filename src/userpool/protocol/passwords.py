"""What Cognito's password policies ask of a password, for both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

from .errors import ParameterError, PasswordPolicyError

if TYPE_CHECKING:
    from ._generated.idp.pools import UserPoolType

UPPERCASE: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWERCASE: Final = "abcdefghijklmnopqrstuvwxyz"
NUMBERS: Final = "0123456789"
"""Only Basic Latin counts for these three; other characters may stand in a password and count for its
length.
"""
SYMBOLS: Final = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"
"""A space counts as well, but not at either end."""

MAX_LENGTH: Final = 256


CLASSES: Final = (UPPERCASE, LOWERCASE, NUMBERS, SYMBOLS)
LEAST_LENGTH: Final = 8
"""Characters, where a policy says nothing of it."""


class PasswordRule(StrEnum):
    """Something that a password lacks, or has too much of."""

    MIN_LENGTH = "min_length"
    MAX_LENGTH = "max_length"
    UPPERCASE = "uppercase"
    LOWERCASE = "lowercase"
    NUMBERS = "numbers"
    SYMBOLS = "symbols"


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What the passwords of a pool must have. A pool that was given no policy asks for all of this."""

    minimum_length: int = LEAST_LENGTH
    require_uppercase: bool = True
    require_lowercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True

    def check(self, password: str) -> tuple[PasswordRule, ...]:
        """Say which rules `password` breaks, all of them; none when it is good.

        A pool may have more rules than a policy can say: a history of passwords, and triggers.
        """
        has = set(password)
        broken = {
            PasswordRule.MIN_LENGTH: len(password) < self.minimum_length,
            PasswordRule.MAX_LENGTH: len(password) > MAX_LENGTH,
            PasswordRule.UPPERCASE: self.require_uppercase and has.isdisjoint(UPPERCASE),
            PasswordRule.LOWERCASE: self.require_lowercase and has.isdisjoint(LOWERCASE),
            PasswordRule.NUMBERS: self.require_numbers and has.isdisjoint(NUMBERS),
            PasswordRule.SYMBOLS: self.require_symbols and set(password.strip(" ")).isdisjoint(SYMBOLS + " "),
        }
        return tuple(rule for rule, is_broken in broken.items() if is_broken)

    def require(self, password: str) -> None:
        """Refuse a password that breaks a rule.

        Raises:
            PasswordPolicyError: with all that it lacks; never with the password.
        """
        if broken := self.check(password):
            words = ", ".join(_WORDS[rule].format(self.minimum_length) for rule in broken)
            raise PasswordPolicyError(f"The password does not do. It needs: {words}.", missing=broken)

    @classmethod
    def from_user_pool(cls, pool: UserPoolType) -> Self:
        """The policy of a pool, as `Admin.describe_user_pool` tells it."""
        told = pool.policies.password_policy if pool.policies else None
        if told is None:
            return cls()
        return cls(
            minimum_length=told.minimum_length or LEAST_LENGTH,
            require_uppercase=bool(told.require_uppercase),
            require_lowercase=bool(told.require_lowercase),
            require_numbers=bool(told.require_numbers),
            require_symbols=bool(told.require_symbols),
        )

    @classmethod
    def from_amplify(cls, configuration: Mapping[str, Any]) -> Self:
        """The policy in a configuration of Amplify: the content of `amplify_outputs.json` or `aws-exports`,
        or what is given to `Amplify.configure`.

        Raises:
            ParameterError: there is none in it, or one that cannot be read.
        """
        found = _amplify_policy(configuration)
        if found is None:
            raise ParameterError(
                "This configuration has no password policy. It stands in auth.password_policy "
                "(amplify_outputs.json), aws_cognito_password_protection_settings (aws-exports), or "
                "Auth.Cognito.passwordFormat."
            )
        length, required = found
        if not isinstance(length, int) or isinstance(length, bool):
            raise ParameterError("The minimum length in this configuration's password policy is no number.")
        return cls(length, *required)


def generate(length: int, choose: Callable[[str], str]) -> str:
    """Make a password of `length` characters that has upper case, lower case, a number and a symbol.

    Of all such passwords each is as likely as any other: one that lacks something is thrown away whole,
    because putting the missing character in would make some more likely than others.

    Args:
        length: at least 4.
        choose: takes one character of a text, each as likely as any other, from a secure source.
    """
    alphabet = "".join(CLASSES)
    while True:
        password = "".join(choose(alphabet) for _ in range(length))
        if not any(set(password).isdisjoint(characters) for characters in CLASSES):
            return password


_WORDS: Final = {
    PasswordRule.MIN_LENGTH: "{} characters or more",
    PasswordRule.MAX_LENGTH: f"{MAX_LENGTH} characters or fewer",
    PasswordRule.UPPERCASE: "an upper-case letter (A to Z)",
    PasswordRule.LOWERCASE: "a lower-case letter (a to z)",
    PasswordRule.NUMBERS: "a number (0 to 9)",
    PasswordRule.SYMBOLS: "a symbol such as ! # or -",
}


_AMPLIFY: Final = (
    # amplify_outputs.json
    (
        ("auth", "password_policy"),
        ("min_length", "require_uppercase", "require_lowercase", "require_numbers", "require_symbols"),
    ),
    # what is given to Amplify.configure
    (
        ("Auth", "Cognito", "passwordFormat"),
        ("minLength", "requireUppercase", "requireLowercase", "requireNumbers", "requireSpecialCharacters"),
    ),
)
_EXPORTS: Final = "aws_cognito_password_protection_settings"
_EXPORTED: Final = ("REQUIRES_UPPERCASE", "REQUIRES_LOWERCASE", "REQUIRES_NUMBERS", "REQUIRES_SYMBOLS")


def _amplify_policy(configuration: Mapping[str, Any]) -> tuple[Any, list[bool]] | None:
    """The minimum length, and whether upper case, lower case, numbers and symbols are required."""
    for path, (length, *names) in _AMPLIFY:
        policy = _inside(configuration, *path)
        if policy is not None:
            return policy.get(length, LEAST_LENGTH), [policy.get(name) is True for name in names]
    policy = _inside(configuration, _EXPORTS)
    if policy is not None:
        listed = policy.get("passwordPolicyCharacters") or ()
        return policy.get("passwordPolicyMinLength", LEAST_LENGTH), [name in listed for name in _EXPORTED]
    return None


def _inside(configuration: Mapping[str, Any], *path: str) -> Mapping[str, Any] | None:
    found: Any = configuration
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None
