"""The devices that a storage keeps for the users of one app client: found by whatever name is typed, used by
every sign-in, kept when new, dropped when the service has forgotten them.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from userpool.client.device_record import DeviceRecords, KeptDevice
from userpool.client.judging import StorageWarning
from userpool.flows.known_device import is_unknown_device
from userpool.protocol.errors import ServiceError, StorageError
from userpool.storage.api import AsyncStorage

if TYPE_CHECKING:
    from userpool.flows.grant import Device, Grant
    from userpool.protocol.challenges import ChallengeStep
    from userpool.protocol.effects import Flow

    from .connection import AsyncConnection

LOCK_SECONDS: Final = 10.0
LONGEST_NAME: Final = 128
"""Characters of a user name: what is longer finds nothing."""


class AsyncDevices:
    """The devices of one app client's users on this machine.

    Args:
        connection: runs the sign-ins.
        storage: keeps the records.
        records: names and reads them.
    """

    def __init__(self, connection: AsyncConnection, storage: AsyncStorage, records: DeviceRecords) -> None:
        self._connection = connection
        self._storage = storage
        self._records = records

    async def sign_in(
        self,
        begin: Callable[[Device | None], Flow[Grant | ChallengeStep]],
        name: str,
        *,
        device: Device | None = None,
        device_key: str | None = None,
    ) -> tuple[Grant | ChallengeStep, bool]:
        """Run a step of a sign-in with the device at hand.

        Args:
            begin: makes the conversation, with the device or without.
            name: whoever signs in, as typed or as the challenge has it.
            device: from the caller's own hand; by default the storage's.
            device_key: of the device that the sign-in has named before.

        Returns:
            What the step came to, and whether the service has forgotten the device: then its data is gone.
        """
        used = device or await self._found(name)
        named = device_key or (used.key if used else None)
        try:
            outcome = await self._connection.run(begin(used))
        except ServiceError as refusal:
            if named is not None and is_unknown_device(refusal):
                await self._dropped(name, named)
            raise
        forgotten = named is not None and outcome.device_key != named
        if named is not None and forgotten:
            await self._dropped(name, named)
        return outcome, forgotten

    async def find(self, name: str) -> Device | None:
        """The device of whoever signs in as `name`. Raises `StorageError`."""
        kept = await self._load(name)
        return kept.device if kept else None

    async def keep(self, device: Device, username: str, names: Iterable[str] = ()) -> None:
        """Keep a device under the service's own name for the user, and find it by `names` too.

        Raises:
            StorageError: it is not kept.
        """
        # Many pools take names in any case of letters.
        every = {username, *names} | {name.casefold() for name in (username, *names)}
        others = {name for name in every if len(name) <= LONGEST_NAME} - {username}
        key = self._records.key(username)
        async with self._storage.lock(key, timeout=LOCK_SECONDS):
            before = self._records.decode(await self._storage.load(key))
            await self._storage.save(
                key, self._records.encode(KeptDevice(device, username, frozenset(others)))
            )
            if isinstance(before, KeptDevice):
                await self._remove_pointers(username, before.names - others)
            for name in others:
                # What another user's device lies under is not taken from them.
                if not isinstance(await self._read(name), KeptDevice):
                    await self._storage.save(self._records.key(name), self._records.encode_pointer(username))

    async def drop(self, name: str, device_key: str | None = None) -> None:
        """Forget the device of whoever signs in as `name`, if it is (still) the one of `device_key`.

        Raises:
            StorageError: it may still be there.
        """
        kept = await self._load(name)
        if kept is None:
            return
        key = self._records.key(kept.username)
        async with self._storage.lock(key, timeout=LOCK_SECONDS):
            now = self._records.decode(await self._storage.load(key))
            if not isinstance(now, KeptDevice) or device_key not in (None, now.device.key):
                return
            await self._storage.delete(key)
            await self._remove_pointers(now.username, now.names)

    @contextlib.contextmanager
    def warned(self) -> Iterator[None]:
        """Warn of a storage that keeps or drops nothing: a sign-in does not fail for it."""
        try:
            yield
        except StorageError as error:
            warnings.warn(
                f"This machine's device is not as the service has it: {error}", StorageWarning, stacklevel=3
            )

    async def _found(self, name: str) -> Device | None:
        device: Device | None = None
        # Without it this machine is a new device; a storage that does not work shows with the tokens.
        with contextlib.suppress(StorageError):
            device = await self.find(name)
        return device

    async def _dropped(self, name: str, device_key: str) -> None:
        with self.warned():
            await self.drop(name, device_key)

    async def _load(self, name: str) -> KeptDevice | None:
        kept = await self._read(name) or await self._read(name.casefold())
        if isinstance(kept, str):
            kept = await self._read(kept)
        return kept if isinstance(kept, KeptDevice) else None

    async def _read(self, name: str) -> KeptDevice | str | None:
        if len(name) > LONGEST_NAME:
            return None
        return self._records.decode(await self._storage.load(self._records.key(name)))

    async def _remove_pointers(self, username: str, names: Iterable[str]) -> None:
        for name in names:
            if await self._read(name) == username:
                await self._storage.delete(self._records.key(name))
