"""What a user has to sign in with, whichever of it a sign-in would ask for today."""

from __future__ import annotations

from collections.abc import Sequence

from userpool.protocol.enums import AuthFactorType

from ..records import Passkey, User
from ..settings import MfaMethod, PoolSettings
from .passkey import usable as usable_passkeys
from .second import ATTRIBUTE, usable

_CODES = ((MfaMethod.EMAIL, AuthFactorType.EMAIL_OTP), (MfaMethod.SMS, AuthFactorType.SMS_OTP))


def configured(settings: PoolSettings, user: User, passkeys: Sequence[Passkey]) -> list[AuthFactorType]:
    """The factors of GetUserAuthFactors: those that the pool has, as first or as second one, and the user
    could answer with.

    Args:
        settings: of the pool.
        user: as stored now.
        passkeys: all that the user has.
    """
    found = [] if user.password is None else [AuthFactorType.PASSWORD]
    for method, name in _CODES:
        first = name in settings.first_factors and bool(user.attributes.get(ATTRIBUTE[method]))
        if first or usable(settings, user, method):
            found.append(name)
    if usable_passkeys(settings, passkeys):
        found.append(AuthFactorType.WEB_AUTHN)
    if usable(settings, user, MfaMethod.TOTP):
        found.append(AuthFactorType.SOFTWARE_TOKEN)
    return found
