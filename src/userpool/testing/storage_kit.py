"""The rules of a storage as tests, to run on one of your own.

    from userpool.testing.storage_kit import StorageKit

    class TestMyStorage(StorageKit):
        def make(self):
            return MyStorage(new_empty_place())

pytest collects the rules from the subclass; `AsyncStorageKit` does the same for an `AsyncStorage`. Each rule
asks for a storage of its own, which has to be empty. Where records outlive the object, in a file or in a
database, give `again` too: it is how two processes that share a place are played.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar

from userpool.storage.api import AsyncStorage, Storage, StorageBusy

from ._rules import expect

SLACK = 2.0
"""Seconds beyond its time that a lock may be waited for on a busy machine."""
PATIENCE = 30.0
"""Seconds to wait for a lock that is going to be free."""
WORKERS = 8
"""How many threads or tasks want the same record."""
TURNS = 5
"""How often each of them changes it."""
HOSTILE_KEYS = (
    "",
    "a/b",
    "../../etc/passwd",
    "nul\0",
    "x" * 4096,
    "Ünï-🗝",
    "con",
    "a.lock",
    "a' OR 1=1",
    "\ud800",
    "KEY",
    "key",
)


class _InPlace:
    """A `Storage` as the rules call it: nothing is put into a thread, every call blocks."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    async def load(self, key: str) -> bytes | None:
        return self.storage.load(key)

    async def save(self, key: str, data: bytes) -> None:
        self.storage.save(key, data)

    async def delete(self, key: str) -> None:
        self.storage.delete(key)

    async def keys(self) -> list[str]:
        return self.storage.keys()

    def lock(self, key: str, timeout: float) -> AbstractAsyncContextManager[None]:
        return self._lock(key, timeout)

    @asynccontextmanager
    async def _lock(self, key: str, timeout: float) -> AsyncIterator[None]:
        with self.storage.lock(key, timeout):
            yield


class _Rules:
    """The rules, whatever the colour; a subclass says how a storage is made, and how work runs together."""

    __test__ = False
    large: ClassVar[int] = 50_000
    """Bytes of a record that has to fit. Tokens with many groups, and a device, have about 10,000."""

    def _made(self) -> AsyncStorage:
        raise AssertionError("use StorageKit or AsyncStorageKit")

    def _made_again(self, there: AsyncStorage) -> AsyncStorage | None:
        raise AssertionError("use StorageKit or AsyncStorageKit")

    def _together(self, works: Sequence[Coroutine[Any, Any, None]]) -> None:
        raise AssertionError("use StorageKit or AsyncStorageKit")

    def test_a_record_is_kept_replaced_and_removed(self) -> None:
        async def rule(there: AsyncStorage) -> None:
            expect(await there.load("ada") is None, "what was never saved is absent")
            expect(await there.keys() == [], "make() returns an empty storage")
            await there.delete("ada")
            await there.save("ada", b"one")
            await there.save("bob", b"")
            expect(await there.load("ada") == b"one", "a record comes back")
            expect(await there.load("bob") == b"", "an empty record is not an absent one")
            await there.save("ada", bytes(range(256)))
            expect(await there.load("ada") == bytes(range(256)), "any bytes come back, and replace the old")
            expect(sorted(await there.keys()) == ["ada", "bob"], "every key is told once")
            await there.delete("ada")
            expect(await there.load("ada") is None, "what was removed is absent")
            expect(await there.keys() == ["bob"], "removing one record leaves the others")

        asyncio.run(rule(self._made()))

    def test_a_large_record_is_kept(self) -> None:
        async def rule(there: AsyncStorage) -> None:
            data = bytes(number % 251 for number in range(self.large))
            await there.save("ada", data)
            expect(await there.load("ada") == data, f"a record of {self.large} bytes comes back whole")
            await there.save("ada", b"short")
            expect(await there.load("ada") == b"short", "nothing of a longer record is left over")

        asyncio.run(rule(self._made()))

    def test_any_text_is_a_key(self) -> None:
        async def rule(there: AsyncStorage) -> None:
            for number, key in enumerate(HOSTILE_KEYS):
                await there.save(key, b"%d" % number)
            for number, key in enumerate(HOSTILE_KEYS):
                expect(await there.load(key) == b"%d" % number, f"{key[:40]!r} is a key of its own")
            expect(sorted(await there.keys()) == sorted(HOSTILE_KEYS), "keys come back as they were given")
            for key in HOSTILE_KEYS:
                async with there.lock(key, 1):
                    pass
                await there.delete(key)
            expect(await there.keys() == [], "each of them can be removed")

        asyncio.run(rule(self._made()))

    def test_nothing_of_a_record_is_shown(self) -> None:
        async def rule(there: AsyncStorage) -> None:
            await there.save("ada", b"kit-secret")
            shown = repr(there.storage if isinstance(there, _InPlace) else there)
            expect("kit-secret" not in shown, "repr shows nothing of a record")
            async with there.lock("ada", 1):
                shown = await _refusal(there, "ada", 0)
            expect("kit-secret" not in shown, "StorageBusy shows nothing of a record")

        asyncio.run(rule(self._made()))

    def test_a_lock_has_one_holder(self) -> None:
        async def rule(there: AsyncStorage) -> None:
            async with there.lock("ada", 1):
                begun = time.monotonic()
                await _refusal(there, "ada", 0.05)
                expect(time.monotonic() - begun < 0.05 + SLACK, "a lock is not waited for any longer")
                await _refusal(there, "ada", 0)
                await _refusal(there, "ada", -1)
                async with there.lock("bob", 0):
                    pass
            async with there.lock("ada", 0):
                pass

        asyncio.run(rule(self._made()))

    def test_a_lock_outlives_its_record(self) -> None:
        async def rule(there: AsyncStorage) -> None:
            await there.save("ada", b"one")
            async with there.lock("ada", 1):
                await there.delete("ada")
                await _refusal(there, "ada", 0)
                await there.save("ada", b"two")
                await _refusal(there, "ada", 0)
            expect(await there.load("ada") == b"two", "a record saved under the lock is kept")

        asyncio.run(rule(self._made()))

    def test_a_lock_is_let_go_after_an_error(self) -> None:
        class _ItsOwn(Exception):
            pass

        async def rule(there: AsyncStorage) -> None:
            try:
                async with there.lock("ada", 1):
                    raise _ItsOwn
            except _ItsOwn:
                pass
            else:
                raise AssertionError("an error under the lock reaches whoever holds it")
            async with there.lock("ada", 0):
                pass

        asyncio.run(rule(self._made()))

    def test_nothing_is_lost_where_many_change_a_record_under_its_lock(self) -> None:
        there = self._made()
        counts: list[int] = []

        async def count() -> None:
            for _ in range(TURNS):
                async with there.lock("count", PATIENCE):
                    counts.append(int(await there.load("count") or b"0") + 1)
                    await there.save("count", b"%d" % counts[-1])

        self._together([count() for _ in range(WORKERS)])
        expect(counts == list(range(1, WORKERS * TURNS + 1)), "every change was seen by the next")

    def test_whoever_reads_meanwhile_sees_a_whole_record(self) -> None:
        there = self._made()
        records = (b"a" * (self.large // 2), b"b" * self.large)
        begun, done = threading.Event(), threading.Event()
        seen: set[bytes | None] = set()

        async def write() -> None:
            try:
                for number in range(40):
                    await there.save("ada", records[number % 2])
                    begun.set()
            finally:
                done.set()

        async def read() -> None:
            while not done.is_set():
                if begun.is_set():
                    seen.add(await there.load("ada"))
                await asyncio.sleep(0)

        self._together([write(), read()])
        expect(seen <= set(records), "a reader gets the old record or the new one, never a part or none")

    def test_two_that_share_a_place_see_the_same(self) -> None:
        async def rule(first: AsyncStorage) -> None:
            second = self._made_again(first)
            if second is None:
                return
            await first.save("ada", b"one")
            expect(await second.load("ada") == b"one", "what one saved the other reads")
            expect(await second.keys() == ["ada"], "what one saved the other lists")
            async with first.lock("ada", 1):
                await _refusal(second, "ada", 0)
                async with second.lock("bob", 0):
                    pass
            async with second.lock("ada", 1):
                await _refusal(first, "ada", 0)
                await second.save("ada", b"two")
            expect(await first.load("ada") == b"two", "what the other saved is not hidden by a cache")
            await second.delete("ada")
            expect(await first.load("ada") is None, "what the other removed is gone")

        asyncio.run(rule(self._made()))


class StorageKit(_Rules):
    """The rules for a `Storage`: subclass it and give `make`, and `again` where others share its place."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__test__ = True

    def make(self) -> Storage:
        """A new storage with nothing in it."""
        raise AssertionError("give make(): it returns a new, empty storage")

    def again(self, storage: Storage) -> Storage | None:
        """Another object over the place of `storage`, as another process would make it; by default `None`:
        there is no such place.
        """
        return None

    def test_it_has_the_methods(self) -> None:
        """What a storage has to have."""
        expect(isinstance(self.make(), Storage), "a storage has load, save, delete, keys and lock")

    def test_a_lock_may_be_let_go_by_another_thread(self) -> None:
        """As `ThreadedStorage` does, whose threads come and go."""
        storage = self.make()
        held = storage.lock("ada", 1)
        held.__enter__()
        other = threading.Thread(target=held.__exit__, args=(None, None, None))
        other.start()
        other.join()
        with storage.lock("ada", 0):
            pass

    def _made(self) -> AsyncStorage:
        return _InPlace(self.make())

    def _made_again(self, there: AsyncStorage) -> AsyncStorage | None:
        second = self.again(there.storage) if isinstance(there, _InPlace) else None
        return None if second is None else _InPlace(second)

    def _together(self, works: Sequence[Coroutine[Any, Any, None]]) -> None:
        with ThreadPoolExecutor(len(works)) as threads:
            list(threads.map(asyncio.run, works))


class AsyncStorageKit(_Rules):
    """The rules for an `AsyncStorage`: subclass it and give `make`, and `again` where others share its place.

    Every rule runs in an event loop of its own.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__test__ = True

    def make(self) -> AsyncStorage:
        """A new storage with nothing in it."""
        raise AssertionError("give make(): it returns a new, empty storage")

    def again(self, storage: AsyncStorage) -> AsyncStorage | None:
        """Another object over the place of `storage`, as another process would make it; by default `None`:
        there is no such place.
        """
        return None

    def test_it_has_the_methods(self) -> None:
        """What a storage has to have."""
        expect(isinstance(self.make(), AsyncStorage), "a storage has load, save, delete, keys and lock")

    def test_a_cancelled_waiter_leaves_no_lock_behind(self) -> None:
        """A task that is cancelled while it waits, or just when it gets the lock, does not keep it."""

        async def rule(there: AsyncStorage) -> None:
            async def wait() -> None:
                async with there.lock("ada", PATIENCE):
                    raise AssertionError("a lock that is held was given to another")

            for delay in (0.0, 0.001, 0.03):
                async with there.lock("ada", 1):
                    task = asyncio.create_task(wait())
                    await asyncio.sleep(delay)
                    task.cancel()
                    await asyncio.wait([task])
                    expect(task.cancelled(), "waiting for a lock can be cancelled")
                async with there.lock("ada", SLACK):
                    pass

        asyncio.run(rule(self.make()))

    def test_the_event_loop_goes_on_while_a_lock_is_waited_for(self) -> None:
        """Whoever holds the lock may be a task of the same loop."""

        async def rule(there: AsyncStorage) -> None:
            turns = 0

            async def turn() -> None:
                nonlocal turns
                while True:
                    await asyncio.sleep(0.01)
                    turns += 1

            async with there.lock("ada", 1):
                turning = asyncio.create_task(turn())
                await _refusal(there, "ada", 0.3)
                turning.cancel()
            expect(turns > 1, "waiting for a lock does not hold up the event loop")

        asyncio.run(rule(self.make()))

    def _made(self) -> AsyncStorage:
        return self.make()

    def _made_again(self, there: AsyncStorage) -> AsyncStorage | None:
        return self.again(there)

    def _together(self, works: Sequence[Coroutine[Any, Any, None]]) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*works)

        asyncio.run(all_of_them())


async def _refusal(there: AsyncStorage, key: str, timeout: float) -> str:
    """What a lock that is held says to the next who wants it."""
    try:
        async with there.lock(key, timeout):
            pass
    except StorageBusy as busy:
        return f"{busy!r} {busy}"
    raise AssertionError("a lock that is held raises StorageBusy when the time is over")
