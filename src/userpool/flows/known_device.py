"""The device that a sign-in names, until the service says that it has forgotten it.

A call that is refused because the service does not know the device is made once more without it, and without
it the conversation goes on: nobody is kept out by what a machine remembers. No other error does that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

from userpool.protocol.effects import Flow
from userpool.protocol.errors import (
    NotAuthorizedException,
    ParameterError,
    ResourceNotFoundException,
    ServiceError,
)

from .grant import Device

LONGEST_NAME: Final = 1024
"""Characters of `DeviceName`."""


@dataclass(slots=True)
class KnownDevice:
    """The device of one conversation, and what a new one would be called."""

    key: str | None = field(default=None, repr=False)
    """Sent with every request; `None` where there is none, or none any more."""
    device: Device | None = None
    """With what it proves itself by; `None` where only its key is known."""
    name: str | None = None
    """For a new device (`DeviceName`)."""

    @classmethod
    def of(cls, device: Device | None, *, key: str | None = None, name: str | None = None) -> KnownDevice:
        """`device`, or only a `key` that a challenge or a session has kept. It may be another machine's
        challenge: then the device in hand is not the one.

        Raises:
            ParameterError: the name is empty or too long, or the device is none.
        """
        given: object = device
        if given is not None and not isinstance(given, Device):
            raise ParameterError("device is a Device: Device.from_dict(…) makes one of what was kept.")
        if name is not None and not 1 <= len(name) <= LONGEST_NAME:
            raise ParameterError(f"A device name has 1 to {LONGEST_NAME} characters; this one: {len(name)}.")
        if key is not None and device is not None and device.key != key:
            device = None
        return cls(key or (device.key if device else None), device, name)

    def forget(self) -> None:
        """Go on without a device."""
        self.key = self.device = None


class _Named(Protocol):
    @property
    def device(self) -> KnownDevice: ...


N = TypeVar("N", bound=_Named)
P = ParamSpec("P")
T = TypeVar("T")


def or_without_device(call: Callable[Concatenate[N, P], Flow[T]]) -> Callable[Concatenate[N, P], Flow[T]]:
    """Make `call` again without the device where the service has forgotten it: once, for then there is
    none.
    """

    @wraps(call)
    def tried(along: N, /, *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
        try:
            return (yield from call(along, *args, **kwargs))
        except ServiceError as refusal:
            if along.device.key is None or not is_unknown_device(refusal):
                raise
        along.device.forget()
        return (yield from call(along, *args, **kwargs))

    return tried


def is_unknown_device(refusal: ServiceError) -> bool:
    """Whether the service says that it does not know the device that was named."""
    words = refusal.message.lower()
    match refusal:
        case ResourceNotFoundException():
            # The same error says that there is no such client or pool.
            return "device" in words
        case NotAuthorizedException():
            return "device does not exist" in words
        case _:
            return False
