"""Records in files that only their owner can read."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from userpool.protocol.errors import StorageError

from ._folder import SIZE_LIMIT, PrivateFolder
from .api import StorageBusy

FORMAT: Final = 1
"""Version of what stands in a file."""

_POLL: Final = 0.02


class FileStorage:
    """A `Storage` in the files of one folder: mode 0600 in a folder of 0700, replaced as a whole, and locked
    between processes.

    Tokens stand there in the clear, as those of other command line tools do: whoever can read this user's
    files can act as the user until the tokens end. A file that cannot be read counts as absent and is put
    aside by the next save, as `….corrupt`. Locks are the kernel's, free at once when their holder dies; on a
    network file system that ignores locks two processes may refresh at once.

    Args:
        path: the folder; by default `userpool` among this user's application data.

    Raises `StorageError` where no folder is given and this user has no home.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._folder = PrivateFolder(_default_folder() if path is None else Path(path))

    def __repr__(self) -> str:
        return f"FileStorage({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """The folder."""
        return self._folder.path

    def load(self, key: str) -> bytes | None:
        """The record under `key`; `None` where there is none. Raises `StorageError`."""
        return _unpack(self._folder.read(_file(key)), key)

    def save(self, key: str, data: bytes) -> None:
        """Make `data` the record under `key`, on the disk. Raises `StorageError`; the old one is then
        unharmed.
        """
        name = _file(key)
        packed = _pack(key, data)
        if len(packed) > SIZE_LIMIT:
            raise StorageError(f"A record of {len(data)} bytes is too large to be stored.")
        old = self._folder.read(name)
        if old is not None and _unpack(old, key) is None:
            self._folder.rename(name, _stem(key) + ".corrupt")
        self._folder.write(name, packed)

    def delete(self, key: str) -> None:
        """Remove the record under `key` with what was put aside or left half-written. Raises
        `StorageError`.
        """
        stem = _stem(key)
        for name in self._folder.names():
            if name.startswith(stem) and not name.endswith(".lock"):
                self._folder.remove(name)

    def keys(self) -> list[str]:
        """The keys of all records. Raises `StorageError`."""
        packed = (self._folder.read(name) for name in self._folder.names() if name.endswith(".json"))
        return [key for key in map(_key, packed) if key is not None]

    @contextmanager
    def lock(self, key: str, timeout: float) -> Iterator[None]:
        """Hold the lock of `key` against other threads and processes; waits at most `timeout` seconds.

        Raises `StorageBusy`, `StorageError`.
        """
        from filelock import FileLock, Timeout

        self._folder.prepare()
        name = _stem(key) + ".lock"
        # Its file stays: whoever removed it might leave two holders, each with a file of the same name.
        lock = FileLock(self.path / name, mode=0o600, thread_local=False)
        with self._folder.explained(name):
            try:
                lock.acquire(timeout=max(timeout, 0), poll_interval=_POLL)
            except Timeout:
                raise StorageBusy(
                    f"The tokens in {self.path} were in use by another program for more than {timeout:g} "
                    "seconds. If one of this user's programs hangs, end it."
                ) from None
        try:
            yield
        finally:
            lock.release()


def _default_folder() -> Path:
    from platformdirs import user_data_path

    path = user_data_path("userpool", appauthor=False)
    if not path.is_absolute():
        raise StorageError("This user has no home to keep tokens in. Give a folder: FileStorage('/path').")
    return path


def _stem(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _file(key: str) -> str:
    return _stem(key) + ".json"


def _pack(key: str, data: bytes) -> bytes:
    record = {"format": FORMAT, "key": key, "data": base64.b64encode(data).decode()}
    return json.dumps(record, separators=(",", ":")).encode()


def _read(packed: bytes | None) -> tuple[str, bytes] | None:
    """Key and data of a whole file of this format; `None` for anything else."""
    try:
        record = json.loads(packed or b"")
        if isinstance(record, dict) and record.get("format") == FORMAT:
            return str(record["key"]), binascii.a2b_base64(record["data"], strict_mode=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return None


def _unpack(packed: bytes | None, key: str) -> bytes | None:
    record = _read(packed)
    return record[1] if record is not None and record[0] == key else None


def _key(packed: bytes | None) -> str | None:
    record = _read(packed)
    return None if record is None else record[0]
