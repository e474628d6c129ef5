"""What a storage is: records of bytes under a key, and a lock for each key.

A storage of your own needs no base class: five methods of these names suffice.
`userpool.testing.storage_kit` tells whether it keeps the rules below.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Protocol, runtime_checkable

from userpool.protocol.errors import StorageError


class StorageBusy(StorageError):
    """The lock of a record was not free in time: another process holds it, or has been stopped while it
    did.
    """


@runtime_checkable
class Storage(Protocol):
    """Keeps records; shared by threads, and by processes where its place is.

    - A record is replaced as a whole or not at all: whoever reads meanwhile gets the old one or the new one.
    - `save` returns when the record is as durable as the storage can make it.
    - A record that cannot be read (cut off, garbled, of an unknown form) counts as absent.
    - What goes wrong is a `StorageError` that names the place and the repair; never the record.
    - Keys are any text up to 4,096 characters: hash them where the place is particular about names.
    """

    def load(self, key: str) -> bytes | None:
        """The record under `key`; `None` where there is none. Raises `StorageError`."""
        ...

    def save(self, key: str, data: bytes) -> None:
        """Make `data` the record under `key`. Raises `StorageError`; the old record is then unharmed."""
        ...

    def delete(self, key: str) -> None:
        """Remove the record under `key` with every trace of it; it may be absent. Raises `StorageError`."""
        ...

    def keys(self) -> list[str]:
        """The keys of all records, in no order. Raises `StorageError`."""
        ...

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold the lock of `key` inside `with`: nobody else does, in this process or in another.

        It guards a sequence of loads and saves; these do not ask for it by themselves. It is not re-entrant,
        may be let go by another thread than took it, and is free at once when its holder dies.

        Args:
            key: of the record, which may be absent.
            timeout: seconds to wait; 0 tries once.

        Raises `StorageBusy` when the time is over, `StorageError` where locking does not work.
        """
        ...


@runtime_checkable
class AsyncStorage(Protocol):
    """The same for asyncio; `userpool.storage.threads.ThreadedStorage` makes one of any `Storage`."""

    async def load(self, key: str) -> bytes | None:
        """The record under `key`; `None` where there is none. Raises `StorageError`."""
        ...

    async def save(self, key: str, data: bytes) -> None:
        """Make `data` the record under `key`. Raises `StorageError`; the old record is then unharmed."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the record under `key` with every trace of it. Raises `StorageError`."""
        ...

    async def keys(self) -> list[str]:
        """The keys of all records, in no order. Raises `StorageError`."""
        ...

    def lock(self, key: str, timeout: float) -> AbstractAsyncContextManager[None]:
        """Hold the lock of `key` inside `async with`; as `Storage.lock`."""
        ...
