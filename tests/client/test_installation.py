"""The name of an installation: random, kept, and one for all who ask at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from userpool import DeviceFacts, FileStorage, MemoryStorage, StorageError, installation_id
from userpool.client import installation


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    first = installation_id(FileStorage(tmp_path / "a"))
    assert len(first) == 32
    assert int(first, 16)
    assert installation_id(FileStorage(tmp_path / "a")) == first
    assert installation_id(FileStorage(tmp_path / "b")) != first
    assert DeviceFacts.of_this_machine(device_id=first).as_context()["DeviceId"] == first


@pytest.mark.parametrize("damage", [b"", b"x" * 32, b"0" * 31, b"0" * 33, b"0" * 32 + b"\n"])
def test_one_that_is_damaged_is_made_anew(damage: bytes) -> None:
    storage = MemoryStorage()
    storage.save(installation.KEY, damage)
    made = installation_id(storage)
    assert len(made) == 32
    assert storage.load(installation.KEY) == made.encode()


def test_whoever_asks_at_the_same_time_gets_the_same(tmp_path: Path) -> None:
    ready = threading.Barrier(8)

    def ask() -> str:
        ready.wait(10)
        return installation_id(FileStorage(tmp_path))

    with ThreadPoolExecutor(8) as threads:
        answers = {future.result() for future in [threads.submit(ask) for _ in range(8)]}
    assert len(answers) == 1


def test_one_who_made_it_meanwhile_is_believed() -> None:
    class Slow(MemoryStorage):
        reads = 0

        def load(self, key: str) -> bytes | None:
            self.reads += 1
            if self.reads == 2:  # under the lock, after another process has been there
                self.save(key, b"a" * 32)
            return super().load(key)

    assert installation_id(Slow()) == "a" * 32


def test_a_storage_that_does_not_work_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        installation_id(FileStorage(tmp_path / "file"))
