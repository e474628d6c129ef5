"""After the password: may this user go on at all, and does the password have to be changed first?"""

from __future__ import annotations

import json
from collections.abc import Mapping

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    UserNotConfirmedException,
)

from ..attributes import check_mutable, check_writable, missing_required, readable
from ..records import User, UserStatus
from ..settings import ClientSettings, PoolSettings
from .second import Ask, second_factor

PREFIX = "userAttributes."


def after_password(settings: PoolSettings, user: User, now: float) -> Ask | None:
    """What comes after a right password; `None` when nothing is left to ask.

    The state of a user shows only here: a wrong password learns nothing about it.

    Raises:
        NotAuthorizedException: disabled, or the temporary password is too old.
        UserNotConfirmedException: the sign-up was never confirmed.
        PasswordResetRequiredException: an administrator asked for a reset.
    """
    check_state(user)
    if _temporary_expired(settings, user, now):
        raise NotAuthorizedException("Temporary password has expired and must be reset by an administrator.")
    if user.status is UserStatus.FORCE_CHANGE_PASSWORD:
        return Ask(ChallengeNameType.NEW_PASSWORD_REQUIRED)
    return second_factor(settings, user)


def _temporary_expired(settings: PoolSettings, user: User, now: float) -> bool:
    record = user.password
    if record is None or not record.temporary:
        return False
    return now >= record.set_at + settings.password_policy.temporary_seconds


def check_state(user: User) -> None:
    """Refuse a user who may not sign in as things are; errors as `after_password`."""
    if not user.enabled:
        raise NotAuthorizedException("User is disabled.")
    if user.status is UserStatus.UNCONFIRMED:
        raise UserNotConfirmedException("User is not confirmed.")
    if user.status is UserStatus.RESET_REQUIRED:
        raise PasswordResetRequiredException("Password reset required for the user")


def new_password_parameters(settings: PoolSettings, client: ClientSettings, user: User) -> dict[str, str]:
    """The parameters of NEW_PASSWORD_REQUIRED: which required attributes are missing, and what is there."""
    missing = [PREFIX + name for name in missing_required(settings, user.attributes)]
    present = {name: value for name, value in readable(client, user).items() if name != "sub"}
    return {
        "requiredAttributes": json.dumps(missing, separators=(",", ":")),
        "userAttributes": json.dumps(present, separators=(",", ":"), ensure_ascii=False),
    }


def attributes_given(
    settings: PoolSettings, client: ClientSettings, user: User, responses: Mapping[str, str]
) -> dict[str, str]:
    """The attributes that came with a new password, checked: all that are missing, none that is fixed.

    Raises:
        InvalidParameterException: a required one is missing, or one that has a value already is given anew.
        NotAuthorizedException: this client cannot write one of them.
    """
    given = {name.removeprefix(PREFIX): value for name, value in responses.items() if name.startswith(PREFIX)}
    check_writable(client, given)
    check_mutable(settings, [name for name in given if user.attributes.get(name)])
    for name in settings.required_attributes:
        if user.attributes.get(name) and given.get(name, user.attributes[name]) != user.attributes[name]:
            raise InvalidParameterException(f"Cannot modify an already provided {name}")
    for name in missing_required(settings, {**user.attributes, **given}):
        raise InvalidParameterException(f"Invalid attributes given, {name} is missing")
    return given
