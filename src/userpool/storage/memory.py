"""Records in this process's memory: the default, gone with the process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from .api import StorageBusy


class MemoryStorage:
    """A `Storage` that writes nowhere. A forked child gets a copy of the records, and locks of its own."""

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._guard = threading.Lock()
        # A lock goes when nobody holds it or waits for it: keys come and go.
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    def __repr__(self) -> str:
        return f"<MemoryStorage of {len(self._records)} records>"

    def load(self, key: str) -> bytes | None:
        """The record under `key`; `None` where there is none."""
        return self._records.get(key)

    def save(self, key: str, data: bytes) -> None:
        """Make `data` the record under `key`."""
        self._records[key] = bytes(data)

    def delete(self, key: str) -> None:
        """Remove the record under `key`; it may be absent."""
        self._records.pop(key, None)

    def keys(self) -> list[str]:
        """The keys of all records."""
        return list(self._records)

    @contextmanager
    def lock(self, key: str, timeout: float) -> Iterator[None]:
        """Hold the lock of `key`; waits at most `timeout` seconds. Raises `StorageBusy`."""
        if self._pid != os.getpid():
            self._begin()  # born by a fork: whoever held a lock is not in this process
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(timeout=max(timeout, 0)):
            raise StorageBusy(f"The tokens in memory were in use for more than {timeout:g} seconds.")
        try:
            yield
        finally:
            lock.release()
