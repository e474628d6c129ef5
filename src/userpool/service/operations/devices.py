"""The devices of users, for themselves: ConfirmDevice, GetDevice, ListDevices, UpdateDeviceStatus,
ForgetDevice; and for administrators, under the same names with `Admin` in front.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.enums import DeviceRememberedStatusType
from userpool.protocol.errors import (
    DeviceKeyExistsException,
    InvalidParameterException,
    ResourceNotFoundException,
    UserNotFoundException,
)
from userpool.protocol.shapes import idp

from ..context import Call, Caller, Context, handles
from ..devices import check_tracked, make_device, unknown_device
from ..domain.pagination import page_size, split
from ..domain.records import Device, User
from ..domain.settings import PoolSettings
from ..ports import Conflict, Reader, Writer
from .lookup import page_start, page_token
from .pools import instant
from .profile import present_user
from .user_states import change_user
from .users import read_user

# ---------------------------------------------------------------- a user's own


def _caller(call: Call[idp.GetDeviceRequest] | Call[idp.ForgetDeviceRequest]) -> Caller:
    # The model lets the token be left out, but it is all that says whose device is meant.
    if call.caller is None:
        raise InvalidParameterException("Missing required parameter AccessToken")
    return call.caller


@handles(ops.CONFIRM_DEVICE)
def confirm_device(context: Context, call: Call[idp.ConfirmDeviceRequest]) -> idp.ConfirmDeviceResponse:
    """Keep the device that the caller's sign-in was given, with the verifier of its own password.

    Raises:
        InvalidParameterException: the sign-in was given another key, or the verifier is malformed.
        DeviceKeyExistsException: it is confirmed already.
    """
    caller, given = call.required_caller(), call.input
    settings = PoolSettings(caller.pool)
    check_tracked(settings)
    device = make_device(
        context,
        caller,
        given.device_key,
        given.device_secret_verifier_config,
        given.device_name,
        call.source_ip,
    )

    def apply(writer: Writer) -> None:
        user = present_user(writer, caller)
        if writer.device(user.pool_id, user.sub, device.key) is not None:
            raise Conflict("device")
        # Read again: the device may have been forgotten since the access token was checked.
        family = writer.family(caller.family.origin_jti)
        if family is None or family.device_key != device.key:
            raise InvalidParameterException("Invalid device key given.")
        writer.add_device(device)

    try:
        context.store.write(apply)
    except Conflict:
        raise DeviceKeyExistsException("Device key already exists.") from None
    return idp.ConfirmDeviceResponse(user_confirmation_necessary=settings.devices_need_opt_in)


@handles(ops.GET_DEVICE)
def get_device(context: Context, call: Call[idp.GetDeviceRequest]) -> idp.GetDeviceResponse:
    """One device of the caller."""
    caller = _caller(call)
    check_tracked(PoolSettings(caller.pool))
    device = context.store.read(_finding(caller.user, call.input.device_key))
    return idp.GetDeviceResponse(device=_shape(device))


@handles(ops.LIST_DEVICES)
def list_devices(context: Context, call: Call[idp.ListDevicesRequest]) -> idp.ListDevicesResponse:
    """The caller's devices, in pages."""
    caller, given = call.required_caller(), call.input
    check_tracked(PoolSettings(caller.pool))
    page, token = _page(context, "ListDevices", caller.user, given.limit, given.pagination_token)
    return idp.ListDevicesResponse(devices=[_shape(one) for one in page], pagination_token=token)


@handles(ops.UPDATE_DEVICE_STATUS)
def update_device_status(
    context: Context, call: Call[idp.UpdateDeviceStatusRequest]
) -> idp.UpdateDeviceStatusResponse:
    """Remember a device of the caller, or remember it no more."""
    caller, given = call.required_caller(), call.input
    check_tracked(PoolSettings(caller.pool))
    change = _remembering(context, given.device_key, given.device_remembered_status)
    context.store.write(lambda writer: change(writer, present_user(writer, caller)))
    return idp.UpdateDeviceStatusResponse()


@handles(ops.FORGET_DEVICE)
def forget_device(context: Context, call: Call[idp.ForgetDeviceRequest]) -> idp.ForgetDeviceResponse:
    """Forget a device of the caller: its next sign-in is one from a new device, and nothing refreshes its
    tokens.
    """
    caller, key = _caller(call), call.input.device_key
    check_tracked(PoolSettings(caller.pool))
    context.store.write(lambda writer: _forget(writer, present_user(writer, caller), key))
    return idp.ForgetDeviceResponse()


# ---------------------------------------------------------------- for administrators


def _tracked_user(context: Context, pool_id: str, username: str) -> User:
    """The user whose devices are read; both operations that read declare no UserNotFoundException."""
    try:
        settings, user = read_user(context, pool_id, username)
    except UserNotFoundException as error:
        raise ResourceNotFoundException(error.message) from None
    check_tracked(settings)
    return user


@handles(ops.ADMIN_GET_DEVICE)
def admin_get_device(context: Context, call: Call[idp.AdminGetDeviceRequest]) -> idp.AdminGetDeviceResponse:
    """AdminGetDevice."""
    user = _tracked_user(context, call.input.user_pool_id, call.input.username)
    device = context.store.read(_finding(user, call.input.device_key))
    return idp.AdminGetDeviceResponse(device=_shape(device, user))


@handles(ops.ADMIN_LIST_DEVICES)
def admin_list_devices(
    context: Context, call: Call[idp.AdminListDevicesRequest]
) -> idp.AdminListDevicesResponse:
    """AdminListDevices."""
    given = call.input
    user = _tracked_user(context, given.user_pool_id, given.username)
    page, token = _page(context, "AdminListDevices", user, given.limit, given.pagination_token)
    return idp.AdminListDevicesResponse(devices=[_shape(one, user) for one in page], pagination_token=token)


@handles(ops.ADMIN_UPDATE_DEVICE_STATUS)
def admin_update_device_status(
    context: Context, call: Call[idp.AdminUpdateDeviceStatusRequest]
) -> idp.AdminUpdateDeviceStatusResponse:
    """AdminUpdateDeviceStatus."""
    given = call.input
    change = _remembering(context, given.device_key, given.device_remembered_status)

    def apply(writer: Writer, settings: PoolSettings, user: User) -> None:
        check_tracked(settings)
        change(writer, user)

    change_user(context, given.user_pool_id, given.username, apply)
    return idp.AdminUpdateDeviceStatusResponse()


@handles(ops.ADMIN_FORGET_DEVICE)
def admin_forget_device(
    context: Context, call: Call[idp.AdminForgetDeviceRequest]
) -> idp.AdminForgetDeviceResponse:
    """AdminForgetDevice."""
    given = call.input

    def apply(writer: Writer, settings: PoolSettings, user: User) -> None:
        check_tracked(settings)
        _forget(writer, user, given.device_key)

    change_user(context, given.user_pool_id, given.username, apply)
    return idp.AdminForgetDeviceResponse()


# ---------------------------------------------------------------- for both


def _finding(user: User, key: str) -> Callable[[Reader], Device]:
    def find(reader: Reader) -> Device:
        device = reader.device(user.pool_id, user.sub, key)
        if device is None:
            raise unknown_device()
        return device

    return find


def _page(
    context: Context, operation: str, user: User, limit: int | None, token: str | None
) -> tuple[list[Device], str | None]:
    size, after = page_size(limit), page_start(context, operation, token, user.pool_id, user.sub)
    rows = context.store.read(
        lambda reader: reader.devices(user.pool_id, user.sub, limit=size + 1, after=after)
    )
    page, following = split(rows, size, lambda device: device.key)
    return list(page), page_token(context, operation, following, user.pool_id, user.sub)


def _remembering(context: Context, key: str, status: str | None) -> Callable[[Writer, User], None]:
    if status is None:
        raise InvalidParameterException(
            "Missing required parameter DeviceRememberedStatus. Give remembered or not_remembered."
        )

    def change(writer: Writer, user: User) -> None:
        device = _finding(user, key)(writer)
        remembered = status == DeviceRememberedStatusType.REMEMBERED
        writer.put_device(replace(device, remembered=remembered, modified_at=context.clock.now()))

    return change


def _forget(writer: Writer, user: User, key: str) -> None:
    device = _finding(user, key)(writer)
    writer.delete_device(device.pool_id, device.sub, device.key)


def _shape(device: Device, owner: User | None = None) -> idp.DeviceType:
    """A device as its user sees it; with `owner`, as administrators do."""
    attributes = {
        "device_status": "valid",
        "device_name": device.name,
        "last_ip_used": device.last_ip,
    }
    if owner is not None:
        status = DeviceRememberedStatusType.REMEMBERED
        if not device.remembered:
            status = DeviceRememberedStatusType.NOT_REMEMBERED
        attributes |= {
            "dev:device_owner": f"{owner.username}.{owner.pool_id}",
            "dev:device_remembered_status": str(status),
        }
    return idp.DeviceType(
        device_key=device.key,
        device_attributes=[
            idp.AttributeType(name=name, value=value)
            for name, value in attributes.items()
            if value is not None
        ],
        device_create_date=instant(device.created_at),
        device_last_modified_date=instant(device.modified_at),
        device_last_authenticated_date=instant(device.authenticated_at),
    )
