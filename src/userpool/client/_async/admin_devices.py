"""Users' devices, as administrators see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from userpool.flows.devices import device_info, device_status
from userpool.flows.results import Page
from userpool.protocol import operations as ops

from .admin_calls import AsyncAdminCalls
from .paging import every

if TYPE_CHECKING:
    from userpool.flows.results import DeviceInfo, DeviceStatus


class AsyncDevicesAdmin(AsyncAdminCalls):
    """The devices of a pool's users."""

    async def admin_get_device(
        self, username: str, device_key: str, *, user_pool_id: str | None = None
    ) -> DeviceInfo:
        """Read one device of a user (AdminGetDevice).

        Raises:
            ResourceNotFoundException: the user has no such device.
        """
        request = ops.ADMIN_GET_DEVICE.input(
            user_pool_id=self._pool(user_pool_id), username=username, device_key=device_key
        )
        return device_info((await self.call(ops.ADMIN_GET_DEVICE, request)).device)

    async def admin_list_devices(
        self,
        username: str,
        *,
        limit: int | None = None,
        pagination_token: str | None = None,
        user_pool_id: str | None = None,
    ) -> Page[DeviceInfo]:
        """Read one page of a user's devices (AdminListDevices); `admin_devices` goes through all of them.

        Args:
            username: whose.
            limit: devices a page, at most 60.
            pagination_token: of the page before (`next_token`).
            user_pool_id: another pool than this administrator's.
        """
        request = ops.ADMIN_LIST_DEVICES.input(
            user_pool_id=self._pool(user_pool_id),
            username=username,
            limit=limit,
            pagination_token=pagination_token,
        )
        reply = await self.call(ops.ADMIN_LIST_DEVICES, request)
        return Page(tuple(map(device_info, reply.devices or ())), reply.pagination_token)

    async def admin_devices(
        self, username: str, *, user_pool_id: str | None = None
    ) -> AsyncIterator[DeviceInfo]:
        """Go through all devices of a user, page by page (AdminListDevices)."""

        async def pages(*, next_token: str | None = None) -> Page[DeviceInfo]:
            return await self.admin_list_devices(
                username, pagination_token=next_token, user_pool_id=user_pool_id
            )

        async for device in every(pages):
            yield device

    async def admin_update_device_status(
        self,
        username: str,
        device_key: str,
        remembered: bool | DeviceStatus | str,
        *,
        user_pool_id: str | None = None,
    ) -> None:
        """Say whether the pool remembers a user's device (AdminUpdateDeviceStatus).

        Args:
            username: whose.
            device_key: which.
            remembered: yes or no, or a `DeviceStatus`.
            user_pool_id: another pool than this administrator's.

        Raises:
            ResourceNotFoundException: the user has no such device.
        """
        request = ops.ADMIN_UPDATE_DEVICE_STATUS.input(
            user_pool_id=self._pool(user_pool_id),
            username=username,
            device_key=device_key,
            device_remembered_status=device_status(remembered),
        )
        await self.call(ops.ADMIN_UPDATE_DEVICE_STATUS, request)

    async def admin_forget_device(
        self, username: str, device_key: str, *, user_pool_id: str | None = None
    ) -> None:
        """Have the pool forget a user's device (AdminForgetDevice).

        Raises:
            ResourceNotFoundException: the user has no such device.
        """
        request = ops.ADMIN_FORGET_DEVICE.input(
            user_pool_id=self._pool(user_pool_id), username=username, device_key=device_key
        )
        await self.call(ops.ADMIN_FORGET_DEVICE, request)
