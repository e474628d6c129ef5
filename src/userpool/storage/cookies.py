"""Records in the cookies of one browser, for a web back end that keeps no sessions of its own.

The records are encrypted: the browser carries them and cannot read them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

from userpool.protocol.errors import ParameterError, StorageError

from .api import Storage
from .memory import MemoryStorage
from .sealed import opened, sealer

SameSite: TypeAlias = Literal["Lax", "Strict", "None"]

PIECE: Final = 3600
"""Characters of a value in one cookie: with name and attributes a browser takes 4,096 bytes."""
PIECES: Final = 3
"""How many cookies one record may fill; servers take headers of 8 to 16 KiB."""

_COUNTS: Final = tuple(str(count) for count in range(1, PIECES + 1))
_LABEL: Final = "cookie"
_STEM: Final = 16
_SHARED: Final = MemoryStorage()


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that the response has to set, or with `max_age=0` to remove."""

    name: str
    value: str = field(repr=False)
    max_age: int
    """Seconds."""
    path: str
    domain: str | None
    secure: bool
    same_site: SameSite
    http_only: bool = True

    def header(self) -> str:
        """The value of a `Set-Cookie` header (RFC 6265 section 4.1)."""
        parts = [f"{self.name}={self.value}", f"Max-Age={self.max_age}", f"Path={self.path}"]
        parts += [f"Domain={self.domain}"] if self.domain else []
        parts += ["Secure"] if self.secure else []
        parts += ["HttpOnly"] if self.http_only else []
        return "; ".join([*parts, f"SameSite={self.same_site}"])

    def options(self) -> dict[str, Any]:
        """The arguments of `set_cookie` in Starlette, FastAPI, Flask and Django, which all take these."""
        return {
            "key": self.name,
            "value": self.value,
            "max_age": self.max_age,
            "path": self.path,
            "domain": self.domain,
            "secure": self.secure,
            "httponly": self.http_only,
            "samesite": self.same_site,
        }


class CookieStorage:
    """A `Storage` for one request: made of its cookies, and asked afterwards for those to set.

        storage = CookieStorage(request.cookies, key)
        user = pool.with_storage(storage).current_user()
        …
        for cookie in storage.changes():
            response.set_cookie(**cookie.options())

    Records are sealed (AES-256-GCM) under your key and bound to the cookie's name, split where they are too
    long for one cookie, and old pieces are removed. What does not open counts as absent. The pool's public
    keys, which are the same for everybody, stay in this process.

    A browser's parallel requests carry the same tokens. Those that `with_storage` of one pool serves share a
    refresh; between processes nobody can wait for another's cookie, so give an app client whose refresh
    tokens rotate a grace period (`RetryGracePeriodSeconds`), or keep sessions in the back end.

    Args:
        cookies: what the browser sent, by name.
        keys: 32 random bytes, or several such keys while one is replaced by another, the newest last.
        name: what all the cookies' names begin with; by default `__Host-userpool`, which binds them to this
            very host, or where the other arguments rule that out `__Secure-userpool`, or `userpool`.
        domain: lets subdomains see them; by default only this host.
        path: where the browser sends them.
        max_age: seconds that the browser keeps them.
        secure: over https only.
        same_site: whether other sites' requests carry them.
        shared: what is the same for everybody, and the locks; by default this process's memory.

    Raises `ParameterError` for arguments that browsers would not take together, and keys of another length.
    """

    def __init__(
        self,
        cookies: Mapping[str, str],
        keys: bytes | Sequence[bytes],
        *,
        name: str | None = None,
        domain: str | None = None,
        path: str = "/",
        max_age: int = 30 * 24 * 3600,
        secure: bool = True,
        same_site: SameSite = "Lax",
        shared: Storage = _SHARED,
    ) -> None:
        host_only = domain is None and path == "/" and secure
        self._name = name or ("__Host-" if host_only else "__Secure-" if secure else "") + "userpool"
        if self._name.startswith("__Host-") and not host_only:
            raise ParameterError(
                "A __Host- cookie is secure, has the path / and no domain: name it otherwise."
            )
        if not secure and (same_site == "None" or self._name.startswith("__Secure-")):
            raise ParameterError("Browsers take SameSite=None and __Secure- names with secure=True only.")
        self._cookies = cookies
        self._sealer = sealer(keys)
        self._shared = shared
        self._form = Cookie("", "", max_age, path, domain, secure, same_site)
        self._changed: dict[str, Cookie] = {}
        self._records: dict[str, bytes | None] = {}

    def __repr__(self) -> str:
        return f"CookieStorage({self._name!r})"

    def changes(self) -> list[Cookie]:
        """The cookies that the response has to set, each once."""
        return list(self._changed.values())

    def load(self, key: str) -> bytes | None:
        """The record under `key`; `None` where there is none that can be opened."""
        if _is_shared(key):
            return self._shared.load(key)
        if key in self._records:
            return self._records[key]
        found = self._read(self._stem(key))
        return found[1] if found is not None and found[0] == key else None

    def save(self, key: str, data: bytes) -> None:
        """Make `data` the record under `key`.

        Raises `StorageError` where it is too large for cookies.
        """
        if _is_shared(key):
            return self._shared.save(key, data)
        stem = self._stem(key)
        named = key.encode("utf-8", "surrogatepass")
        plain = len(named).to_bytes(2) + named + data
        sealed = self._sealer.seal(_LABEL, plain, stem.encode())
        text = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
        if len(pieces) > PIECES:
            raise StorageError(
                f"These tokens need {len(text)} characters, more than {PIECES} cookies hold: put fewer "
                "claims or groups into them, or keep them in the back end and only a session id in a cookie."
            )
        self._records[key] = data
        self._remove(stem)
        for number, piece in enumerate(pieces):
            value = f"{len(pieces)}.{piece}" if number == 0 else piece
            self._set(replace(self._form, name=_piece(stem, number), value=value))
        return None

    def delete(self, key: str) -> None:
        """Remove the record under `key`."""
        if _is_shared(key):
            return self._shared.delete(key)
        self._records[key] = None
        self._remove(self._stem(key))
        return None

    def keys(self) -> list[str]:
        """The keys of all records that can be opened."""
        stems = [name for name in self._cookies if name.startswith(f"{self._name}-") and "." not in name]
        found = {record[0] for record in map(self._read, stems) if record is not None}
        kept = {key for key, data in self._records.items() if data is not None}
        return sorted(kept | (found - self._records.keys()))

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold the lock of `key` in this process. Raises `StorageBusy`."""
        return self._shared.lock(key, timeout)

    def _stem(self, key: str) -> str:
        return f"{self._name}-{sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:_STEM]}"

    def _read(self, stem: str) -> tuple[str, bytes] | None:
        count, _, first = self._cookies.get(stem, "").partition(".")
        if count not in _COUNTS:
            return None
        text = first + "".join(self._cookies.get(_piece(stem, number), "") for number in range(1, int(count)))
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        plain = opened(self._sealer, _LABEL, sealed, stem.encode())
        if plain is None:
            return None
        end = 2 + int.from_bytes(plain[:2])
        return plain[2:end].decode("utf-8", "surrogatepass"), plain[end:]

    def _remove(self, stem: str) -> None:
        for name in [_piece(stem, number) for number in range(PIECES)]:
            self._changed.pop(name, None)
            if name in self._cookies:
                self._set(replace(self._form, name=name, value="", max_age=0))

    def _set(self, cookie: Cookie) -> None:
        self._changed[cookie.name] = cookie


def _piece(stem: str, number: int) -> str:
    return f"{stem}.{number}" if number else stem


def _is_shared(key: str) -> bool:
    # The whole form, `{user pool}/jwks`: a user's record ends with a name that the user chose.
    return key.count("/") == 1 and key.endswith("/jwks")
