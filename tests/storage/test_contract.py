"""What every storage keeps to: memory, files, files by path as on Windows, sealed ones, files under a key of
the keyring, cookies; and each of them from asyncio.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from userpool.protocol.errors import StorageError
from userpool.storage import _folder
from userpool.storage.api import AsyncStorage, Storage, StorageBusy
from userpool.storage.cookies import CookieStorage
from userpool.storage.file import FileStorage
from userpool.storage.keyring import KeyringStorage
from userpool.storage.memory import MemoryStorage
from userpool.storage.sealed import KEY_BYTES, SealedStorage
from userpool.storage.threads import ThreadedStorage

HOSTILE_KEYS = [
    "",
    "a/b",
    "../../etc/passwd",
    "nul\0",
    "x" * 1000,
    "Ünï-🗝",
    "con",
    "a.lock",
    "\ud800",
    "KEY",
    "key",
]


@pytest.fixture(params=["memory", "file", "file-by-path", "sealed", "keyring", "cookies"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    match request.param:
        case "memory":
            return MemoryStorage()
        case "sealed":
            return SealedStorage(MemoryStorage(), bytes(KEY_BYTES))
        case "cookies":
            return CookieStorage({}, bytes(KEY_BYTES))
        case "keyring":
            ring: dict[tuple[str, str], str] = {}
            monkeypatch.setattr("keyring.get_password", lambda *entry: ring.get(entry))
            monkeypatch.setattr("keyring.set_password", lambda *entry: ring.update({entry[:2]: entry[2]}))
            return KeyringStorage(tmp_path / "tokens")
    if request.param == "file-by-path":
        monkeypatch.setattr(_folder, "BY_DESCRIPTOR", False)
    return FileStorage(tmp_path / "tokens")


def test_a_record_is_kept_replaced_and_removed(storage: Storage) -> None:
    assert isinstance(storage, Storage)
    assert storage.load("ada") is None
    assert storage.keys() == []
    storage.delete("ada")
    storage.save("ada", b"one")
    storage.save("bob", b"")
    assert (storage.load("ada"), storage.load("bob")) == (b"one", b"")
    storage.save("ada", bytes(range(256)))
    assert storage.load("ada") == bytes(range(256))
    assert sorted(storage.keys()) == ["ada", "bob"]
    storage.delete("ada")
    assert storage.load("ada") is None
    assert storage.keys() == ["bob"]


def test_s13_any_text_is_a_key_and_leads_nowhere_else(storage: Storage, tmp_path: Path) -> None:
    for number, key in enumerate(HOSTILE_KEYS):
        storage.save(key, b"%d" % number)
    assert [storage.load(key) for key in HOSTILE_KEYS] == [b"%d" % n for n in range(len(HOSTILE_KEYS))]
    assert sorted(storage.keys()) == sorted(HOSTILE_KEYS)
    assert {path.name for path in tmp_path.iterdir()} <= {"tokens"}
    for key in HOSTILE_KEYS:
        with storage.lock(key, 1):
            pass
        storage.delete(key)
    assert storage.keys() == []


def test_nothing_of_a_record_is_shown(storage: Storage) -> None:
    storage.save("ada", b"secret-token")
    assert "secret-token" not in repr(storage)
    assert "secret-token" not in repr(ThreadedStorage(storage))


def test_a_lock_is_one_holder_s(storage: Storage) -> None:
    with storage.lock("ada", 1):
        begun = time.monotonic()
        with pytest.raises(StorageBusy, match=r"more than 0\.05 seconds"), storage.lock("ada", 0.05):
            pass
        assert time.monotonic() - begun < 2
        with pytest.raises(StorageBusy), storage.lock("ada", 0):
            pass
        with pytest.raises(StorageBusy), storage.lock("ada", -1):
            pass
        with storage.lock("bob", 0):
            pass
    with storage.lock("ada", 0):
        pass


def test_memory_keeps_no_lock_that_nobody_holds() -> None:
    storage = MemoryStorage()
    with storage.lock("ada", 0), storage.lock("bob", 0):
        assert sorted(storage._locks) == ["ada", "bob"]
    gc.collect()
    assert list(storage._locks) == []


def test_a_lock_is_let_go_after_an_error(storage: Storage) -> None:
    with pytest.raises(ZeroDivisionError), storage.lock("ada", 1):
        raise ZeroDivisionError
    with storage.lock("ada", 0):
        pass


def test_threads_that_count_under_the_lock_lose_nothing(storage: Storage) -> None:
    storage.save("count", b"0")

    def count(_: int) -> None:
        with storage.lock("count", 20):
            storage.save("count", b"%d" % (int(storage.load("count") or b"0") + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(40)))
    assert storage.load("count") == b"40"


def test_a_lock_may_be_let_go_by_another_thread(storage: Storage) -> None:
    held = storage.lock("ada", 1)
    held.__enter__()
    other = threading.Thread(target=held.__exit__, args=(None, None, None))
    other.start()
    other.join()
    with storage.lock("ada", 0):
        pass


def test_whoever_reads_meanwhile_sees_a_whole_record(storage: Storage) -> None:
    records = [b"a" * 5000, b"b" * (7000 if isinstance(storage, CookieStorage) else 50_000)]
    storage.save("ada", records[0])
    done = threading.Event()

    def write() -> None:
        try:
            for number in range(60):
                storage.save("ada", records[number % 2])
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(storage.load("ada"))
    writer.join()
    assert seen <= set(records)


def test_async_the_same(storage: Storage) -> None:
    async def main() -> None:
        there = ThreadedStorage(storage)
        assert isinstance(there, AsyncStorage)
        assert await there.load("ada") is None
        await there.save("ada", b"one")
        assert await there.load("ada") == storage.load("ada") == b"one"
        assert await there.keys() == ["ada"]
        async with there.lock("ada", 1):
            with pytest.raises(StorageBusy, match=r"more than 0\.05 seconds"):
                async with there.lock("ada", 0.05):
                    pass
            with pytest.raises(StorageBusy), storage.lock("ada", 0):
                pass
        async with there.lock("ada", 0):
            pass
        await there.delete("ada")
        assert storage.load("ada") is None

    asyncio.run(main())


def test_async_many_tasks_wait_and_the_holder_still_gets_its_work_done(storage: Storage) -> None:
    async def main() -> bytes | None:
        there = ThreadedStorage(storage)

        async def count() -> None:
            async with there.lock("count", 30):
                await there.save("count", b"%d" % (int(await there.load("count") or b"0") + 1))

        await asyncio.gather(*(count() for _ in range(30)))
        return await there.load("count")

    assert asyncio.run(main()) == b"30"


def test_async_a_cancelled_waiter_leaves_no_lock_behind(storage: Storage) -> None:
    async def main() -> None:
        there = ThreadedStorage(storage)

        async def wait() -> None:
            async with there.lock("ada", 30):
                raise AssertionError("never reached")

        for delay in (0.0, 0.001, 0.03):
            async with there.lock("ada", 1):
                task = asyncio.create_task(wait())
                await asyncio.sleep(delay)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            async with there.lock("ada", 5):
                pass

    asyncio.run(main())


def test_async_a_lock_that_comes_after_cancelling_is_let_go() -> None:
    inner = MemoryStorage()
    entered, go_on = threading.Event(), threading.Event()

    class Slow:
        def lock(self, key: str, timeout: float) -> Any:
            entered.set()
            go_on.wait(10)
            return inner.lock(key, timeout)

    async def main() -> None:
        there = ThreadedStorage(Slow())  # type: ignore[arg-type] # only its lock is used

        async def wait() -> None:
            async with there.lock("ada", 30):
                raise AssertionError("never reached")

        task = asyncio.create_task(wait())
        await asyncio.to_thread(entered.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        async with ThreadedStorage(inner).lock("ada", 5):
            pass

    asyncio.run(main())


def test_async_an_error_of_the_lock_reaches_the_waiter() -> None:
    class Broken:
        def lock(self, key: str, timeout: float) -> Any:
            raise StorageError("no locks here")

    async def main() -> None:
        with pytest.raises(StorageError, match="no locks here"):
            async with ThreadedStorage(Broken()).lock("ada", 1):  # type: ignore[arg-type] # only its lock
                pass

    asyncio.run(main())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(key=st.text(max_size=40), data=st.binary(max_size=200))
def test_whatever_is_kept_comes_back(tmp_path: Path, key: str, data: bytes) -> None:
    for storage in (FileStorage(tmp_path / "any"), MemoryStorage()):
        storage.save(key, data)
        assert storage.load(key) == data
        assert set(storage.keys()) >= {key}
        storage.delete(key)
        assert storage.load(key) is None
