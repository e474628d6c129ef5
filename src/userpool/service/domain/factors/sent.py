"""Codes by SMS or e-mail as a factor: what a right one proves about the address that it was sent to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..attributes import is_verified
from ..records import User, UserStatus
from ..schema import VERIFIED_FLAGS
from ..settings import MfaMethod


def after_code(user: User, data: Mapping[str, str], now: float) -> User | None:
    """The user after a right code; `None` when it changes nothing.

    The address is the user's own from now on. Where the code set a method up, the address becomes an
    attribute and the method is switched on; otherwise the address must still be the one in the attribute.

    Args:
        user: as stored now.
        data: of the session: `attribute`, `to`, and `setup` where a method was set up.
        now: the service's time.
    """
    attribute, address = data["attribute"], data["to"]
    if "setup" not in data and (
        user.attributes.get(attribute) != address or is_verified(user.attributes, attribute)
    ):
        return None
    changed = {**user.attributes, attribute: address, VERIFIED_FLAGS[attribute]: "true"}
    enabled = user.mfa_enabled | {MfaMethod.EMAIL} if "setup" in data else user.mfa_enabled
    return replace(user, attributes=changed, mfa_enabled=enabled, modified_at=now)


def after_first_code(user: User, attribute: str, now: float, *, verifies: bool = True) -> User | None:
    """The user after a right code in place of the password; `None` when it changes nothing.

    Args:
        user: as stored now; its address is still the one that the code went to.
        attribute: what holds that address.
        now: the service's time.
        verifies: whether the address becomes the user's own, which it cannot where another has it as alias.
    """
    confirms = user.status is UserStatus.UNCONFIRMED
    verifies = verifies and not is_verified(user.attributes, attribute)
    if not (confirms or verifies):
        return None
    flag = {VERIFIED_FLAGS[attribute]: "true"} if verifies else {}
    return replace(
        user,
        status=UserStatus.CONFIRMED if confirms else user.status,
        attributes={**user.attributes, **flag},
        modified_at=now,
    )
