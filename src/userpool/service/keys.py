"""The key ring: what seals secrets at rest, and whether it is the one that the database was sealed with.

A database keeps one value of its own, the root: 32 random bytes, sealed. Keyed hashes come from it, so that
they stay the same when sealing keys come and go; and who cannot open it holds the wrong keys.
"""

from __future__ import annotations

import hmac

from userpool.crypto.aead import Sealer, Unsealable, derive

from .keyfile import KeyFileError, KeySet
from .ports import Random, Reader, Store, Writer

ROOT = "root"
_ROOT_BYTES = 32


class KeyRing:
    """The keys of one open database (the port `Keys`). Safe to share between threads."""

    def __init__(self, sealer: Sealer, root: bytes) -> None:
        self._sealer = sealer
        self._root = root
        self._labels: dict[str, bytes] = {}

    def seal(self, label: str, plain: bytes, context: bytes) -> bytes:
        """Encrypt and authenticate `plain` for `label` (what it is) bound to `context` (whose it is)."""
        return self._sealer.seal(label, plain, context)

    def open(self, label: str, sealed: bytes, context: bytes) -> bytes:
        """The inverse; raises `Unsealable` when the key is gone or the data or its context were changed."""
        return self._sealer.open(label, sealed, context)

    def renew(self, label: str, sealed: bytes, context: bytes) -> bytes:
        """The same secret under the newest key; `sealed` itself where it is under that already.

        Raises `Unsealable` as `open` does.
        """
        if self._sealer.is_current(sealed):
            return sealed
        return self.seal(label, self.open(label, sealed, context), context)

    def digest(self, label: str, data: bytes) -> bytes:
        """A keyed hash of 32 bytes, the same for as long as the database lives."""
        key = self._labels.get(label)
        if key is None:
            key = self._labels[label] = derive(self._root, f"digest:{label}")
        return hmac.digest(key, data, "sha256")

    def keep_root(self, store: Store) -> None:
        """Write the root into a store that was emptied: sealed values held elsewhere stay good."""
        sealed = self._sealer.seal(ROOT, self._root, b"")
        store.write(lambda writer: writer.put_meta(ROOT, sealed))


def open_ring(store: Store, keys: KeySet, random: Random) -> KeyRing:
    """The key ring of a store; a new store gets its root.

    Raises `KeyFileError` when there is no sealing key, or none that this database was sealed with.
    """
    if not keys.sealing:
        raise KeyFileError(
            "There is no sealing key. Make one with `userpool keys create`, or set USERPOOL_SEALING_KEY; "
            "it encrypts what is secret in the database, and must be kept as long as that."
        )
    sealer = Sealer([key.secret for key in keys.sealing], random)
    sealed = store.read(_root) or _new_root(store, sealer, random)
    try:
        root = sealer.open(ROOT, sealed, b"")
    except Unsealable:
        raise KeyFileError(
            "This database was sealed with other keys than those given. Give the key file (or "
            "USERPOOL_SEALING_KEY) that belongs to it; without it neither passwords nor signing keys "
            "can be had back."
        ) from None
    ring = KeyRing(sealer, root)
    if not sealer.is_current(sealed):
        ring.keep_root(store)
    return ring


def _root(reader: Reader) -> bytes | None:
    return reader.meta(ROOT)


def _new_root(store: Store, sealer: Sealer, random: Random) -> bytes:
    made = sealer.seal(ROOT, random(_ROOT_BYTES), b"")

    def keep(writer: Writer) -> bytes:
        # Another process may have been first: its root is the one.
        there = writer.meta(ROOT)
        if there is None:
            writer.put_meta(ROOT, made)
        return there or made

    return store.write(keep)
