"""Remembered devices: the secret a device keeps, what the service stores of it, and its SRP names.

A device signs in by the same SRP as a user (`userpool.protocol.srp`), with its group key in the place of the
pool name, its device key in the place of the user id, and a password that this module draws.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Final

from . import srp
from .effects import Power

RANDOM_BYTES: Final = 56
"""Random bytes for one device: 40 for its password, 16 for its salt."""

_PASSWORD_BYTES: Final = 40
_MIN_SALT_BYTES: Final = 8
_MAX_SALT_BYTES: Final = 64
_MAX_VERIFIER_BYTES: Final = 385


@dataclass(frozen=True, slots=True)
class DeviceSecret:
    """A new device: `password` stays on it, `salt` and `verifier` go to ConfirmDevice; all in base64."""

    password: str = field(repr=False)
    salt: str = field(repr=False)
    verifier: str = field(repr=False)


def new_device(group_key: str, device_key: str, random: bytes, power: Power = pow) -> DeviceSecret:
    """Draw a device's password and salt, and compute its verifier; one modular power.

    Args:
        group_key: `DeviceGroupKey` of `NewDeviceMetadata`.
        device_key: `DeviceKey` of `NewDeviceMetadata`.
        random: exactly `RANDOM_BYTES` bytes from a cryptographic source.
        power: the modular power to use.

    Raises:
        ValueError: a wrong number of random bytes.
    """
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"give exactly {RANDOM_BYTES} random bytes")
    password = base64.b64encode(random[:_PASSWORD_BYTES]).decode()
    salt = int.from_bytes(random[_PASSWORD_BYTES:])
    verifier = srp.verifier(group_key, device_key, password, salt, power)
    return DeviceSecret(password, _b64(salt), _b64(verifier))


def parse_config(salt: object, verifier: object) -> tuple[int, int]:
    """Read `DeviceSecretVerifierConfig` as the service receives it.

    Args:
        salt: `Salt`, base64.
        verifier: `PasswordVerifier`, base64.

    Returns:
        Salt and verifier as numbers.

    Raises:
        SrpError: not base64, a salt under 8 or over 64 bytes, or a verifier that is no number of the group.
    """
    salt_bytes = srp.decode_base64(salt, name="Salt", max_bytes=_MAX_SALT_BYTES)
    if not _MIN_SALT_BYTES <= len(salt_bytes) <= _MAX_SALT_BYTES:
        raise srp.SrpError("Salt", f"must have {_MIN_SALT_BYTES} to {_MAX_SALT_BYTES} bytes")
    raw = srp.decode_base64(verifier, name="PasswordVerifier", max_bytes=_MAX_VERIFIER_BYTES)
    number = int.from_bytes(raw)
    if not 1 < number < srp.N - 1:
        raise srp.SrpError("PasswordVerifier", "is not a number of the group")
    return int.from_bytes(salt_bytes), number


def _b64(number: int) -> str:
    return base64.b64encode(srp.pad(number)).decode()
