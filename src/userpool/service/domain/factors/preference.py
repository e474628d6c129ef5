"""Which second factors a user wants to be asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from userpool.protocol.errors import InvalidParameterException

from ..records import User
from ..settings import MfaMethod, PoolSettings
from .second import usable


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of one method. A method that no wish names stays as it is."""

    method: MfaMethod
    enabled: bool
    preferred: bool


def prefer(settings: PoolSettings, user: User, wishes: Iterable[Wish]) -> User:
    """The user after its wishes.

    Raises:
        InvalidParameterException: a method that the user cannot be asked for yet, or the pool does not
            have, is switched on; one that stays off is preferred; or more than one is.
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
    return replace(user, mfa_enabled=frozenset(enabled), mfa_preferred=first)


def _check_possible(settings: PoolSettings, user: User, method: MfaMethod) -> None:
    if method not in settings.mfa_methods and method not in user.mfa_enabled:
        raise InvalidParameterException(f"{method} is not enabled for the user pool.")
    if not usable(settings, user, method):
        raise InvalidParameterException(f"User does not have delivery config set to turn on {method}")
