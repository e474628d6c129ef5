"""What a sign-in or a refresh ends with: tokens, and what goes with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from userpool.protocol.device import DeviceSecret
    from userpool.protocol.errors import UserPoolError

DEVICE_FORMAT: Final = 1
"""Version of what `Device.to_dict` writes."""


@dataclass(frozen=True, slots=True)
class Device:
    """A confirmed device, as the machine itself knows it: whoever has this passes for that machine.

    It stands for a second factor once the pool remembers it, and never for a password.
    """

    key: str
    group_key: str = field(repr=False)
    password: str = field(repr=False)
    """Drawn when the device was new; nobody types it."""

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON types. Keep it as you would keep a password."""
        return {
            "version": DEVICE_FORMAT,
            "key": self.key,
            "group_key": self.group_key,
            "password": self.password,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_dict` wrote; members of newer versions are ignored.

        Raises:
            ParameterError: not a device, or of a version that this one cannot read.
        """
        from userpool.protocol.errors import ParameterError

        given: object = data
        match given:
            case {
                "version": version,
                "key": str(key),
                "group_key": str(group_key),
                "password": str(password),
            } if version == DEVICE_FORMAT and key and group_key and password:
                return cls(key, group_key, password)
        raise ParameterError(
            f"This is no device of version {DEVICE_FORMAT}: give the mapping that Device.to_dict wrote, or "
            "sign in without a device and get a new one."
        )


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device that the pool now tracks (`NewDeviceMetadata`), and whether it could be confirmed at once.

    Until it is confirmed, refreshing may fail: `user.confirm_device` tries again.
    """

    key: str = field(repr=False)
    group_key: str = field(repr=False)
    confirmed: bool = False
    """Whether the pool took it (ConfirmDevice)."""
    user_confirmation_necessary: bool = False
    """The pool leaves it to the user: ask, then call `user.remember_device` or
    `user.do_not_remember_device`.
    """
    error: UserPoolError | None = None
    """Why it is not confirmed. The user is signed in all the same."""
    secret: DeviceSecret | None = field(default=None, repr=False)
    """What was drawn for it. Confirming it again takes the same: the lost answer may have been a yes."""

    @property
    def device(self) -> Device | None:
        """What this machine keeps of it; `None` before anything was drawn."""
        return Device(self.key, self.group_key, self.secret.password) if self.secret else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a signed-in user holds. None of it prints."""

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Tokens as a conversation got them, with what the conversation knows besides."""

    tokens: Tokens
    user_id: str | None = None
    """The service's own name for the user, where the conversation has told: the tokens must bear it."""
    device_key: str | None = field(default=None, repr=False)
    """The device that the tokens were given to, known before or new."""
    new_device: NewDevice | None = None
