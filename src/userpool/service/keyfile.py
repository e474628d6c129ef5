"""The keys that come from outside the database: sealing keys and administrators' access keys.

They stand in a JSON file that only its owner can read (`userpool.keys`), or in the environment
(`USERPOOL_SEALING_KEY`, `USERPOOL_ADMIN_KEY_ID` and `USERPOOL_ADMIN_KEY_SECRET`). There is no default pair.
Whoever loses the sealing keys loses the pools' signing keys, every password and every authenticator app with
them: the database is then worth nothing, which is what they are for. Keep a copy where the database's backups
are not.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .ports import Random

DEFAULT_FILE = "userpool.keys"
SEALING_KEY = "USERPOOL_SEALING_KEY"
ADMIN_KEY_ID = "USERPOOL_ADMIN_KEY_ID"
ADMIN_KEY_SECRET = "USERPOOL_ADMIN_KEY_SECRET"
SEALING_BYTES = 32
_VERSION = 1
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class KeyFileError(Exception):
    """The keys cannot be had, or are not fit for use; the text says what to do."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A 256-bit key under which secrets are sealed. The newest seals; all of them open."""

    secret: bytes = field(repr=False)
    created_at: float = 0.0

    @classmethod
    def generate(cls, random: Random, now: float) -> SealingKey:
        """A new key of `now`."""
        return cls(random(SEALING_BYTES), now)

    @property
    def id(self) -> str:
        """What the key is called: a hash, which tells nothing of it."""
        return hashlib.sha256(b"userpool key id" + self.secret).hexdigest()[:12]

    @property
    def text(self) -> str:
        """The key as `USERPOOL_SEALING_KEY` takes it."""
        return base64.urlsafe_b64encode(self.secret).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class AdminKey:
    """An access key pair with which an administrator signs (SigV4). `operations` are names or patterns
    (`Admin*`).
    """

    access_key_id: str
    secret: str = field(repr=False)
    name: str = ""
    created_at: float = 0.0
    revoked_at: float | None = None
    operations: tuple[str, ...] = ("*",)

    @classmethod
    def generate(
        cls, random: Random, now: float, *, name: str = "", operations: tuple[str, ...] = ("*",)
    ) -> AdminKey:
        """A new pair for the administrator `name`."""
        letters = "".join(_ID_LETTERS[byte % 32] for byte in random(16))
        secret = base64.urlsafe_b64encode(random(30)).decode()
        return cls(f"UPAK{letters}", secret, name, now, None, operations)

    def allows(self, operation: str) -> bool:
        """Whether this administrator may call the operation of this name."""
        return any(fnmatchcase(operation, pattern) for pattern in self.operations)


@dataclass(frozen=True, slots=True)
class KeySet:
    """All keys that a service was given. Sealing keys stand oldest first."""

    sealing: tuple[SealingKey, ...] = ()
    admin: tuple[AdminKey, ...] = ()

    def admin_key(self, access_key_id: str) -> AdminKey | None:
        """The administrator's key of this id; a revoked one is as good as unknown."""
        for key in self.admin:
            if key.access_key_id == access_key_id and key.revoked_at is None:
                return key
        return None

    @property
    def admin_keys_in_use(self) -> tuple[AdminKey, ...]:
        """The administrators' keys that are not revoked."""
        return tuple(key for key in self.admin if key.revoked_at is None)

    def with_sealing(self, key: SealingKey) -> KeySet:
        """The set with `key` as its newest sealing key."""
        return replace(self, sealing=(*self.sealing, key))

    def with_admin(self, key: AdminKey) -> KeySet:
        """The set with one more administrator's key."""
        return replace(self, admin=(*self.admin, key))

    def without_admin(self, access_key_id: str, now: float) -> KeySet:
        """The set with an administrator's key revoked; raises `KeyFileError` when there is none of this
        id.
        """
        if self.admin_key(access_key_id) is None:
            raise KeyFileError(f"There is no admin key {access_key_id} in use: see `userpool keys list`.")
        revoked = tuple(
            replace(key, revoked_at=now) if key.access_key_id == access_key_id else key for key in self.admin
        )
        return replace(self, admin=revoked)

    def without_sealing(self, key_id: str) -> KeySet:
        """The set without the sealing key of this id (or text); never without its newest one.

        Raises `KeyFileError` where there is none, or it is the one in use.
        """
        found = [key for key in self.sealing if key_id in (key.id, key.text)]
        if not found:
            raise KeyFileError("There is no such sealing key: see `userpool keys list`.")
        if found[0] == self.sealing[-1]:
            raise KeyFileError(
                "This is the sealing key in use. Make a new one first (`userpool keys create --sealing`), "
                "and start "
                "the service once with both: it seals everything anew. Then this one can be revoked."
            )
        return replace(self, sealing=tuple(key for key in self.sealing if key != found[0]))


def load(path: str | os.PathLike[str]) -> KeySet:
    """The keys of a file.

    Raises `KeyFileError` when it is missing, readable for others, or not a file of keys.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            _check_mode(file, os.fstat(stream.fileno()))
            data = json.loads(stream.read(1 << 20))
    except FileNotFoundError:
        raise KeyFileError(
            f"There is no key file {file}. "
            f"Make one with `userpool keys create --keys {file}`, and keep a copy."
        ) from None
    except OSError as error:
        raise KeyFileError(f"The key file {file} cannot be read: {error.strerror}.") from error
    except ValueError:
        raise KeyFileError(f"{file} is not a key file: it is not JSON. Put its copy back.") from None
    try:
        if data["version"] != _VERSION:
            raise KeyFileError(f"{file} is a key file of a newer userpool: upgrade to use it.")
        return KeySet(
            sealing=tuple(SealingKey(_key_bytes(one["key"]), one["created_at"]) for one in data["sealing"]),
            admin=tuple(_admin(one) for one in data["admin"]),
        )
    except (KeyError, TypeError, AttributeError):
        raise KeyFileError(f"{file} is not a whole key file. Put its copy back.") from None


def save(path: str | os.PathLike[str], keys: KeySet) -> None:
    """Write the keys to a file that only its owner can read, in place of what is there, whole or not at
    all.
    """
    data = {
        "version": _VERSION,
        "sealing": [{"key": key.text, "created_at": key.created_at} for key in keys.sealing],
        "admin": [
            {
                "access_key_id": key.access_key_id,
                "secret": key.secret,
                "name": key.name,
                "created_at": key.created_at,
                "revoked_at": key.revoked_at,
                "operations": list(key.operations),
            }
            for key in keys.admin
        ],
    }
    file = Path(path)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            json.dump(data, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def from_environment(environment: Mapping[str, str]) -> KeySet:
    """The keys that the environment holds.

    `USERPOOL_SEALING_KEY` may hold several, separated by commas, the newest first.
    Raises `KeyFileError` for a sealing key that is none and for half an admin pair.
    """
    texts = [text.strip() for text in environment.get(SEALING_KEY, "").split(",") if text.strip()]
    key_id, secret = environment.get(ADMIN_KEY_ID), environment.get(ADMIN_KEY_SECRET)
    if bool(key_id) != bool(secret):
        raise KeyFileError(f"Set {ADMIN_KEY_ID} and {ADMIN_KEY_SECRET} together, or neither.")
    admin = (AdminKey(key_id, secret, name="environment"),) if key_id and secret else ()
    return KeySet(tuple(SealingKey(_key_bytes(text)) for text in reversed(texts)), admin)


def merge(sets: Iterable[KeySet]) -> KeySet:
    """All keys of several sets; sealing keys of a later set are newer."""
    merged = KeySet()
    for one in sets:
        merged = KeySet((*merged.sealing, *one.sealing), (*merged.admin, *one.admin))
    return merged


def _key_bytes(text: str) -> bytes:
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != SEALING_BYTES:
        raise KeyFileError(
            f"A sealing key is {SEALING_BYTES} bytes in base64url, as `userpool keys create` makes them; "
            "this one is not."
        )
    return key


def _admin(one: Mapping[str, Any]) -> AdminKey:
    return AdminKey(
        access_key_id=str(one["access_key_id"]),
        secret=str(one["secret"]),
        name=str(one.get("name", "")),
        created_at=one["created_at"],
        revoked_at=one.get("revoked_at"),
        operations=tuple(one.get("operations") or ("*",)),
    )


def _check_mode(file: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileError(f"{file} is not a plain file.")
    if os.name == "posix" and status.st_mode & 0o077:
        raise KeyFileError(f"Others can read the key file {file}: run `chmod 600 {file}`.")
