"""Any storage for asyncio: its methods run in threads, and its lock is waited for without holding one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Final

from .api import Storage, StorageBusy
from .memory import MemoryStorage

POLL: Final = 0.02
"""Seconds between two tries for a lock."""


class ThreadedStorage:
    """An `AsyncStorage` over `storage`, which it shares with whoever else uses it. Memory needs no thread."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._quick = isinstance(storage, MemoryStorage)

    def __repr__(self) -> str:
        return f"<ThreadedStorage over {self._storage!r}>"

    async def load(self, key: str) -> bytes | None:
        """The record under `key`; `None` where there is none. Raises `StorageError`."""
        if self._quick:
            return self._storage.load(key)
        return await asyncio.to_thread(self._storage.load, key)

    async def save(self, key: str, data: bytes) -> None:
        """Make `data` the record under `key`. Raises `StorageError`."""
        if self._quick:
            self._storage.save(key, data)
        else:
            await asyncio.to_thread(self._storage.save, key, data)

    async def delete(self, key: str) -> None:
        """Remove the record under `key`. Raises `StorageError`."""
        if self._quick:
            self._storage.delete(key)
        else:
            await asyncio.to_thread(self._storage.delete, key)

    async def keys(self) -> list[str]:
        """The keys of all records. Raises `StorageError`."""
        return self._storage.keys() if self._quick else await asyncio.to_thread(self._storage.keys)

    @asynccontextmanager
    async def lock(self, key: str, timeout: float) -> AsyncIterator[None]:
        """Hold the lock of `key`; waits at most `timeout` seconds. Raises `StorageBusy`, `StorageError`.

        Each try takes a moment only: a worker thread that waited would be missing where whoever holds the
        lock loads and saves.
        """
        ends = time.monotonic() + timeout
        held = await self._try(key)
        while held is None:
            left = ends - time.monotonic()
            if left <= 0:
                raise StorageBusy(
                    f"The stored tokens were in use by another program for more than {timeout:g} seconds. "
                    "If one of this user's programs hangs, end it."
                )
            await asyncio.sleep(min(POLL, left))
            held = await self._try(key)
        try:
            yield
        finally:
            if self._quick:
                held.__exit__(None, None, None)
            else:
                await asyncio.shield(asyncio.to_thread(held.__exit__, None, None, None))

    async def _try(self, key: str) -> AbstractContextManager[None] | None:
        if self._quick:
            return self._take(key)
        trying = asyncio.ensure_future(asyncio.to_thread(self._take, key))
        try:
            return await asyncio.shield(trying)
        except asyncio.CancelledError:
            # The thread goes on and may get the lock yet.
            trying.add_done_callback(_let_go)
            raise

    def _take(self, key: str) -> AbstractContextManager[None] | None:
        lock = self._storage.lock(key, 0)
        try:
            lock.__enter__()
        except StorageBusy:
            return None
        return lock


def _let_go(trying: asyncio.Future[AbstractContextManager[None] | None]) -> None:
    held = None if trying.cancelled() or trying.exception() else trying.result()
    if held is not None:
        held.__exit__(None, None, None)
