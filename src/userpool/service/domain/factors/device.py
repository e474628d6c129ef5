"""When a remembered device stands in for the second factor. It never stands in for the first."""

from __future__ import annotations

from userpool.protocol.enums import ChallengeNameType

from ..records import Device
from ..settings import PoolSettings
from .second import Ask

CARRIED = "device"
"""Under this name a sign-in carries the key of its device from step to step."""

_STEP = ChallengeNameType
_REPLACED = frozenset({_STEP.SMS_MFA, _STEP.EMAIL_OTP, _STEP.SOFTWARE_TOKEN_MFA, _STEP.SELECT_MFA_TYPE})
"""The set-up of a factor is not among them: a device spares its user a code, and not having any factor."""


def in_place_of(settings: PoolSettings, device: Device | None, ask: Ask | None) -> Ask | None:
    """What is asked for in the place of a second factor that is due: the device's own proof, if it may be.

    Args:
        settings: the pool's; it has to say that remembered devices skip the second factor.
        device: the user's device that the sign-in named, as the store has it now.
        ask: what `second_factor` or `after_password` says; whatever is no second factor stays.
    """
    if ask is None or ask.challenge not in _REPLACED or device is None or not stands_in(settings, device):
        return ask
    return Ask(_STEP.DEVICE_SRP_AUTH)


def stands_in(settings: PoolSettings, device: Device) -> bool:
    """Whether this device may prove itself where a second factor is due."""
    return settings.device_skips_mfa and device.remembered
