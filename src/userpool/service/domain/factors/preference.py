"""Which second factors a user wants to be asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from userpool.protocol.errors import InvalidParameterException

from ..records import User
from ..settings import MfaMethod, MfaMode, PoolSettings
from .passkey import FACTOR
from .second import usable


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of one method. A method that no wish names stays as it is."""

    method: MfaMethod
    enabled: bool
    preferred: bool


def prefer(
    settings: PoolSettings, user: User, wishes: Iterable[Wish], *, passkey: bool | None = None
) -> User:
    """The user after its wishes.

    Args:
        settings: of the pool.
        user: as stored now.
        wishes: for the methods that ask for something after the password.
        passkey: whether a passkey counts as the second factor too; `None` leaves that as it is.

    Raises:
        InvalidParameterException: a method that the user cannot be asked for yet, or the pool does not
            have, is switched on; one that stays off is preferred; more than one is; or a passkey would be
            the only method.
    """
    enabled, first = set(user.mfa_enabled), user.mfa_preferred
    wishes = tuple(wishes)
    if sum(wish.preferred for wish in wishes) > 1:
        raise InvalidParameterException("Only one MFA method can be preferred.")
    for wish in wishes:
        if wish.preferred and not wish.enabled:
            raise InvalidParameterException(f"{wish.method} must be enabled to be preferred.")
        if wish.enabled:
            _check_possible(settings, user, wish.method)
            enabled.add(wish.method)
        else:
            enabled.discard(wish.method)
        if wish.preferred:
            first = wish.method
        elif first == wish.method:
            first = None
    if passkey is not None:
        _switch_passkey(settings, enabled, on=passkey)
    if enabled == {FACTOR}:
        raise InvalidParameterException(
            "WebAuthnMfaSettings needs another MFA method beside it, so that a lost passkey locks nobody "
            "out: enable SMS, TOTP or e-mail too."
        )
    return replace(user, mfa_enabled=frozenset(enabled), mfa_preferred=first)


def without_app(user: User) -> User:
    """The user without an authenticator app, registered or about to be, and not asked for its code."""
    first = None if user.mfa_preferred == MfaMethod.TOTP else user.mfa_preferred
    return replace(user, totp=None, mfa_enabled=user.mfa_enabled - {MfaMethod.TOTP}, mfa_preferred=first)


def _switch_passkey(settings: PoolSettings, enabled: set[str], *, on: bool) -> None:
    if not on:
        enabled.discard(FACTOR)
    elif settings.mfa is MfaMode.OFF or not settings.passkeys_count_twice:
        raise InvalidParameterException(
            "WebAuthnMfaSettings cannot be enabled: MFA is off in the user pool, or its "
            "WebAuthnConfiguration has not the FactorConfiguration MULTI_FACTOR_WITH_USER_VERIFICATION."
        )
    else:
        enabled.add(FACTOR)


def _check_possible(settings: PoolSettings, user: User, method: MfaMethod) -> None:
    if method not in settings.mfa_methods and method not in user.mfa_enabled:
        raise InvalidParameterException(f"{method} is not enabled for the user pool.")
    if not usable(settings, user, method):
        raise InvalidParameterException(f"User does not have delivery config set to turn on {method}")
