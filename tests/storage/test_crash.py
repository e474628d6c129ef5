"""Whoever is killed while writing leaves the old record or the new one, in every storage on a disk."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from userpool.storage import _folder
from userpool.storage.api import Storage
from userpool.storage.file import FileStorage
from userpool.storage.keyring import KeyringStorage
from userpool.storage.sealed import KEY_BYTES, SealedStorage

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="forks and signals are POSIX"),
    pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning"),  # from Python 3.12 on
]
STEPS = ("open", "rename", "replace", "unlink", "fsync", "close", "stat", "mkdir")
OLD, NEW = b"old" * 100, b"new" * 100


@pytest.fixture(params=["file", "file-by-path", "sealed", "keyring"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    folder = tmp_path / "tokens"
    match request.param:
        case "sealed":
            return SealedStorage(FileStorage(folder), bytes(KEY_BYTES))
        case "keyring":
            # The keyring itself outlives the process: here it is a file.
            entry = tmp_path / "keyring"
            monkeypatch.setattr(
                "keyring.get_password", lambda *_: entry.read_text() if entry.exists() else None
            )
            monkeypatch.setattr("keyring.set_password", lambda *given: entry.write_text(given[2]))
            return KeyringStorage(folder)
        case "file-by-path":
            monkeypatch.setattr(_folder, "BY_DESCRIPTOR", False)
    return FileStorage(folder)


def killed_everywhere(work: Callable[[], None], look: Callable[[int], None]) -> int:
    """Do `work` in children that die at their first call of the system, their second, and so on until one
    gets through; `look` afterwards each time. Returns how many died.
    """
    for fatal in range(1, 80):
        pid = os.fork()
        if pid == 0:
            try:
                _die_at(fatal)
                work()
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        ended = os.waitstatus_to_exitcode(status)
        assert ended in (0, -signal.SIGKILL), "what was to be interrupted failed by itself"
        look(fatal)
        if ended == 0:
            return fatal - 1
    pytest.fail("it has more steps than were tried")


def test_s05_killed_at_any_step_of_a_save_the_old_or_the_new_record_is_there(
    storage: Storage, tmp_path: Path
) -> None:
    storage.save("ada", OLD)
    outcomes = set()

    def look(fatal: int) -> None:
        found = storage.load("ada")
        assert found in (OLD, NEW), fatal
        outcomes.add(found)
        files = list((tmp_path / "tokens").iterdir())
        assert {stat.S_IMODE(path.lstat().st_mode) for path in files} == {0o600}
        storage.save("ada", OLD)

    assert killed_everywhere(lambda: storage.save("ada", NEW), look) > 3
    assert outcomes == {OLD, NEW}
    storage.delete("ada")
    assert [path.name for path in (tmp_path / "tokens").iterdir() if path.suffix != ".lock"] == []


def test_s05_killed_at_any_step_of_the_first_save_nothing_or_the_record_is_there(
    storage: Storage, tmp_path: Path
) -> None:
    outcomes = set()

    def look(fatal: int) -> None:
        found = storage.load("ada")
        assert found in (None, NEW), fatal
        outcomes.add(found)
        storage.delete("ada")

    assert killed_everywhere(lambda: storage.save("ada", NEW), look) > 3
    assert outcomes == {None, NEW}
    storage.save("ada", NEW)
    assert storage.load("ada") == NEW


def test_s05_killed_at_any_step_of_a_deletion_the_record_is_whole_or_gone(storage: Storage) -> None:
    outcomes = set()

    def look(fatal: int) -> None:
        found = storage.load("ada")
        assert found in (None, OLD), fatal
        outcomes.add(found)
        storage.save("ada", OLD)

    storage.save("ada", OLD)
    assert killed_everywhere(lambda: storage.delete("ada"), look) > 0
    assert outcomes == {None, OLD}


def test_s05_killed_in_a_save_under_the_lock_the_lock_is_free(storage: Storage) -> None:
    storage.save("ada", OLD)

    def save() -> None:
        with storage.lock("ada", 1):
            storage.save("ada", NEW)

    def look(fatal: int) -> None:
        with storage.lock("ada", 1):
            assert storage.load("ada") in (OLD, NEW), fatal

    assert killed_everywhere(save, look) > 3


def _die_at(fatal: int) -> None:
    """Kill this process at its n-th call of the system that writing makes."""
    count = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return wrapper

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
