"""The storage kit finds what is wrong: for each rule a storage that breaks it. That ours pass is
`tests/storage/test_contract.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from userpool.storage.api import AsyncStorage, Storage, StorageBusy
from userpool.storage.memory import MemoryStorage
from userpool.storage.threads import ThreadedStorage
from userpool.testing.storage_kit import AsyncStorageKit, StorageKit

KEPT: list[Any] = []
"""Locks that a garbage collection would let go of."""


class KeepsOld(MemoryStorage):
    def save(self, key: str, data: bytes) -> None:
        if self.load(key) is None:
            super().save(key, data)


class TakesEmptyForAbsent(MemoryStorage):
    def load(self, key: str) -> bytes | None:
        return super().load(key) or None


class CutsOff(MemoryStorage):
    def save(self, key: str, data: bytes) -> None:
        super().save(key, data[:4096])


class FoldsCase(MemoryStorage):
    def save(self, key: str, data: bytes) -> None:
        super().save(key.lower(), data)

    def load(self, key: str) -> bytes | None:
        return super().load(key.lower())


class Shows(MemoryStorage):
    def __repr__(self) -> str:
        return f"Shows({[self.load(key) for key in self.keys()]})"


class LocksNothing(MemoryStorage):
    @contextlib.contextmanager
    def lock(self, key: str, timeout: float) -> Iterator[None]:
        yield


class LocksAll(MemoryStorage):
    def lock(self, key: str, timeout: float) -> Any:
        return super().lock("one for all", timeout)


class KeepsLockAfterError(MemoryStorage):
    @contextlib.contextmanager
    def lock(self, key: str, timeout: float) -> Iterator[None]:
        held = super().lock(key, timeout)
        KEPT.append(held)
        held.__enter__()
        yield
        held.__exit__(None, None, None)


class LocksTheRecord(MemoryStorage):
    """Its lock is a mark beside the record, removed with it."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: set[str] = set()

    def delete(self, key: str) -> None:
        super().delete(key)
        self.marks.discard(key)

    @contextlib.contextmanager
    def lock(self, key: str, timeout: float) -> Iterator[None]:
        if key in self.marks:
            raise StorageBusy("held")
        self.marks.add(key)
        try:
            yield
        finally:
            self.marks.discard(key)


class RemovesFirst(MemoryStorage):
    def save(self, key: str, data: bytes) -> None:
        self.delete(key)
        time.sleep(0.001)  # what a reader needs to see it
        super().save(key, data)


class ItsThreadOnly(MemoryStorage):
    def lock(self, key: str, timeout: float) -> Any:
        inner, owner = super().lock(key, timeout), threading.get_ident()
        KEPT.append(inner)

        @contextlib.contextmanager
        def held() -> Iterator[None]:
            inner.__enter__()
            yield
            if threading.get_ident() == owner:
                inner.__exit__(None, None, None)

        return held()


class NoLock:
    load, save, delete, keys = (
        MemoryStorage.load,
        MemoryStorage.save,
        MemoryStorage.delete,
        MemoryStorage.keys,
    )


def kit(storage: Any, other: Any = None) -> StorageKit:
    class Kit(StorageKit):
        def make(self) -> Storage:
            made: Storage = storage()
            return made

        def again(self, storage: Storage) -> Storage | None:
            second: Storage | None = other and other(storage)
            return second

    return Kit()


@pytest.mark.parametrize(
    ("broken", "rule", "says"),
    [
        (KeepsOld, "a_record_is_kept_replaced_and_removed", "replace the old"),
        (TakesEmptyForAbsent, "a_record_is_kept_replaced_and_removed", "empty record"),
        (CutsOff, "a_large_record_is_kept", "comes back whole"),
        (FoldsCase, "any_text_is_a_key", "'KEY' is a key of its own"),
        (Shows, "nothing_of_a_record_is_shown", "repr shows nothing"),
        (LocksNothing, "a_lock_has_one_holder", "raises StorageBusy"),
        (LocksTheRecord, "a_lock_outlives_its_record", "raises StorageBusy"),
        (RemovesFirst, "whoever_reads_meanwhile_sees_a_whole_record", "never a part or none"),
        (NoLock, "it_has_the_methods", "load, save, delete, keys and lock"),
    ],
)
def test_a_broken_storage_is_found_out(broken: Any, rule: str, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        getattr(kit(broken), f"test_{rule}")()


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (LocksAll, "a_lock_has_one_holder"),
        (KeepsLockAfterError, "a_lock_is_let_go_after_an_error"),
        (ItsThreadOnly, "a_lock_may_be_let_go_by_another_thread"),
    ],
)
def test_a_lock_that_is_not_free_is_found_out(broken: Any, rule: str) -> None:
    with pytest.raises(StorageBusy):
        getattr(kit(broken), f"test_{rule}")()


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (lambda _: MemoryStorage(), "the other reads"),
        (lambda first: NotItsLocks(first), "raises StorageBusy"),
    ],
)
def test_what_is_not_shared_is_found_out(second: Any, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        kit(MemoryStorage, second).test_two_that_share_a_place_see_the_same()
    kit(MemoryStorage, lambda first: first).test_two_that_share_a_place_see_the_same()


class NotItsLocks:
    """The same records, and locks that the first knows nothing of."""

    def __init__(self, first: MemoryStorage) -> None:
        self.load, self.save, self.delete, self.keys = first.load, first.save, first.delete, first.keys
        self.lock = MemoryStorage().lock


class BlocksTheLoop(ThreadedStorage):
    @contextlib.asynccontextmanager
    async def lock(self, key: str, timeout: float) -> Any:
        with self._storage.lock(key, timeout):
            yield


class ForgetsTheWaiter(ThreadedStorage):
    """Whoever is cancelled while waiting leaves a thread behind that takes the lock."""

    @contextlib.asynccontextmanager
    async def lock(self, key: str, timeout: float) -> Any:
        held = self._storage.lock(key, timeout)
        await asyncio.to_thread(held.__enter__)
        try:
            yield
        finally:
            held.__exit__(None, None, None)


def test_async_storages_that_block_or_keep_locks_are_found_out() -> None:
    class Blocking(AsyncStorageKit):
        def make(self) -> AsyncStorage:
            return BlocksTheLoop(MemoryStorage())

    class Forgetting(AsyncStorageKit):
        def make(self) -> AsyncStorage:
            return ForgetsTheWaiter(MemoryStorage())

    with pytest.raises(AssertionError, match="does not hold up the event loop"):
        Blocking().test_the_event_loop_goes_on_while_a_lock_is_waited_for()
    with pytest.raises(StorageBusy):
        Forgetting().test_a_cancelled_waiter_leaves_no_lock_behind()


def test_a_kit_without_make_says_what_is_missing() -> None:
    class Nothing(StorageKit):
        pass

    class NothingAsync(AsyncStorageKit):
        pass

    for empty in (Nothing(), NothingAsync()):
        with pytest.raises(AssertionError, match="give make"):
            empty.test_it_has_the_methods()
