"""Devices: values that go from machine to machine, and lists in pages."""

from userpool import AsyncUser, Device, DeviceStatus, SignedIn, User, UserPool


def settle(pool: UserPool, step: SignedIn[User]) -> None:
    user, new = step.user, step.new_device
    reveal_type(user.device_key)  # reveals: str | None
    reveal_type(new)  # reveals: userpool.flows.grant.NewDevice | None
    user.confirm_device(new)  # error: arg-type
    if new is not None:
        reveal_type(user.confirm_device(new))  # reveals: userpool.flows.grant.NewDevice
        reveal_type(new.device)  # reveals: userpool.flows.grant.Device | None
        reveal_type(new.error)  # reveals: userpool.protocol._service_error.UserPoolError | None
    user.update_device_status(True)
    user.update_device_status(DeviceStatus.NOT_REMEMBERED, "us-east-1_…")
    user.update_device_status(None)  # error: arg-type
    for device in user.devices():
        reveal_type(device)  # reveals: userpool.flows.results.DeviceInfo
    page = user.list_devices(limit=10)
    reveal_type(page.next_token)  # reveals: str | None
    reveal_type([device.name for device in page])  # reveals: list[str | None]
    kept = pool.device("ada")
    pool.sign_in("ada", "Correct-horse-7", device=kept)
    pool.sign_in("ada", "Correct-horse-7", device="us-east-1_…")  # error: arg-type
    reveal_type(Device.from_dict({}))  # reveals: userpool.flows.grant.Device


async def settle_async(user: AsyncUser) -> None:
    reveal_type(await user.get_device())  # reveals: userpool.flows.results.DeviceInfo
    async for device in user.devices():
        reveal_type(device.last_authenticated_at)  # reveals: datetime.datetime | None
