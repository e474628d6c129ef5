"""What is kept of a device: one record a user and app client, which outlives sign-outs, and one for each
other name that the user may type, which points to it.

A record is JSON and is written whole or not at all. It holds the device's password: the storage keeps it from
others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from userpool.flows.grant import Device
from userpool.protocol.errors import ParameterError

FORMAT: Final = 1
"""Version of what is written. A record of another version counts as absent and is left where it is."""


@dataclass(frozen=True, slots=True)
class KeptDevice:
    """A device with whose it is."""

    device: Device
    username: str
    """The service's own name for the user."""
    names: frozenset[str] = field(default=frozenset(), repr=False)
    """The other names that find it."""


@dataclass(frozen=True, slots=True)
class DeviceRecords:
    """Names, writes and reads the records of one app client."""

    user_pool_id: str
    client_id: str

    def key(self, name: str) -> str:
        """The key of the record for whoever signs in as `name`."""
        return f"{self.user_pool_id}/{self.client_id}/devices/{name}"

    def encode(self, kept: KeptDevice) -> bytes:
        """The record under the service's own name for the user."""
        return self._dump(
            username=kept.username, names=sorted(kept.names), device=kept.device.to_dict(), points_to=None
        )

    def encode_pointer(self, username: str) -> bytes:
        """The record under another name of the same user."""
        return self._dump(points_to=username)

    def decode(self, data: bytes | None) -> KeptDevice | str | None:
        """Read a record: a device, or the name where it is; `None` for anything that is not a whole record of
        this app client.
        """
        try:
            record = json.loads(data or b"null")
        except (ValueError, RecursionError):
            return None
        if not isinstance(record, dict) or any(
            record.get(name) != value for name, value in self._common().items()
        ):
            return None
        if isinstance(pointer := record.get("points_to"), str):
            return pointer
        username, names, device = (record.get(name) for name in ("username", "names", "device"))
        if not isinstance(username, str) or not isinstance(names, list) or not isinstance(device, dict):
            return None
        try:
            return KeptDevice(Device.from_dict(device), username, frozenset(map(str, names)))
        except ParameterError:
            return None

    def _common(self) -> Mapping[str, Any]:
        return {"version": FORMAT, "user_pool_id": self.user_pool_id, "client_id": self.client_id}

    def _dump(self, **members: Any) -> bytes:
        return json.dumps({**self._common(), **members}, separators=(",", ":")).encode()


def names_of(claims: Mapping[str, Any]) -> set[str]:
    """The names that the user of an ID token with these claims may sign in with: an address counts once it is
    verified.
    """
    found = {claims.get("sub"), claims.get("cognito:username"), claims.get("preferred_username")}
    for address in ("email", "phone_number"):
        if claims.get(f"{address}_verified") in (True, "true"):
            found.add(claims.get(address))
    return {name for name in found if isinstance(name, str) and name}
