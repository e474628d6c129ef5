"""What every storage keeps to: memory, files, files by path as on Windows, sealed ones, files under a key of
the keyring, cookies; and each of them from asyncio.
"""

from __future__ import annotations

import asyncio
import gc
import threading
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
from userpool.testing.storage_kit import HOSTILE_KEYS, AsyncStorageKit, StorageKit

KINDS = ["memory", "file", "file-by-path", "sealed", "keyring", "cookies"]


class Kinds:
    """Each of our storages in turn, and another object over the same place."""

    @pytest.fixture(autouse=True, params=KINDS)
    def _of_a_kind(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.kind: str = request.param
        self.folder = tmp_path / "tokens"
        self.large = 7_000 if self.kind == "cookies" else 50_000
        ring: dict[tuple[str, str], str] = {}
        monkeypatch.setattr("keyring.get_password", lambda *entry: ring.get(entry))
        monkeypatch.setattr("keyring.set_password", lambda *entry: ring.update({entry[:2]: entry[2]}))
        if self.kind == "file-by-path":
            monkeypatch.setattr(_folder, "BY_DESCRIPTOR", False)

    def build(self) -> Storage:
        match self.kind:
            case "memory":
                return MemoryStorage()
            case "sealed":
                return SealedStorage(MemoryStorage(), bytes(KEY_BYTES))
            case "cookies":
                return CookieStorage({}, bytes(KEY_BYTES))
            case "keyring":
                return KeyringStorage(self.folder)
        return FileStorage(self.folder)

    def build_again(self) -> Storage | None:
        return self.build() if self.kind in {"file", "file-by-path", "keyring"} else None


class TestStorages(Kinds, StorageKit):
    def make(self) -> Storage:
        return self.build()

    def again(self, storage: Storage) -> Storage | None:
        return self.build_again()


class TestFromAsyncio(Kinds, AsyncStorageKit):
    def make(self) -> AsyncStorage:
        return ThreadedStorage(self.build())

    def again(self, storage: AsyncStorage) -> AsyncStorage | None:
        second = self.build_again()
        return None if second is None else ThreadedStorage(second)


class TestTheSameFromBothSides(Kinds):
    def test_async_the_same(self) -> None:
        storage = self.build()

        async def main() -> None:
            there = ThreadedStorage(storage)
            await there.save("ada", b"one")
            assert storage.load("ada") == b"one"
            async with there.lock("ada", 1):
                with pytest.raises(StorageBusy, match=r"more than 0\.05 seconds"):
                    async with there.lock("ada", 0.05):
                        pass
                with pytest.raises(StorageBusy), storage.lock("ada", 0):
                    pass
            await there.delete("ada")
            assert storage.load("ada") is None

        asyncio.run(main())

    def test_s13_any_text_is_a_key_and_leads_nowhere_else(self) -> None:
        storage = self.build()
        for number, key in enumerate(HOSTILE_KEYS):
            storage.save(key, b"%d" % number)
            assert storage.load(key) == b"%d" % number
        assert {path.name for path in self.folder.parent.iterdir()} <= {"tokens"}


def test_memory_keeps_no_lock_that_nobody_holds() -> None:
    storage = MemoryStorage()
    with storage.lock("ada", 0), storage.lock("bob", 0):
        assert sorted(storage._locks) == ["ada", "bob"]
    gc.collect()
    assert list(storage._locks) == []


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
