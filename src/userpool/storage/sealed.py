"""Records that are encrypted before any other storage gets them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from userpool.protocol.errors import ParameterError

from .api import Storage

if TYPE_CHECKING:
    from userpool.crypto.aead import Sealer

KEY_BYTES: Final = 32
"""How long a key is: `os.urandom(32)` makes one."""

_LABEL: Final = "record"


class SealedStorage:
    """A `Storage` over another one, such as a `FileStorage`, that gets ciphertext only.

    It is AES-256-GCM, bound to the record's key: what was changed, was put in another's place, or was sealed
    with a key that is not given any more, counts as absent. Names of records are not hidden.

    Args:
        storage: where the ciphertext goes.
        keys: 32 bytes, or several such keys while one is replaced by another: the newest, which seals, last.

    Raises `ParameterError` where a key has another length.
    """

    def __init__(self, storage: Storage, keys: bytes | Sequence[bytes]) -> None:
        self._storage = storage
        self._sealer = sealer(keys)

    def __repr__(self) -> str:
        return f"SealedStorage({self._storage!r})"

    def load(self, key: str) -> bytes | None:
        """The record under `key`; `None` where there is none that can be opened. Raises `StorageError`."""
        sealed = self._storage.load(key)
        return None if sealed is None else opened(self._sealer, _LABEL, sealed, _bound(key))

    def save(self, key: str, data: bytes) -> None:
        """Make `data` the record under `key`. Raises `StorageError`."""
        self._storage.save(key, self._sealer.seal(_LABEL, data, _bound(key)))

    def delete(self, key: str) -> None:
        """Remove the record under `key`. Raises `StorageError`."""
        self._storage.delete(key)

    def keys(self) -> list[str]:
        """The keys of all records, whether they can be opened or not. Raises `StorageError`."""
        return self._storage.keys()

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold the lock of `key`. Raises `StorageBusy`, `StorageError`."""
        return self._storage.lock(key, timeout)


def sealer(keys: bytes | Sequence[bytes]) -> Sealer:
    """What seals and opens with `keys`, the newest last. Raises `ParameterError`."""
    from userpool.crypto.aead import Sealer

    ring = [keys] if isinstance(keys, bytes) else list(keys)
    try:
        return Sealer(ring)
    except ValueError:
        raise ParameterError(
            f"Give a key of {KEY_BYTES} random bytes, such as os.urandom({KEY_BYTES}), and keep it: what it "
            "has sealed opens with no other."
        ) from None


def opened(sealer: Sealer, label: str, sealed: bytes, context: bytes) -> bytes | None:
    """What was sealed; `None` for anything that does not open."""
    from userpool.crypto.aead import Unsealable

    try:
        return sealer.open(label, sealed, context)
    except Unsealable:
        return None


def _bound(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")
