"""Key sets (RFC 7517 section 5) as issuers publish them, read so that one bad member spoils nothing but
itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

from .jws import ALGORITHM
from .rs256 import PublicKey
from .strict import b64url_decode, load_object

MAX_BYTES: Final = 262_144
MAX_KEYS: Final = 100

_PRIVATE_MEMBERS: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))


class InvalidKeySet(ValueError):
    """What an issuer published is no key set, or has no usable key. Keep the keys you had."""


class PublicKeys(Mapping[str, PublicKey]):
    """The usable keys of a key set by key id. `skipped` says why the others are not used, for a log."""

    __slots__ = ("_keys", "skipped")

    def __init__(self, keys: Mapping[str, PublicKey], skipped: tuple[str, ...] = ()) -> None:
        self._keys = dict(keys)
        self.skipped = skipped

    @classmethod
    def from_jwks(cls, data: bytes | Mapping[str, Any]) -> PublicKeys:
        """Read a key set.

        Used is an RSA key with a key id of its own, for signatures (`use`, `key_ops`), for RS256 (`alg`), of
        2048 bits or more, without private members. A key id that comes twice is used for neither.

        Args:
            data: the document as received (at most 256 KiB), or decoded.

        Raises:
            InvalidKeySet: no JSON object with a list of `keys`, too many, or none that can be used.
        """
        members = _members(data)
        named = Counter(member["kid"] for member in members if _has_key_id(member))
        keys, skipped = {}, []
        for index, member in enumerate(members):
            try:
                key = _key(member)
                if named[key.key_id] > 1:
                    raise ValueError("its key id comes twice")
            except ValueError as error:
                skipped.append(f"key {index + 1}: {error}")
            else:
                keys[key.key_id] = key
        if not keys:
            raise InvalidKeySet("The key set has no key that can verify an RS256 token." + _reasons(skipped))
        return cls(keys, tuple(skipped))

    def __getitem__(self, key_id: str) -> PublicKey:
        return self._keys[key_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<PublicKeys {', '.join(self._keys)}>"

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The key set as a document."""
        return {"keys": [key.jwk() for key in self._keys.values()]}


def _members(data: bytes | Mapping[str, Any]) -> list[Any]:
    if isinstance(data, bytes):
        if len(data) > MAX_BYTES:
            raise InvalidKeySet(f"The key set is larger than {MAX_BYTES} bytes.")
        try:
            data = load_object(data)
        except ValueError as error:
            raise InvalidKeySet(f"The key set is {error}.") from None
    members = data.get("keys")
    if not isinstance(members, list):
        raise InvalidKeySet("The key set has no list of keys: it may be an error message of its server.")
    if len(members) > MAX_KEYS:
        raise InvalidKeySet(f"The key set has more than {MAX_KEYS} keys.")
    return members


def _has_key_id(member: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(member, Mapping) and isinstance(member.get("kid"), str) and bool(member["kid"])


def _key(member: object) -> PublicKey:
    if not _has_key_id(member):
        raise ValueError("it is no object with a key id")
    if member.get("kty") != "RSA":
        raise ValueError("it is not an RSA key")
    if _PRIVATE_MEMBERS & member.keys():
        raise ValueError("it has private members; a key that was published is spent")
    if member.get("use", "sig") != "sig":
        raise ValueError("it is not for signatures")
    operations = member.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise ValueError("it is not for verification")
    if member.get("alg", ALGORITHM) != ALGORITHM:
        raise ValueError(f"it is not for {ALGORITHM}")
    return PublicKey.from_numbers(member["kid"], _number(member.get("n")), _number(member.get("e")))


def _number(text: object) -> int:
    if not isinstance(text, str):
        raise ValueError("a number is missing")
    return int.from_bytes(b64url_decode(text.encode("ascii", "replace")))


def _reasons(problems: list[str]) -> str:
    return " " + "; ".join(problems) + "." if problems else ""
