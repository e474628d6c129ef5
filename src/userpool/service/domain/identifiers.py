"""Ids and secrets in Cognito's own forms: other tools check them by pattern."""

from __future__ import annotations

from collections.abc import Callable, Collection

_LOWER = "0123456789abcdefghijklmnopqrstuvwxyz"
_MIXED = _LOWER + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

UUID_LENGTH = 36
"""Characters of a UUID as text."""

RandomBytes = Callable[[int], bytes]


def letters(random: RandomBytes, count: int, alphabet: str = _LOWER) -> str:
    """`count` characters of `alphabet`, each as likely as any other."""
    # Eight bytes more than the text holds make the bias of the division too small to be seen.
    size = (count * (len(alphabet) - 1).bit_length() + 7) // 8 + 8
    number = int.from_bytes(random(size))
    text = ""
    for _ in range(count):
        number, digit = divmod(number, len(alphabet))
        text += alphabet[digit]
    return text


def pool_id(region: str, random: RandomBytes) -> str:
    """A user pool's id: `us-east-1_` and nine letters and digits."""
    return f"{region}_{letters(random, 9, _MIXED)}"


def client_id(random: RandomBytes) -> str:
    """An app client's id: 26 lower-case letters and digits."""
    return letters(random, 26)


def client_secret(random: RandomBytes) -> str:
    """An app client's secret: 52 lower-case letters and digits, some 268 bits."""
    return letters(random, 52)


def client_secret_id(client_id: str, now: float, taken: Collection[str] = ()) -> str:
    """The id of a secret that is made at `now` (seconds since the epoch); none of those that are `taken`."""
    second = int(now)
    while f"{client_id}--{second}" in taken:
        second += 1
    return f"{client_id}--{second}"


def uuid(random: RandomBytes) -> str:
    """A random UUID (version 4): `sub`, `jti`, message and session ids."""
    return uuid_of(random(16))


def uuid_of(given: bytes) -> str:
    """The UUID (version 4) that 16 random bytes make."""
    raw = bytearray(given)
    raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80  # RFC 9562 section 5.4: version and variant
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
