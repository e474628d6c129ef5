"""Which first factors a user can choose among in a choice-based sign-in (USER_AUTH)."""

from __future__ import annotations

from collections.abc import Mapping

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import InvalidParameterException

from ..records import User, UserStatus
from ..settings import ClientSettings, Flow, MfaMode, PoolSettings
from .second import has_second_factor

PASSWORDS = (ChallengeNameType.PASSWORD_SRP, ChallengeNameType.PASSWORD)
"""Always allowed, by both ways, whatever the client's flows are."""

ADDRESS: Mapping[str, str] = {
    ChallengeNameType.EMAIL_OTP: "email",
    ChallengeNameType.SMS_OTP: "phone_number",
}
"""The attribute that holds the address to which a first factor sends its codes."""

FIRST_FACTORS = (*PASSWORDS, *ADDRESS, ChallengeNameType.WEB_AUTHN)
"""All that there are, in the order in which they are listed."""


def passwordless(settings: PoolSettings) -> bool:
    """Whether users of this pool can do without a password: a code can take its place."""
    return not ADDRESS.keys().isdisjoint(settings.first_factors)


def check_reachable(settings: PoolSettings, client: ClientSettings, attributes: Mapping[str, str]) -> None:
    """Refuse a new user without a password who could not sign in by a code either.

    Cognito wants a client that signs in by choice, and an address that the pool verifies at sign-up.

    Raises:
        InvalidParameterException: pool or client want a password, or there is no address for a code.
    """
    addresses = [
        attribute
        for factor, attribute in ADDRESS.items()
        if factor in settings.first_factors and attribute in settings.auto_verified
    ]
    if not (addresses and client.allows(Flow.USER_AUTH)):
        raise InvalidParameterException("Missing required parameter Password")
    if not any(attributes.get(attribute) for attribute in addresses):
        raise InvalidParameterException(
            "A user without a password needs one of: " + ", ".join(addresses) + ". Give it, or a password."
        )


def available(settings: PoolSettings, user: User, *, passkeys: bool = False) -> tuple[str, ...]:
    """The first factors that this user can show now, by their challenges' names; never none.

    A code stands alone: it cannot be combined with a second factor, so that a user who has one, or a pool
    that requires one, is left with the password, and with a passkey that counts for both. A temporary
    password has to be used up first.

    Args:
        settings: of the pool.
        user: as stored, or what stands in for one who does not exist.
        passkeys: whether the user has a passkey that will do (`passkey.is_offered`).
    """
    others: tuple[str, ...] = ()
    if user.status is not UserStatus.FORCE_CHANGE_PASSWORD and not _needs_second(settings, user):
        others = _codes(settings, user)
    if passkeys:
        others = (*others, ChallengeNameType.WEB_AUTHN)
    return others if others and user.password is None else (*PASSWORDS, *others)


def _needs_second(settings: PoolSettings, user: User) -> bool:
    return settings.mfa is MfaMode.ON or has_second_factor(settings, user)


def _codes(settings: PoolSettings, user: User) -> tuple[str, ...]:
    allowed = settings.first_factors
    return tuple(
        name for name, attribute in ADDRESS.items() if name in allowed and user.attributes.get(attribute)
    )
