"""As much of CBOR (RFC 8949) as an authenticator writes, in the canonical form of CTAP 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

Cbor: TypeAlias = Union[int, bytes, str, "Mapping[int, Cbor]", "Mapping[str, Cbor]", "Sequence[Cbor]"]

_POSITIVE, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP = range(6)


def encode(value: Cbor) -> bytes:
    """Write a value: a number of at most 64 bits, bytes, text, a mapping, a sequence."""
    match value:
        case int():
            return _head(_POSITIVE, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
        case bytes():
            return _head(_BYTES, len(value)) + value
        case str():
            text = value.encode()
            return _head(_TEXT, len(text)) + text
        case Mapping():
            pairs = {encode(name): encode(item) for name, item in value.items()}
            # Of the same kind, shorter names stand first (CTAP 2.1 section 8).
            ordered = sorted(pairs, key=lambda name: (name[0] >> 5, len(name), name))
            return _head(_MAP, len(pairs)) + b"".join(name + pairs[name] for name in ordered)
        case _:
            return _head(_LIST, len(value)) + b"".join(map(encode, value))


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    size = next(size for size in range(4) if number < 1 << (8 << size))
    return bytes([kind << 5 | 24 + size]) + number.to_bytes(1 << size)
