"""Records in files, encrypted with a key that the operating system's keyring holds."""

from __future__ import annotations

import base64
import binascii
import os
from contextlib import AbstractContextManager
from typing import Final

from userpool.protocol.errors import MissingExtra, StorageError

from .file import FileStorage
from .sealed import KEY_BYTES, SealedStorage

SERVICE: Final = "userpool"
_KEY_LOCK: Final = "key of the keyring"


class KeyringStorage:
    """A `Storage` whose files open with a key from the keyring only: macOS Keychain, Windows Credential
    Locker, Secret Service (GNOME, KDE).

    Keyrings hold short texts (Windows: 2,560 bytes) and cannot replace several as one, so the keyring holds
    one key, and the records stand encrypted in a `FileStorage`, with its locks between processes. Nothing is
    ever kept in the clear: without a keyring that can be opened there is an error.

    Args:
        path: the folder of the files; by default `userpool` among this user's application data.
        service: what the keyring's entry is called; the folder is its user name.

    Raises `MissingExtra` without the extra `keyring`, `StorageError` where this user has no home.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, service: str = SERVICE) -> None:
        try:
            import keyring
            import keyring.errors
        except ImportError:
            raise MissingExtra(
                "keyring", "keeping tokens under a key of the operating system's keyring"
            ) from None
        self._keyring = keyring
        self._files = FileStorage(path)
        self._service = service
        self._sealed: SealedStorage | None = None

    def __repr__(self) -> str:
        return f"KeyringStorage({str(self._files.path)!r})"

    def load(self, key: str) -> bytes | None:
        """The record under `key`; `None` where there is none that can be opened. Raises `StorageError`."""
        if self._files.load(key) is None:
            return None  # a keyring may ask its user to unlock it: not for nothing
        return self._open().load(key)

    def save(self, key: str, data: bytes) -> None:
        """Make `data` the record under `key`. Raises `StorageError`."""
        self._open().save(key, data)

    def delete(self, key: str) -> None:
        """Remove the record under `key`. Raises `StorageError`."""
        self._files.delete(key)

    def keys(self) -> list[str]:
        """The keys of all records. Raises `StorageError`."""
        return self._files.keys()

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold the lock of `key` against other threads and processes. Raises `StorageBusy`."""
        return self._files.lock(key, timeout)

    def forget_key(self) -> None:
        """Remove the key from the keyring: what it has sealed opens no more. Raises `StorageError`."""
        self._sealed = None
        try:
            if self._stored() is not None:
                self._keyring.delete_password(self._service, self._name)
        except self._keyring.errors.KeyringError as error:
            raise self._trouble(error) from error

    @property
    def _name(self) -> str:
        return str(self._files.path.absolute())

    def _open(self) -> SealedStorage:
        if self._sealed is None:
            self._sealed = SealedStorage(self._files, self._key())
        return self._sealed

    def _key(self) -> bytes:
        try:
            text = self._stored()
            if text is None:
                text = self._made()
        except self._keyring.errors.KeyringError as error:
            raise self._trouble(error) from error
        try:
            key = binascii.a2b_base64(text, strict_mode=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise StorageError(
                f"The keyring's entry {self._service!r} for {self._name} holds something else than a key: "
                "remove it, and sign in again."
            )
        return key

    def _stored(self) -> str | None:
        return self._keyring.get_password(self._service, self._name)

    def _made(self) -> str:
        """A new key. Two programs that start at once make one: the lock is the files'."""
        with self._files.lock(_KEY_LOCK, 10):
            text = self._stored()
            if text is None:
                text = base64.b64encode(os.urandom(KEY_BYTES)).decode()
                self._keyring.set_password(self._service, self._name, text)
            return text

    def _trouble(self, error: Exception) -> StorageError:
        return StorageError(
            f"The keyring cannot be used ({type(error).__name__}): unlock it, or install one. On a machine "
            "without a keyring use FileStorage, or SealedStorage with a key of your own."
        )
