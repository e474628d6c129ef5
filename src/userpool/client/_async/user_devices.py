"""A signed-in user's devices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from userpool import flows
from userpool.protocol.errors import ParameterError

from .user_calls import AsyncUserCalls

if TYPE_CHECKING:
    from userpool.flows.grant import NewDevice
    from userpool.flows.results import DeviceInfo, DeviceStatus, Page


class AsyncUserDevices(AsyncUserCalls):
    """The devices of a user; a method that is given no `device_key` means the one of this sign-in."""

    @property
    def device_key(self) -> str | None:
        """The device of this sign-in; `None` where the pool tracks none."""
        return self._session.held.device_key

    async def confirm_device(self, new_device: NewDevice, *, device_name: str | None = None) -> NewDevice:
        """Try again to confirm the device of a sign-in (ConfirmDevice), where `SignedIn.new_device` says that
        it is not confirmed. Then the storage keeps it, unless the user was made of tokens alone: for those
        `device` of what is returned is yours to keep.

        Args:
            new_device: from there.
            device_name: what the user will find it under; by default what the program calls itself.

        Raises:
            ServiceError, TransportError, ProtocolError: it is not confirmed, or nobody knows: try again with
                the same `new_device`.
        """
        confirmed = await self._call(
            lambda token: flows.devices.confirm_device(
                self._config, token, new_device, device_name=device_name
            )
        )
        await self._session.bind(confirmed.key)
        if self._session.stored:
            await self._home.keep_device(self._session.held, confirmed)
        return confirmed

    async def get_device(self, device_key: str | None = None) -> DeviceInfo:
        """Read one device (GetDevice).

        Raises:
            ParameterError: no device is named, and this sign-in has none.
            ResourceNotFoundException: the user has no such device.
        """
        key = self._device(device_key)
        return await self._call(lambda token: flows.devices.get_device(self._config, token, key))

    async def list_devices(
        self, *, limit: int | None = None, pagination_token: str | None = None
    ) -> Page[DeviceInfo]:
        """Read one page of the user's devices (ListDevices); `devices` goes through all of them.

        Args:
            limit: devices a page, at most 60.
            pagination_token: of the page before (`next_token`).
        """
        return await self._call(
            lambda token: flows.devices.list_devices(
                self._config, token, limit=limit, pagination_token=pagination_token
            )
        )

    async def devices(self) -> AsyncIterator[DeviceInfo]:
        """Go through all devices of the user, page by page (ListDevices)."""
        from .paging import every

        async def pages(*, next_token: str | None = None) -> Page[DeviceInfo]:
            return await self.list_devices(pagination_token=next_token)

        async for device in every(pages):
            yield device

    async def update_device_status(
        self, remembered: bool | DeviceStatus | str, device_key: str | None = None
    ) -> None:
        """Say whether the pool remembers a device (UpdateDeviceStatus): a remembered one stands for a second
        factor, where the pool is set so.

        Args:
            remembered: yes or no, or a `DeviceStatus`.
            device_key: of another device.

        Raises:
            ParameterError: no device is named, and this sign-in has none.
            ResourceNotFoundException: the user has no such device.
        """
        key = self._device(device_key)
        await self._call(
            lambda token: flows.devices.update_device_status(self._config, token, key, remembered)
        )

    async def remember_device(self, device_key: str | None = None) -> None:
        """Have the pool remember a device, as `update_device_status(True)`."""
        await self.update_device_status(True, device_key)

    async def do_not_remember_device(self, device_key: str | None = None) -> None:
        """Have the pool know a device without remembering it, as `update_device_status(False)`."""
        await self.update_device_status(False, device_key)

    async def forget_device(self, device_key: str | None = None) -> None:
        """Have the pool forget a device (ForgetDevice); of this machine's own, the storage's data goes too.

        Raises:
            ParameterError: no device is named, and this sign-in has none.
            ResourceNotFoundException: the user has no such device.
            StorageError: the pool has forgotten it, the storage still has its data.
        """
        key = self._device(device_key)
        await self._call(lambda token: flows.devices.forget_device(self._config, token, key))
        if key == self.device_key:
            await self._session.bind(None)
        await self._home.devices.drop(self._name, key)

    def _device(self, given: str | None) -> str:
        key = given or self.device_key
        if key is None:
            raise ParameterError(
                "This sign-in has no device: give the device_key of one that list_devices shows. A pool that "
                "tracks devices names one at each sign-in."
            )
        return key
