"""One folder of small private files, each replaced as a whole.

On systems that can, everything goes through a descriptor of the folder, so that nobody can put another folder
in its place between a check and a write; elsewhere (Windows) by paths, where a user's own folders are private
by themselves.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from userpool.protocol.errors import StorageError

T = TypeVar("T")

SIZE_LIMIT: Final = 1024 * 1024
"""Bytes that are read of a file at most. A record has a few thousand."""

BY_DESCRIPTOR: Final = hasattr(os, "O_NOFOLLOW") and {os.open, os.rename, os.unlink} <= os.supports_dir_fd
_CAREFUL: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ: Final = os.O_RDONLY | _CAREFUL | getattr(os, "O_NONBLOCK", 0)  # a pipe must not keep us waiting
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CAREFUL
_FOLDER: Final = os.O_RDONLY | _CAREFUL | getattr(os, "O_DIRECTORY", 0)
_SHARING_TRIES: Final = 50


@dataclass(frozen=True, slots=True)
class _Place:
    """The open folder: how its files are named in calls of the system."""

    path: Path
    descriptor: int | None

    def __call__(self, name: str) -> str:
        return str(self.path / name) if self.descriptor is None else name


class PrivateFolder:
    """The folder at `path`, made with the first write, its files readable by their owner only.

    Every method raises `StorageError` where the folder or a file in it is not this user's alone or is a link,
    and where the system refuses; the message names the path and the repair.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes | None:
        """The content of the file `name`, at most a byte more than `SIZE_LIMIT`; `None` where there is
        none.
        """
        with self.explained(name):
            try:
                with self._open() as place:
                    self._check_named(place, name)
                    descriptor = os.open(place(name), _READ, dir_fd=place.descriptor)
                    with open(descriptor, "rb") as file:
                        self._check(os.fstat(descriptor), name)
                        return file.read(SIZE_LIMIT + 1)
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Replace the file `name` by one with `data`, wholly or not at all, and durably."""
        temporary = f"{name}.{secrets.token_hex(8)}.tmp"
        self.prepare()
        with self.explained(name), self._open() as place:
            with contextlib.suppress(FileNotFoundError):
                self._check_named(place, name)
            descriptor = os.open(place(temporary), _CREATE, 0o600, dir_fd=place.descriptor)
            try:
                with open(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(descriptor)
                self._replace(place, temporary, name)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(place(temporary), dir_fd=place.descriptor)
                raise
            if place.descriptor is not None:
                os.fsync(place.descriptor)

    def rename(self, old: str, new: str) -> None:
        """Give the file `old` the name `new`, in place of whatever has it."""
        with self.explained(old), self._open() as place:
            self._replace(place, old, new)

    def remove(self, name: str) -> None:
        """Remove the file `name`; it may be absent."""
        with self.explained(name), contextlib.suppress(FileNotFoundError), self._open() as place:
            os.unlink(place(name), dir_fd=place.descriptor)

    def names(self) -> list[str]:
        """The names of all files; none where there is no folder yet."""
        with self.explained(), contextlib.suppress(FileNotFoundError), self._open() as place:
            return os.listdir(place.path if place.descriptor is None else place.descriptor)
        return []

    def prepare(self) -> None:
        """Make the folder where it is missing, and check it."""
        with self.explained():
            missing = []
            folder = self.path
            while not folder.is_dir() and folder != folder.parent and not folder.is_symlink():
                missing.append(folder)
                folder = folder.parent
            for folder in reversed(missing):
                with contextlib.suppress(FileExistsError):
                    folder.mkdir(mode=0o700)
            with self._open():
                pass

    @contextmanager
    def explained(self, name: str = "") -> Iterator[None]:
        """Turn what the system says about the file `name` into a `StorageError` that says what to do."""
        try:
            yield
        except OSError as error:
            path = self.path / name
            hint = _HINTS.get(error.errno or 0, "Look at the folder, or give FileStorage another.")
            raise StorageError(f"{path}: {error.strerror or type(error).__name__}. {hint}") from error

    @contextmanager
    def _open(self) -> Iterator[_Place]:
        if not BY_DESCRIPTOR:
            yield _Place(self.path, None)
            return
        descriptor = os.open(self.path, _FOLDER)
        try:
            self._check(os.fstat(descriptor), "")
            yield _Place(self.path, descriptor)
        finally:
            os.close(descriptor)

    def _check_named(self, place: _Place, name: str) -> None:
        self._check(os.stat(place(name), dir_fd=place.descriptor, follow_symlinks=False), name)

    def _check(self, found: os.stat_result, name: str) -> None:
        """Refuse what is no plain file of this user alone (no folder, where `name` is empty)."""
        path = self.path / name
        if not (stat.S_ISREG(found.st_mode) if name else stat.S_ISDIR(found.st_mode)):
            raise StorageError(f"{path} is a link or no plain file. Remove it.")
        if not BY_DESCRIPTOR:
            return
        if found.st_uid != os.geteuid():
            raise StorageError(
                f"{path} belongs to another user. Remove it, or run as the user whose tokens these are."
            )
        # A folder may be looked into; nobody else may put something there.
        if found.st_mode & (0o077 if name else 0o022):
            mode = "600" if name else "700"
            raise StorageError(
                f"{path} is open to other users, who may have taken or planted tokens. Run `chmod {mode} "
                f"'{path}'` and sign in again, or remove it."
            )

    def _replace(self, place: _Place, old: str, new: str) -> None:
        if place.descriptor is not None:
            os.rename(old, new, src_dir_fd=place.descriptor, dst_dir_fd=place.descriptor)
        else:
            _patiently(lambda: os.replace(place(old), place(new)))


def _patiently(work: Callable[[], T]) -> T:
    """Do `work`; on Windows it is refused while somebody has the file open, which is over in a moment."""
    for _ in range(_SHARING_TRIES):
        try:
            return work()
        except PermissionError:
            time.sleep(0.02)
    return work()


_HINTS: Final = {
    errno.ELOOP: "It is a link: remove it.",
    errno.ENOTDIR: "It is a link or no folder: remove it, or give FileStorage another.",
    errno.ENOSPC: "Make room on the disk; the tokens that were there are unharmed.",
    getattr(errno, "EDQUOT", -1): "Your share of the disk is used up: make room. The tokens are unharmed.",
    errno.EROFS: "Give FileStorage a folder that can be written, or use MemoryStorage.",
    errno.EACCES: "Give FileStorage a folder that is yours, or use MemoryStorage.",
    errno.EPERM: "Give FileStorage a folder that is yours, or use MemoryStorage.",
}
