"""What is kept of a signed-in user: one record a user, and one that says who is current.

A record is JSON and is written whole or not at all. It holds tokens: the storage keeps it from others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from userpool.flows.grant import Tokens
from userpool.protocol.errors import TokenError

from .held import Held, hold

FORMAT: Final = 1
"""Version of what is written. A record of another version counts as absent and is left where it is."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Names the records of one app client."""

    user_pool_id: str
    client_id: str

    @property
    def current(self) -> str:
        """The key of the record that says who is current."""
        return f"{self.user_pool_id}/{self.client_id}/current"

    @property
    def jwks(self) -> str:
        """The key of the record with the pool's public keys."""
        return f"{self.user_pool_id}/jwks"

    def user(self, username: str) -> str:
        """The key of a user's record, by the service's own name for them."""
        return f"{self._users}{username}"

    def username(self, key: str) -> str | None:
        """Whose record lies under `key`; `None` where it is no user's of this app client."""
        return key.removeprefix(self._users) if key.startswith(self._users) else None

    @property
    def _users(self) -> str:
        return f"{self.user_pool_id}/{self.client_id}/users/"

    def encode(self, held: Held) -> bytes:
        """A user's record."""
        return _dump(
            {
                "version": FORMAT,
                "user_pool_id": self.user_pool_id,
                "client_id": self.client_id,
                "username": held.username,
                "access_token": held.tokens.access_token,
                "id_token": held.tokens.id_token,
                "refresh_token": held.tokens.refresh_token,
                "clock_drift": held.drift,
                "device_key": held.device_key,
            }
        )

    def decode(self, data: bytes | None, username: str) -> Held | None:
        """Read a user's record; `None` for anything that is not a whole record of this very user and
        client.
        """
        record = self._read(data)
        if record is None or record.get("username") != username:
            return None
        drift = record.get("clock_drift")
        try:
            return hold(
                Tokens(
                    access_token=_text(record, "access_token") or "",
                    id_token=_text(record, "id_token"),
                    refresh_token=_text(record, "refresh_token"),
                ),
                client_id=self.client_id,
                device_key=_text(record, "device_key"),
                drift=drift if isinstance(drift, int | float) else 0.0,
            )
        except TokenError:
            return None

    def encode_current(self, username: str) -> bytes:
        """The record that makes `username` current."""
        return _dump(
            {
                "version": FORMAT,
                "user_pool_id": self.user_pool_id,
                "client_id": self.client_id,
                "username": username,
            }
        )

    def decode_current(self, data: bytes | None) -> str | None:
        """Who is current, if anybody."""
        record = self._read(data)
        return _text(record, "username") if record else None

    def _read(self, data: bytes | None) -> Mapping[str, Any] | None:
        try:
            record = json.loads(data or b"null")
        except (ValueError, RecursionError):
            return None
        if not isinstance(record, dict):
            return None
        wanted = {"version": FORMAT, "user_pool_id": self.user_pool_id, "client_id": self.client_id}
        return record if all(record.get(name) == value for name, value in wanted.items()) else None


def _dump(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) else None
