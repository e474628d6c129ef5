"""Codes that are sent out: how they are made, hashed and judged, where they go, and how an address is
masked.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import StrEnum

from userpool.protocol.errors import (
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    NotAuthorizedException,
)

from .attributes import is_email, is_phone_number, is_verified
from .records import Code, CodePurpose, User
from .settings import DAY, HOUR, MfaMethod, PoolSettings

DIGITS = 6
SIGN_IN_DIGITS = 8
"""Digits of a code that takes the place of a password."""

RANDOM_BYTES = 8
"""64 random bits for a number below a hundred million: the bias of the remainder is below one in 10^11."""

LIFETIME = {CodePurpose.SIGN_UP: DAY, CodePurpose.VERIFY_ATTRIBUTE: DAY, CodePurpose.RESET_PASSWORD: HOUR}
"""Seconds that a code of each purpose is good for."""


class Medium(StrEnum):
    """`DeliveryMedium`."""

    SMS = "SMS"
    EMAIL = "EMAIL"


_MEDIA = {"email": Medium.EMAIL, "phone_number": Medium.SMS}
_CHANNELS = {"verified_email": "email", "verified_phone_number": "phone_number"}
_MFA_OF = {"email": MfaMethod.EMAIL, "phone_number": MfaMethod.SMS}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a code goes: the user's attribute and the address in it."""

    attribute: str
    to: str = field(repr=False)

    @property
    def medium(self) -> Medium:
        """By SMS or by e-mail."""
        return _MEDIA[self.attribute]

    @property
    def masked(self) -> str:
        """The address as it may be shown: `j***@g***`, `+*******1234`."""
        return mask_email(self.to) if self.medium is Medium.EMAIL else mask_phone_number(self.to)


def mask_email(address: str) -> str:
    """Show the first letter of both parts."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def mask_phone_number(number: str) -> str:
    """Show the last four digits."""
    return f"+*******{number[-4:]}"


def new_code(random: bytes, digits: int = DIGITS) -> str:
    """Make a code of so many digits, leading zeros kept, from `RANDOM_BYTES` random bytes."""
    return f"{int.from_bytes(random) % 10**digits:0{digits}}"


def code_identity(pool_id: str, sub: str, purpose: str, delivery: Delivery, code: str) -> bytes:
    """What the keyed hash of a code is made over: for any other user, purpose or address it is worthless."""
    parts = (pool_id, sub, purpose, delivery.attribute, delivery.to, code)
    return "\0".join(parts).encode("utf-8", "surrogatepass")


class Verdict(StrEnum):
    """What an offered code is."""

    RIGHT = "right"
    WRONG = "wrong"
    DEAD = "dead"
    """Expired, used, or never sent."""


def judge(code: Code | None, offered_hash: bytes, now: float) -> Verdict:
    """Judge an offered code by its keyed hash, in constant time. A dead code is dead, right or wrong."""
    if code is None or code.used_at is not None or now >= code.expires_at:
        return Verdict.DEAD
    return Verdict.RIGHT if hmac.compare_digest(code.hash, offered_hash) else Verdict.WRONG


def refusal(verdict: Verdict) -> CodeMismatchException | ExpiredCodeException:
    """What Cognito answers to a code that is not right."""
    if verdict is Verdict.WRONG:
        return CodeMismatchException("Invalid verification code provided, please try again.")
    return ExpiredCodeException("Invalid code provided, please request a code again.")


def sign_up_delivery(settings: PoolSettings, user: User) -> Delivery | None:
    """Where the code of a sign-up goes: the phone first, where the pool verifies both."""
    for attribute in ("phone_number", "email"):
        if attribute in settings.auto_verified and user.attributes.get(attribute):
            return Delivery(attribute, user.attributes[attribute])
    return None


def recovery_delivery(settings: PoolSettings, user: User) -> Delivery:
    """Where a reset code goes: the first verified channel, by the pool's priority, that is not the user's
    MFA.

    Raises:
        NotAuthorizedException: only administrators reset passwords here.
        InvalidParameterException: the user has no such channel.
    """
    if "admin_only" in settings.recovery:
        raise NotAuthorizedException("Contact administrator to reset password.")
    for channel in settings.recovery:
        attribute = _CHANNELS[channel]
        is_mfa = settings.recovery_configured and _MFA_OF[attribute] in user.mfa_enabled
        if is_verified(user.attributes, attribute) and not is_mfa:
            return Delivery(attribute, user.attributes[attribute])
    raise InvalidParameterException(
        "Cannot reset password for the user as there is no registered/verified email or phone_number"
    )


def simulated_delivery(settings: PoolSettings, typed: str, material: bytes) -> Delivery:
    """Where a code for a user that does not exist seems to go; the same for the same name.

    Args:
        settings: of the pool.
        typed: the name as it was given: an address is masked as the user's own would be.
        material: at least 6 keyed bytes over pool and canonical name, for names that are no address.
    """
    by_phone = is_phone_number(typed) or (not is_email(typed) and settings.auto_verified == {"phone_number"})
    attribute = "phone_number" if by_phone else "email"
    return Delivery(attribute, simulated_address(attribute, typed, material))


def simulated_address(attribute: str, typed: str, material: bytes) -> str:
    """The address that a user who does not exist seems to have: the name itself, where it is one.

    Args:
        attribute: `email` or `phone_number`.
        typed: the name as it was given.
        material: at least 6 keyed bytes over pool and canonical name.
    """
    if attribute == "phone_number":
        return typed if is_phone_number(typed) else f"+1555{int.from_bytes(material[:6]) % 10**7:07}"
    first, second = (chr(ord("a") + byte % 26) for byte in material[:2])
    return typed if is_email(typed) else f"{first}@{second}"
