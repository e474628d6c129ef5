"""Changing: conditional statements, so that of two who want the same one wins."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Delete, Table, bindparam, delete, null, select, tuple_, update

from ..domain.records import (
    AppClient,
    Attempts,
    Code,
    CodePurpose,
    Device,
    LoginName,
    Message,
    Passkey,
    Pool,
    SessionUse,
    SigningKey,
    TokenFamily,
    User,
)
from ..ports import Conflict
from . import rows, schema
from .groups import GroupWriter
from .reader import StoreReader
from .statements import add as _add
from .statements import put as _put
from .statements import remove as _delete
from .statements import replace as _replace

PURGED_AT_ONCE = 1_000
"""How many expired rows of a table one `purge` takes."""
_FAMILY_GRACE = 86_400.0
"""Seconds that a family is kept beyond its refresh token: its last access token may live a day."""


def _expired(table: Table) -> Delete:
    keys = list(table.primary_key.columns)
    old = select(*keys).where(table.c.expires_at < bindparam("now")).limit(bindparam("limit"))
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    return delete(table).where(key.in_(old))


_PUT_META = _put(schema.meta)
_ADD_POOL = _add(schema.pools)
_PUT_POOL = _replace(schema.pools)
_DELETE_POOL = _delete(schema.pools, "id")
_ADD_SIGNING_KEY = _add(schema.signing_keys)
_PUT_SIGNING_KEY = _put(schema.signing_keys)
_ADD_CLIENT = _add(schema.clients)
_PUT_CLIENT = _replace(schema.clients)
_DELETE_CLIENT = _delete(schema.clients, "id")
_ADD_USER = _add(schema.users)
_PUT_USER = _replace(schema.users).where(schema.users.c.version == bindparam("read_version"))
_DELETE_USER = _delete(schema.users, "pool_id", "sub")
_ADD_NAME = _add(schema.login_names)
_DELETE_NAME = _delete(schema.login_names, "pool_id", "key")
_PUT_CODE = _put(schema.codes)
_DELETE_CODES = _delete(schema.codes, "pool_id", "sub")
_DELETE_CODES_FOR = _delete(schema.codes, "pool_id", "sub", "purpose")
_PUT_ATTEMPTS = _put(schema.attempts)
_DELETE_ATTEMPTS = _delete(schema.attempts, "key")
_PUT_SESSION_USE = _put(schema.session_uses)
_ADD_FAMILY = _add(schema.token_families)
_PUT_FAMILY = _replace(schema.token_families)
_DELETE_FAMILIES = _delete(schema.token_families, "pool_id", "sub")
_REVOKE_FAMILIES = (
    update(schema.token_families)
    .where(
        schema.token_families.c.pool_id == bindparam("pool_id"),
        schema.token_families.c.sub == bindparam("sub"),
        schema.token_families.c.revoked_at.is_(None),
    )
    .values(
        revoked_at=bindparam("at"),
        session_id=null(),
        last_active_at=null(),
        ip_address=null(),
        device_type=null(),
    )
)
_ADD_DEVICE = _add(schema.devices)
_PUT_DEVICE = _replace(schema.devices)
_DELETE_DEVICE = _delete(schema.devices, "pool_id", "sub", "key")
_PART_FAMILIES = (
    update(schema.token_families)
    .where(
        schema.token_families.c.pool_id == bindparam("pool_id"),
        schema.token_families.c.sub == bindparam("sub"),
        schema.token_families.c.device_key == bindparam("key"),
    )
    .values(device_key=null())
)
_ADD_PASSKEY = _add(schema.passkeys)
_PUT_PASSKEY = _replace(schema.passkeys)
_DELETE_PASSKEY = _delete(schema.passkeys, "pool_id", "credential_id")
_ADD_MESSAGE = _add(schema.messages)
_DELETE_MESSAGE = _delete(schema.messages, "id")
_DELETE_MESSAGES_OF = delete(schema.messages).where(
    schema.messages.c.pool_id == bindparam("pool_id"),
    schema.messages.c.username
    == select(schema.users.c.username)
    .where(schema.users.c.pool_id == bindparam("pool_id"), schema.users.c.sub == bindparam("sub"))
    .scalar_subquery(),
)
_PURGE = {
    _expired(schema.codes): 0.0,
    _expired(schema.attempts): 0.0,
    _expired(schema.session_uses): 0.0,
    _expired(schema.messages): 0.0,
    _expired(schema.token_families): _FAMILY_GRACE,
}
_EMPTY = [delete(table) for table in reversed(schema.metadata.sorted_tables) if table is not schema.meta]


class _Arrivals:
    """Numbers that only grow: the true clock's nanoseconds, or one more where it stood still or went back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns())
            return self._last


_arrivals = _Arrivals()


class StoreWriter(StoreReader, GroupWriter):
    """`Writer` on a session that is in a write transaction."""

    __slots__ = ()

    def put_meta(self, name: str, value: bytes) -> None:
        self._session.change(_PUT_META, {"name": name, "value": value})

    def add_pool(self, pool: Pool, keys: Sequence[SigningKey]) -> None:
        self._session.insert(_ADD_POOL, rows.pool_values(pool), taken="pool", missing="pool")
        for key in keys:
            self._session.insert(
                _ADD_SIGNING_KEY, rows.signing_key_values(key), taken="signing key", missing="pool"
            )

    def put_pool(self, pool: Pool) -> None:
        if not self._session.change(_PUT_POOL, rows.pool_values(pool)):
            raise Conflict("pool")

    def put_signing_key(self, key: SigningKey) -> None:
        self._session.change(_PUT_SIGNING_KEY, rows.signing_key_values(key))

    def delete_pool(self, pool_id: str) -> None:
        self._session.change(_DELETE_POOL, {"id": pool_id})

    def add_client(self, client: AppClient) -> None:
        self._session.insert(_ADD_CLIENT, rows.client_values(client), taken="client", missing="pool")

    def put_client(self, client: AppClient) -> None:
        if not self._session.change(_PUT_CLIENT, rows.client_values(client)):
            raise Conflict("client")

    def delete_client(self, client_id: str) -> None:
        self._session.change(_DELETE_CLIENT, {"id": client_id})

    def add_user(self, user: User, names: Sequence[LoginName]) -> None:
        self._session.insert(_ADD_USER, rows.user_values(user), taken="user", missing="pool")
        for name in names:
            self.add_name(name)

    def put_user(self, user: User) -> User:
        stored = replace(user, version=user.version + 1)
        if not self._session.change(_PUT_USER, {**rows.user_values(stored), "read_version": user.version}):
            raise Conflict("user")
        return stored

    def add_name(self, name: LoginName) -> None:
        try:
            self._session.insert(_ADD_NAME, rows.name_values(name), taken="name", missing="user")
        except Conflict as conflict:
            if conflict.what != "name":
                raise
            owner = self.name_owner(name.pool_id, name.key)
            if owner is None or owner.sub != name.sub:
                raise

    def delete_name(self, pool_id: str, key: str) -> None:
        self._session.change(_DELETE_NAME, {"pool_id": pool_id, "key": rows.stored_key(key)})

    def delete_user(self, pool_id: str, sub: str) -> None:
        values = {"pool_id": pool_id, "sub": sub}
        for statement in (_DELETE_CODES, _DELETE_FAMILIES, _DELETE_MESSAGES_OF, _DELETE_USER):
            self._session.change(statement, values)

    def put_code(self, code: Code) -> None:
        self._session.change(_PUT_CODE, rows.code_values(code), missing="pool")

    def delete_codes(self, pool_id: str, sub: str, purpose: CodePurpose | None = None) -> None:
        values = {"pool_id": pool_id, "sub": sub}
        if purpose is None:
            self._session.change(_DELETE_CODES, values)
        else:
            self._session.change(_DELETE_CODES_FOR, {**values, "purpose": purpose.value})

    def put_attempts(self, attempts: Attempts) -> None:
        self._session.change(_PUT_ATTEMPTS, rows.plain_values(attempts))

    def delete_attempts(self, key: str) -> None:
        self._session.change(_DELETE_ATTEMPTS, {"key": key})

    def put_session_use(self, use: SessionUse) -> None:
        self._session.change(_PUT_SESSION_USE, rows.plain_values(use))

    def add_family(self, family: TokenFamily) -> None:
        self._session.insert(_ADD_FAMILY, rows.plain_values(family), taken="family", missing="pool")

    def put_family(self, family: TokenFamily) -> None:
        if not self._session.change(_PUT_FAMILY, rows.plain_values(family)):
            raise Conflict("family")

    def revoke_families(self, pool_id: str, sub: str, at: float) -> None:
        self._session.change(_REVOKE_FAMILIES, {"pool_id": pool_id, "sub": sub, "at": at})

    def add_device(self, device: Device) -> None:
        self._session.insert(_ADD_DEVICE, rows.device_values(device), taken="device", missing="user")

    def put_device(self, device: Device) -> None:
        if not self._session.change(_PUT_DEVICE, rows.device_values(device)):
            raise Conflict("device")

    def delete_device(self, pool_id: str, sub: str, key: str) -> None:
        values = {"pool_id": pool_id, "sub": sub, "key": key}
        for statement in (_DELETE_DEVICE, _PART_FAMILIES):
            self._session.change(statement, values)

    def add_passkey(self, passkey: Passkey) -> None:
        self._session.insert(_ADD_PASSKEY, rows.passkey_values(passkey), taken="passkey", missing="user")

    def put_passkey(self, passkey: Passkey) -> None:
        if not self._session.change(_PUT_PASSKEY, rows.passkey_values(passkey)):
            raise Conflict("passkey")

    def delete_passkey(self, pool_id: str, credential_id: bytes) -> None:
        self._session.change(_DELETE_PASSKEY, {"pool_id": pool_id, "credential_id": credential_id})

    def add_message(self, message: Message) -> None:
        values = rows.message_values(message, _arrivals.next())
        self._session.insert(_ADD_MESSAGE, values, taken="message", missing="pool")

    def delete_message(self, message_id: str) -> None:
        self._session.change(_DELETE_MESSAGE, {"id": message_id})

    def purge(self, now: float) -> int:
        return sum(
            self._session.change(statement, {"now": now - grace, "limit": PURGED_AT_ONCE})
            for statement, grace in _PURGE.items()
        )

    def empty(self) -> None:
        """Delete everything but `meta`."""
        for statement in _EMPTY:
            self._session.change(statement, {})
