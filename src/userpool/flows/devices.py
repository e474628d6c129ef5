"""The devices of a signed-in user.

ConfirmDevice, GetDevice, ListDevices, UpdateDeviceStatus, ForgetDevice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from userpool.protocol import operations as ops
from userpool.protocol.device import RANDOM_BYTES, new_device
from userpool.protocol.effects import Flow, compute, random
from userpool.protocol.errors import (
    DeviceKeyExistsException,
    ParameterError,
    ServiceError,
    TransportError,
    UserPoolError,
)

from . import members
from .config import ClientConfig
from .grant import Grant, NewDevice
from .invoke import invoke
from .known_device import LONGEST_NAME

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.devices import DeviceType
    from userpool.protocol.device import DeviceSecret

    from .auth_calls import SignIn
    from .results import DeviceInfo, DeviceStatus, Page


def confirm_at_sign_in(along: SignIn, granted: Grant, new: NewDevice) -> Flow[Grant]:
    """Confirm the device that a sign-in has brought. Whatever becomes of that, the user is signed in."""
    drawn = replace(new, secret=(yield from _draw(new)))
    name = along.device.name or along.config.user_agent[:LONGEST_NAME]
    try:
        settled = yield from confirm_device(
            along.config, granted.tokens.access_token, drawn, device_name=name
        )
    except UserPoolError as error:
        settled = replace(drawn, error=error)
    return replace(granted, device_key=new.key, new_device=settled)


def confirm_device(
    config: ClientConfig, access_token: str, new: NewDevice, *, device_name: str | None = None
) -> Flow[NewDevice]:
    """Have the pool take a new device (ConfirmDevice).

    Args:
        config: the app client.
        access_token: of the sign-in that brought the device.
        new: from there; one that was tried before is tried with the same secret.
        device_name: what the user will find it under.

    Raises:
        ServiceError, TransportError, ProtocolError: it is not confirmed, or nobody knows.
    """
    from userpool.protocol.shapes import idp

    secret = new.secret or (yield from _draw(new))
    request = ops.CONFIRM_DEVICE.input(
        access_token=access_token,
        device_key=new.key,
        device_secret_verifier_config=idp.DeviceSecretVerifierConfigType(
            salt=secret.salt, password_verifier=secret.verifier
        ),
        device_name=device_name,
    )
    try:
        reply = yield from invoke(config, ops.CONFIRM_DEVICE, request)
    except DeviceKeyExistsException:
        if not _in_doubt(new.error):
            raise
        # The earlier try arrived, and only its answer was lost. What that said is not known: to ask the user
        # does no harm.
        return NewDevice(
            new.key, new.group_key, confirmed=True, user_confirmation_necessary=True, secret=secret
        )
    return NewDevice(
        new.key,
        new.group_key,
        confirmed=True,
        user_confirmation_necessary=reply.user_confirmation_necessary is True,
        secret=secret,
    )


def get_device(config: ClientConfig, access_token: str, device_key: str) -> Flow[DeviceInfo]:
    """Read one device (GetDevice)."""
    request = ops.GET_DEVICE.input(access_token=access_token, device_key=device_key)
    reply = yield from invoke(config, ops.GET_DEVICE, request)
    return device_info(reply.device)


def list_devices(
    config: ClientConfig,
    access_token: str,
    *,
    limit: int | None = None,
    pagination_token: str | None = None,
) -> Flow[Page[DeviceInfo]]:
    """Read one page of the user's devices (ListDevices)."""
    from .results import Page

    request = ops.LIST_DEVICES.input(
        access_token=access_token, limit=limit, pagination_token=pagination_token
    )
    reply = yield from invoke(config, ops.LIST_DEVICES, request)
    return Page(tuple(device_info(device) for device in reply.devices or ()), reply.pagination_token)


def update_device_status(
    config: ClientConfig, access_token: str, device_key: str, remembered: bool | DeviceStatus | str
) -> Flow[None]:
    """Say whether the pool remembers a device (UpdateDeviceStatus).

    Raises:
        ParameterError: `remembered` is no such status.
    """
    request = ops.UPDATE_DEVICE_STATUS.input(
        access_token=access_token, device_key=device_key, device_remembered_status=device_status(remembered)
    )
    yield from invoke(config, ops.UPDATE_DEVICE_STATUS, request)


def forget_device(config: ClientConfig, access_token: str, device_key: str) -> Flow[None]:
    """Have the pool forget a device (ForgetDevice)."""
    request = ops.FORGET_DEVICE.input(access_token=access_token, device_key=device_key)
    yield from invoke(config, ops.FORGET_DEVICE, request)


def device_status(remembered: bool | DeviceStatus | str) -> DeviceStatus:
    """The status that a yes, a no, or its name stands for. Raises `ParameterError`."""
    from .results import DeviceStatus

    if isinstance(remembered, bool):
        return DeviceStatus.REMEMBERED if remembered else DeviceStatus.NOT_REMEMBERED
    try:
        return DeviceStatus(remembered)
    except ValueError:
        raise ParameterError(
            f"{remembered!r} is no status of a device; give one of {', '.join(DeviceStatus)}."
        ) from None


def device_info(device: DeviceType) -> DeviceInfo:
    """A device as replies describe it."""
    from .results import DeviceInfo

    return DeviceInfo(
        key=device.device_key or "",
        attributes=members.attribute_map(device.device_attributes or ()),
        created_at=device.device_create_date,
        last_modified_at=device.device_last_modified_date,
        last_authenticated_at=device.device_last_authenticated_date,
    )


def _draw(new: NewDevice) -> Flow[DeviceSecret]:
    drawn = yield from random(RANDOM_BYTES)
    return (yield from compute(lambda power: new_device(new.group_key, new.key, drawn, power)))


def _in_doubt(error: UserPoolError | None) -> bool:
    """Whether a try that ended so may have arrived."""
    if isinstance(error, TransportError):
        return error.sent == "maybe"
    return error is not None and not (isinstance(error, ServiceError) and error.status < 500)
