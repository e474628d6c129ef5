"""Sealing: what is secret at rest is encrypted and bound to what it is and whose it is; and keyed hashes
beside it.

A seal is `version ‖ key id ‖ nonce ‖ ciphertext ‖ tag`. The cipher is AES-256-GCM under a key of its own for
each seal, derived from the label's key and half of a 24-byte nonce, so that no number of seals wears a key
out (the 2^32 messages of SP 800-38D section 8.3 are soon reached by sealed sessions).
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32

_VERSION: Final = b"\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 24
_HEAD_BYTES: Final = len(_VERSION) + _ID_BYTES + _NONCE_BYTES
_TAG_BYTES: Final = 16
_HASH_BYTES: Final = 32


class Unsealable(Exception):
    """A seal cannot be opened: its key is not in the ring, or it was changed, or it belongs elsewhere."""


def hkdf(key: bytes, *, salt: bytes = b"", info: bytes = b"", length: int = 32) -> bytes:
    """Derive bytes from a key: HKDF with SHA-256, RFC 5869.

    Args:
        key: the input key material.
        salt: public bytes that make the extraction stronger; none is zeros.
        info: what the result is for.
        length: bytes wanted, 1 to 8160.

    Raises:
        ValueError: a length out of range.
    """
    if not 0 < length <= 255 * _HASH_BYTES:
        raise ValueError("HKDF gives 1 to 8160 bytes")
    extracted = hmac.digest(salt or bytes(_HASH_BYTES), key, "sha256")
    block, output = b"", b""
    for counter in range(1, -(-length // _HASH_BYTES) + 1):
        block = hmac.digest(extracted, block + info + bytes([counter]), "sha256")
        output += block
    return output[:length]


def derive(key: bytes, label: str, length: int = 32) -> bytes:
    """Derive the key for one purpose, named by `label`; keys of two labels say nothing of each other."""
    return hkdf(key, info=b"userpool:" + label.encode(), length=length)


def keyed_hash(key: bytes, label: str, data: bytes) -> bytes:
    """Hash something short that could be guessed (a code, a name) so that only the holder of `key` can
    compare it.

    Returns:
        32 bytes: HMAC-SHA256 under the key that `derive` gives for `label`. Compare with
        `hmac.compare_digest`.
    """
    return hmac.digest(derive(key, label), data, "sha256")


class Sealer:
    """A ring of sealing keys: the last one seals, all open.

    Safe to share between threads. Keys never show in its `repr`.

    Args:
        keys: one or more keys of 32 bytes, the newest last.
        random: a cryptographic source of bytes.

    Raises:
        ValueError: no key, or one of another length.
    """

    def __init__(self, keys: Sequence[bytes], random: Callable[[int], bytes] = os.urandom) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"a sealer needs one or more keys of exactly {KEY_BYTES} bytes")
        self._random = random
        self._keys = {_key_id(key): key for key in keys}
        self._newest = _key_id(keys[-1])
        self._derived: dict[tuple[bytes, str], bytes] = {}

    def __repr__(self) -> str:
        return f"<Sealer of {len(self._keys)} keys>"

    def seal(self, label: str, plain: bytes, context: bytes = b"") -> bytes:
        """Encrypt and authenticate `plain`.

        Args:
            label: what it is; a program has few labels.
            plain: the secret.
            context: whose it is. It is not stored: the same bytes must be given to open.
        """
        head = _VERSION + self._newest + self._random(_NONCE_BYTES)
        cipher, nonce = self._cipher(label, head)
        return head + cipher.encrypt(nonce, plain, _VERSION + context)

    def open(self, label: str, sealed: bytes, context: bytes = b"") -> bytes:
        """Give back what `seal` was given.

        Raises:
            Unsealable: the key is not in the ring, or seal, label or context are not those of `seal`.
        """
        from cryptography.exceptions import InvalidTag

        if len(sealed) < _HEAD_BYTES + _TAG_BYTES or sealed[:1] != _VERSION:
            raise Unsealable("This is not a seal of a version that this program knows.")
        head = sealed[:_HEAD_BYTES]
        cipher, nonce = self._cipher(label, head)
        try:
            return cipher.decrypt(nonce, sealed[_HEAD_BYTES:], _VERSION + context)
        except InvalidTag:
            raise Unsealable("The seal is broken: changed, or made for something else.") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed this; if not, seal it anew while the older one is there."""
        return sealed[: 1 + _ID_BYTES] == _VERSION + self._newest

    def _cipher(self, label: str, head: bytes) -> tuple[AESGCM, bytes]:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key_id, nonce = head[1 : 1 + _ID_BYTES], head[1 + _ID_BYTES :]
        name = key_id, label
        key = self._derived.get(name)
        if key is None:
            master = self._keys.get(key_id)
            if master is None:
                raise Unsealable("The key of this seal is not in the ring. Put the key file's copy back.")
            key = self._derived[name] = derive(master, f"seal:{label}")
        half = _NONCE_BYTES // 2
        return AESGCM(hmac.digest(key, nonce[:half], "sha256")), nonce[half:]


def _key_id(key: bytes) -> bytes:
    return derive(key, "key id", _ID_BYTES)
