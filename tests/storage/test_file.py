"""Token files: private, whole, locked, and no trap for whoever reads them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pickle
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from userpool.protocol.errors import StorageError
from userpool.storage import _folder
from userpool.storage.api import StorageBusy
from userpool.storage.file import FileStorage
from userpool.storage.memory import MemoryStorage

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and forks are POSIX")


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path / "deep" / "tokens")


def record(storage: FileStorage) -> Path:
    (path,) = storage.path.glob("*.json")
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@contextlib.contextmanager
def umask(value: int) -> Iterator[None]:
    old = os.umask(value)
    try:
        yield
    finally:
        os.umask(old)


@posix
@pytest.mark.parametrize("change", [0o644, 0o660, 0o604])
def test_s01_a_file_open_to_others_is_neither_read_nor_written(storage: FileStorage, change: int) -> None:
    storage.save("ada", b"token")
    path = record(storage)
    path.chmod(change)
    acts: list[Callable[[], object]] = [
        lambda: storage.load("ada"),
        lambda: storage.save("ada", b"new"),
        storage.keys,
    ]
    for act in acts:
        with pytest.raises(StorageError, match=f"chmod 600 '{path}'"):
            act()
    path.chmod(0o600)
    assert storage.load("ada") == b"token"


@posix
@pytest.mark.parametrize("change", [0o777, 0o770, 0o702])
def test_s01_a_folder_where_others_may_write_is_not_used(storage: FileStorage, change: int) -> None:
    storage.save("ada", b"token")
    storage.path.chmod(change)
    acts: list[Callable[[], object]] = [
        lambda: storage.load("ada"),
        lambda: storage.save("ada", b"new"),
        lambda: storage.delete("ada"),
        storage.keys,
        lambda: storage.lock("ada", 0).__enter__(),
    ]
    for act in acts:
        with pytest.raises(StorageError, match=f"chmod 700 '{storage.path}'"):
            act()
    storage.path.chmod(0o755)
    assert storage.load("ada") == b"token"


@posix
def test_s01_another_users_files_are_not_used(storage: FileStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.save("ada", b"token")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    acts: list[Callable[[], object]] = [
        lambda: storage.load("ada"),
        lambda: storage.save("ada", b"new"),
    ]
    for act in acts:
        with pytest.raises(StorageError, match="belongs to another user"):
            act()


@posix
@pytest.mark.parametrize("by_descriptor", [True, False])
def test_s02_links_are_refused(
    storage: FileStorage, monkeypatch: pytest.MonkeyPatch, by_descriptor: bool
) -> None:
    monkeypatch.setattr(_folder, "BY_DESCRIPTOR", by_descriptor)
    storage.save("ada", b"token")
    path = record(storage)
    target = storage.path.parent / "target.json"
    path.rename(target)
    path.symlink_to(target)
    acts: list[Callable[[], object]] = [
        lambda: storage.load("ada"),
        lambda: storage.save("ada", b"new"),
    ]
    for act in acts:
        with pytest.raises(StorageError, match="is a link"):
            act()
    assert b"new" not in target.read_bytes()
    storage.delete("ada")
    assert target.exists()
    assert not path.is_symlink()


@posix
def test_s02_a_lock_that_is_a_link_is_refused(storage: FileStorage) -> None:
    with storage.lock("ada", 0):
        (path,) = storage.path.glob("*.lock")
    path.unlink()
    victim = storage.path.parent / "victim"
    victim.write_text("precious")
    path.symlink_to(victim)
    with pytest.raises(StorageError, match="is a link"), storage.lock("ada", 0):
        pass
    assert victim.read_text() == "precious"


@posix
def test_s02_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(StorageError, match="is a link"):
        FileStorage(tmp_path / "link").save("ada", b"token")
    assert list((tmp_path / "real").iterdir()) == []


@posix
def test_s02_a_file_that_becomes_a_link_between_look_and_open_is_refused(
    storage: FileStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.save("ada", b"token")
    path = record(storage)
    target = storage.path.parent / "target.json"
    look = _folder.PrivateFolder._check_named

    def look_then_swap(self: Any, place: Any, name: str) -> None:
        look(self, place, name)
        path.rename(target)
        path.symlink_to(target)

    monkeypatch.setattr(_folder.PrivateFolder, "_check_named", look_then_swap)
    with pytest.raises(StorageError, match="link"):
        storage.load("ada")


@posix
def test_s02_a_pipe_or_folder_in_the_place_of_a_file_is_refused(storage: FileStorage) -> None:
    storage.save("ada", b"token")
    path = record(storage)
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(StorageError, match="no plain file"):
        storage.load("ada")
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageError, match="no plain file"):
        storage.save("ada", b"token")


@posix
def test_s03_files_are_private_from_the_first_byte_whatever_the_umask(
    storage: FileStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        modes.extend(mode(path) for path in storage.path.iterdir())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    with umask(0):
        storage.save("ada", b"token")
        with storage.lock("ada", 0):
            modes.extend(mode(path) for path in storage.path.iterdir())
    assert set(modes) == {0o600}
    assert mode(storage.path) == mode(storage.path.parent) == 0o700


def test_s04_a_file_cut_anywhere_is_no_session(storage: FileStorage) -> None:
    storage.save("ada", b"the whole token")
    path = record(storage)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert storage.load("ada") is None, length
        assert storage.keys() == []
    path.write_bytes(whole)
    assert storage.load("ada") == b"the whole token"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff garbage",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"format":2,"key":"ada","data":"dG9rZW4="}',
        b'{"format":1,"key":"bob","data":"dG9rZW4="}',
        b'{"format":1,"key":"ada","data":"dG9r ZW4="}',
        b'{"format":1,"key":"ada","data":5}',
        b'{"format":1,"key":"ada"}',
        b"[" * 100_000,
        b"x" * 3_000_000,
        pickle.dumps({"format": 1, "key": "ada", "data": "dG9rZW4="}),
    ],
    ids=lambda content: repr(content[:24]),
)
def test_s04_s16_anything_else_is_no_session_and_is_put_aside(storage: FileStorage, content: bytes) -> None:
    storage.save("ada", b"token")
    path = record(storage)
    path.write_bytes(content)
    assert storage.load("ada") is None
    assert set(storage.keys()) <= {"bob"}
    assert path.read_bytes() == content
    storage.save("ada", b"new")
    assert storage.load("ada") == b"new"
    (aside,) = storage.path.glob("*.corrupt")
    assert aside.read_bytes() == content
    if os.name == "posix":
        assert mode(aside) == 0o600


def test_s16_a_pickle_is_never_opened(storage: FileStorage, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "sprung"),))

    storage.save("ada", b"token")
    record(storage).write_bytes(pickle.dumps(Trap()))
    assert storage.load("ada") is None
    assert not (tmp_path / "sprung").exists()


@posix
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EACCES])
@pytest.mark.parametrize("step", ["fsync", "rename", "open"])
def test_s06_an_error_of_the_disk_leaves_the_old_record_and_no_rest(
    storage: FileStorage, monkeypatch: pytest.MonkeyPatch, code: int, step: str
) -> None:
    storage.save("ada", b"old")
    real = getattr(os, step)

    def fail(*arguments: Any, **options: Any) -> Any:
        writes = step != "open" or arguments[1] & os.O_CREAT
        if writes:
            raise OSError(code, os.strerror(code))
        return real(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        with pytest.raises(StorageError, match=os.strerror(code)) as caught:
            storage.save("ada", b"new")
    assert isinstance(caught.value.__cause__, OSError)
    assert str(storage.path) in str(caught.value)
    assert storage.load("ada") == b"old"
    assert [path.suffix for path in storage.path.iterdir()] == [".json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_s06_a_full_disk_by_the_real_thing(storage: FileStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.save("ada", b"old")
    real = os.open

    def full(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if flags & os.O_CREAT:
            return real("/dev/full", os.O_WRONLY)
        return real(path, flags, *rest, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", full)
        with pytest.raises(StorageError, match="Make room on the disk"):
            storage.save("ada", b"new")
    assert storage.load("ada") == b"old"


HOLDER = """
import sys, time
from userpool.storage.file import FileStorage
with FileStorage(sys.argv[1]).lock("ada", 5):
    print("held", flush=True)
    time.sleep(60)
"""


@contextlib.contextmanager
def holder(storage: FileStorage) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(storage.path)], stdout=subprocess.PIPE, text=True
    )
    try:
        if process.stdout is None or process.stdout.readline() != "held\n":
            pytest.fail("the other process did not get the lock")
        yield process
    finally:
        process.kill()
        process.communicate()


@posix
def test_s07_s08_a_lock_is_kept_by_a_stopped_holder_and_free_when_it_dies(storage: FileStorage) -> None:
    with holder(storage) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(StorageBusy, match="in use by another program"), storage.lock("ada", 0.1):
            pass
        process.kill()
        process.wait()
        begun = time.monotonic()
        with storage.lock("ada", 5):
            assert time.monotonic() - begun < 3


def test_s14_without_a_home_there_is_an_error_and_memory_works(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: Path("~/.local/share/userpool"))
    with pytest.raises(StorageError, match=r"FileStorage\('/path'\)"):
        FileStorage()
    storage = MemoryStorage()
    storage.save("ada", b"token")
    assert storage.load("ada") == b"token"


def test_s14_the_default_folder_is_among_the_users_own_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    storage = FileStorage()
    assert storage.path.is_absolute()
    assert storage.path.name == "userpool"
    assert repr(storage) == f"FileStorage({str(storage.path)!r})"


@posix
@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_s14_a_home_that_cannot_be_written_is_an_error_with_a_way_out(
    storage: FileStorage, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(StorageError, match="MemoryStorage"):
        storage.save("ada", b"token")
    assert storage.load("ada") is None
    assert storage.keys() == []
    storage.delete("ada")


@posix
@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")  # from Python 3.12 on
def test_s15_a_forked_child_shares_no_lock(storage: FileStorage) -> None:
    memory = MemoryStorage()
    for held_by_parent, expected in ((memory, 0), (storage, 7)):
        with held_by_parent.lock("ada", 0):
            pid = os.fork()
            if pid == 0:
                try:
                    with held_by_parent.lock("ada", 0):
                        os._exit(0)
                except StorageBusy:
                    os._exit(7)
                os._exit(1)
            _, status = os.waitpid(pid, 0)
        # The file's lock is the parent's; the memory's is in another process and means nothing there.
        assert os.waitstatus_to_exitcode(status) == expected
    with storage.lock("ada", 0):
        pass


@posix
@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")  # from Python 3.12 on
def test_s15_a_child_that_outlives_its_parent_holds_no_lock_of_it(storage: FileStorage) -> None:
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        held = storage.lock("ada", 0)
        held.__enter__()
        if os.fork() == 0:
            os.close(writer)
            time.sleep(5)
            os._exit(0)
        os.write(writer, b"x")
        os._exit(0)
    os.close(writer)
    assert os.read(reader, 1) == b"x"
    os.close(reader)
    os.waitpid(parent, 0)
    with storage.lock("ada", 2):
        pass


def test_s17_nothing_is_left_after_deleting(storage: FileStorage) -> None:
    for name in ("ada", "bob"):
        storage.save(name, b"token")
    for path in storage.path.glob("*.json"):
        path.write_bytes(b"cut")
        (path.parent / f"{path.name}.0123456789abcdef.tmp").write_bytes(b"half a token")
    storage.save("ada", b"token")
    storage.save("bob", b"token")
    with storage.lock("ada", 0):
        storage.delete("ada")
    assert len([path for path in storage.path.iterdir() if path.suffix != ".lock"]) == 3
    storage.delete("bob")
    assert [path.suffix for path in storage.path.iterdir()] == [".lock"]


def test_a_record_without_bound_is_refused(storage: FileStorage) -> None:
    with pytest.raises(StorageError, match="too large"):
        storage.save("ada", bytes(_folder.SIZE_LIMIT))
    assert storage.load("ada") is None


def test_a_file_is_json_with_its_key(storage: FileStorage) -> None:
    storage.save("ada", b"token")
    assert json.loads(record(storage).read_bytes()) == {"format": 1, "key": "ada", "data": "dG9rZW4="}
    assert "ada" not in record(storage).name


@pytest.mark.parametrize("refusals", [3, 1000])
def test_on_windows_a_file_that_is_open_is_waited_for(
    storage: FileStorage, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    monkeypatch.setattr(_folder, "BY_DESCRIPTOR", False)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    real, left = os.replace, [refusals]

    def shared(*arguments: Any) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise PermissionError(errno.EACCES, "in use")
        real(*arguments)

    monkeypatch.setattr(os, "replace", shared)
    if refusals == 3:
        storage.save("ada", b"token")
        assert storage.load("ada") == b"token"
    else:
        with pytest.raises(StorageError, match="in use"):
            storage.save("ada", b"token")
        assert list(storage.path.glob("*.tmp")) == []


def test_importing_it_loads_no_lock_library() -> None:
    program = """
import sys, userpool.storage.file, userpool.storage.threads
loaded = {"filelock", "platformdirs", "msvcrt"} & set(sys.modules)
sys.exit(f"loaded: {loaded}" if loaded else 0)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
