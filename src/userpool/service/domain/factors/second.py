"""Which second factor a sign-in asks for, or offers to choose or to set up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import InvalidUserPoolConfigurationException, NotAuthorizedException

from ..custom_auth import CustomChallenge
from ..records import Passkey, User
from ..settings import MfaMethod, MfaMode, PoolSettings

ORDER = (MfaMethod.SMS, MfaMethod.TOTP, MfaMethod.EMAIL)
"""The order in which choices are listed."""

ATTRIBUTE = {MfaMethod.SMS: "phone_number", MfaMethod.EMAIL: "email"}
"""The attribute that holds the address to which a method sends its codes."""

_MFA_SETUP = ChallengeNameType.MFA_SETUP
_RECOVERY = {MfaMethod.SMS: "verified_phone_number", MfaMethod.EMAIL: "verified_email"}


@dataclass(frozen=True, slots=True)
class Ask:
    """The next challenge. `choices` are the methods of SELECT_MFA_TYPE and MFA_SETUP; `to` is an address
    that a code goes to, where it is not yet the user's; `available` are the first factors that the user has,
    where one of them is asked for, and `passkeys` what may answer WEB_AUTHN; `custom` is CUSTOM_CHALLENGE as
    a function made it.
    """

    challenge: ChallengeNameType
    choices: tuple[MfaMethod, ...] = ()
    to: str | None = field(default=None, repr=False)
    available: tuple[str, ...] = ()
    passkeys: tuple[Passkey, ...] = ()
    custom: CustomChallenge | None = None


def second_factor(settings: PoolSettings, user: User) -> Ask | None:
    """What a user must show after the password; `None` for nothing.

    What the user switched on counts, the preferred method before the others. Where the pool requires a
    second factor and the user switched none on, it takes a registered authenticator or an address that is
    not the way to recover the password; failing that, one has to be set up.

    Raises:
        InvalidUserPoolConfigurationException: a factor is required, and none can be used or set up.
    """
    if settings.mfa is MfaMode.OFF:
        return None
    active = [method for method in ORDER if method in user.mfa_enabled and usable(settings, user, method)]
    if user.mfa_preferred in active:
        return challenge_of(MfaMethod(user.mfa_preferred))
    if active or settings.mfa is MfaMode.OPTIONAL:
        return _choose(active)
    implied = [
        method
        for method in ORDER
        if usable(settings, user, method) and not _is_primary_recovery(settings, method)
    ]
    return _choose(implied) or _set_up(settings, user)


def after_code_alone(settings: PoolSettings, user: User, attribute: str) -> Ask | None:
    """What must follow a code that took the password's place, should a second factor be due after all.

    Args:
        settings: of the pool, as they are now.
        user: as stored now.
        attribute: what holds the address of that code: codes to one address twice are not two factors.

    Raises:
        NotAuthorizedException: no other factor is left.
    """
    ask = second_factor(settings, user)
    same = {method for method, holder in ATTRIBUTE.items() if holder == attribute}
    if ask is None or not ({ask.challenge, *ask.choices} & same):
        return ask
    rest = [method for method in ask.choices if method not in same]
    if not rest:
        raise NotAuthorizedException("Invalid session for the user.")
    return replace(ask, choices=tuple(rest)) if ask.challenge == _MFA_SETUP else _choose(rest)


def check_set_up_due(settings: PoolSettings, user: User) -> None:
    """Refuse to set a second factor up in the course of a sign-in for a user who has one by now.

    Whoever knows a password could otherwise keep such a sign-in open until its user has a factor, and put
    another in its place.

    Args:
        settings: of the pool, as they are now.
        user: as stored now.

    Raises:
        NotAuthorizedException: this sign-in would be asked for something else now.
    """
    try:
        ask = second_factor(settings, user)
    except InvalidUserPoolConfigurationException:
        ask = None
    if ask is None or ask.challenge is not _MFA_SETUP:
        raise NotAuthorizedException("Invalid session for the user.")


def has_second_factor(settings: PoolSettings, user: User) -> bool:
    """Whether the user switched a second factor on and can be asked for it now."""
    if settings.mfa is MfaMode.OFF:
        return False
    return any(method in user.mfa_enabled and usable(settings, user, method) for method in ORDER)


def usable(settings: PoolSettings, user: User, method: MfaMethod) -> bool:
    """Whether the user could answer with this method now.

    An authenticator that was registered keeps working when the pool offers it no longer.
    """
    if method is MfaMethod.TOTP:
        return user.totp is not None and user.totp.verified
    return method in settings.mfa_methods and bool(user.attributes.get(ATTRIBUTE[method]))


def challenge_of(method: MfaMethod) -> Ask:
    """The challenge that asks for this method."""
    return Ask(ChallengeNameType(method))


def _choose(methods: list[MfaMethod]) -> Ask | None:
    if not methods:
        return None
    if len(methods) == 1:
        return challenge_of(methods[0])
    return Ask(ChallengeNameType.SELECT_MFA_TYPE, tuple(methods))


def _set_up(settings: PoolSettings, user: User) -> Ask:
    # A method with an address that is there already is not set up: it was passed over for being the recovery.
    offered = tuple(
        method
        for method in ORDER
        if method in settings.mfa_methods
        and (
            method is MfaMethod.TOTP
            or not (user.attributes.get(ATTRIBUTE[method]) or _is_primary_recovery(settings, method))
        )
    )
    if not offered:
        raise InvalidUserPoolConfigurationException(
            "A second factor is required, and this user can neither use nor set up any that the pool allows."
        )
    return Ask(_MFA_SETUP, offered)


def _is_primary_recovery(settings: PoolSettings, method: MfaMethod) -> bool:
    return settings.recovery_configured and settings.recovery[0] == _RECOVERY.get(method)
