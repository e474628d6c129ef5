"""Reading: each method is one statement along an index."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, chain
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select

from ..domain.records import (
    AppClient,
    Attempts,
    Code,
    CodePurpose,
    Device,
    ListedUser,
    LoginName,
    Message,
    Passkey,
    Pool,
    SessionUse,
    SigningKey,
    TokenFamily,
    User,
)
from . import rows, schema
from .groups import GroupReader
from .search import list_users
from .statements import by as _by

_EXACT = 10_000
"""Up to so many users are counted; beyond, the count is estimated from where this one stands among all."""


_META = select(schema.meta.c.value).where(schema.meta.c.name == bindparam("name"))
_POOL = _by(schema.pools, "id")
_POOLS = select(schema.pools).where(schema.pools.c.id > bindparam("after"))
_POOLS = _POOLS.order_by(schema.pools.c.id).limit(bindparam("limit"))
_CLIENT = _by(schema.clients, "id")
_CLIENTS = _by(schema.clients, "pool_id").where(schema.clients.c.id > bindparam("after"))
_CLIENTS = _CLIENTS.order_by(schema.clients.c.id).limit(bindparam("limit"))
_SIGNING_KEYS = _by(schema.signing_keys, "pool_id").order_by(
    schema.signing_keys.c.created_at, schema.signing_keys.c.kid
)
_USER = select(*rows.USER_COLUMNS).where(
    schema.users.c.pool_id == bindparam("pool_id"), schema.users.c.sub == bindparam("sub")
)
_WHOLE_USERS = (
    select(*rows.USER_COLUMNS)
    .where(schema.users.c.pool_id == bindparam("pool_id"), schema.users.c.sub > bindparam("after"))
    .order_by(schema.users.c.sub)
    .limit(bindparam("limit"))
)
_COUNT = select(func.count()).select_from(schema.users).where(schema.users.c.pool_id == bindparam("pool_id"))
_NTH_SUB = (
    select(schema.users.c.sub)
    .where(schema.users.c.pool_id == bindparam("pool_id"))
    .order_by(schema.users.c.sub)
    .limit(1)
    .offset(bindparam("offset"))
)
# Not ordered here: SQLite would rather walk all names of the pool in their order than sort these.
_NAMES = _by(schema.login_names, "pool_id", "sub")
_NAME = _by(schema.login_names, "pool_id", "key")
_CODE = _by(schema.codes, "pool_id", "sub", "purpose", "attribute")
_ATTEMPTS = _by(schema.attempts, "key")
_SESSION_USE = _by(schema.session_uses, "id")
_FAMILY = _by(schema.token_families, "origin_jti")
_FACT_COLUMNS = ((*schema.pools.c,), (*schema.clients.c,), rows.USER_COLUMNS, (*schema.token_families.c,))
_POOL_END, _CLIENT_END, _USER_END = accumulate(len(columns) for columns in _FACT_COLUMNS[:-1])
_TOKEN_FACTS = (
    select(*chain.from_iterable(_FACT_COLUMNS))
    .join_from(schema.pools, schema.clients, schema.clients.c.pool_id == schema.pools.c.id)
    .outerjoin(
        schema.users, (schema.users.c.pool_id == schema.pools.c.id) & (schema.users.c.sub == bindparam("sub"))
    )
    .outerjoin(schema.token_families, schema.token_families.c.origin_jti == bindparam("origin_jti"))
    .where(schema.pools.c.id == bindparam("pool_id"), schema.clients.c.id == bindparam("client_id"))
)
_FAMILY_BY_REFRESH = select(schema.token_families).where(
    or_(
        schema.token_families.c.refresh_hash == bindparam("refresh_hash"),
        schema.token_families.c.previous_hash == bindparam("refresh_hash"),
    )
)
_TRACKED = _by(schema.token_families, "pool_id", "sub").where(
    schema.token_families.c.session_id.is_not(None),
    schema.token_families.c.revoked_at.is_(None),
    schema.token_families.c.expires_at > bindparam("now"),
)
_DEVICE = _by(schema.devices, "pool_id", "sub", "key")
_DEVICES = _by(schema.devices, "pool_id", "sub").where(schema.devices.c.key > bindparam("after"))
_DEVICES = _DEVICES.order_by(schema.devices.c.key).limit(bindparam("limit"))
_PASSKEY = _by(schema.passkeys, "pool_id", "credential_id")
_PASSKEYS = _by(schema.passkeys, "pool_id", "sub")
_MESSAGE_FILTERS = {"recipient": schema.messages.c.recipient, "pool_id": schema.messages.c.pool_id}


@cache
def _named(count: int) -> Select[Any]:
    """The users that `count` names find, each with the name that found it."""
    names, users = schema.login_names.c, schema.users.c
    return (
        select(*rows.USER_COLUMNS, names.key)
        .join_from(
            schema.login_names, schema.users, (users.pool_id == names.pool_id) & (users.sub == names.sub)
        )
        .where(
            names.pool_id == bindparam("pool_id"),
            names.key.in_([bindparam(f"key_{n}") for n in range(count)]),
        )
    )


@cache
def _messages(filters: frozenset[str]) -> Select[Any]:
    chosen = (_MESSAGE_FILTERS[name] == bindparam(name) for name in sorted(filters))
    return select(*rows.MESSAGE_COLUMNS).where(*chosen).order_by(schema.messages.c.arrived)


class StoreReader(GroupReader):
    """`Reader` on one session; every view of it is consistent because its session is in one transaction."""

    __slots__ = ()

    def meta(self, name: str) -> bytes | None:
        row = self._session.row(_META, name=name)
        return None if row is None else row[0]

    def pool(self, pool_id: str) -> Pool | None:
        row = self._session.row(_POOL, id=pool_id)
        return None if row is None else rows.pool_from(row)

    def pools(self, *, limit: int, after: str | None) -> Sequence[Pool]:
        found = self._session.rows(_POOLS, after=after or "", limit=limit)
        return [rows.pool_from(row) for row in found]

    def client(self, client_id: str) -> AppClient | None:
        row = self._session.row(_CLIENT, id=client_id)
        return None if row is None else rows.client_from(row)

    def clients(self, pool_id: str, *, limit: int, after: str | None) -> Sequence[AppClient]:
        found = self._session.rows(_CLIENTS, pool_id=pool_id, after=after or "", limit=limit)
        return [rows.client_from(row) for row in found]

    def signing_keys(self, pool_id: str) -> Sequence[SigningKey]:
        return [rows.signing_key_from(row) for row in self._session.rows(_SIGNING_KEYS, pool_id=pool_id)]

    def user(self, pool_id: str, sub: str) -> User | None:
        row = self._session.row(_USER, pool_id=pool_id, sub=sub)
        return None if row is None else rows.user_from(row)

    def user_named(self, pool_id: str, keys: Sequence[str]) -> User | None:
        stored = [rows.stored_key(key) for key in keys]
        if not stored:
            return None
        values = {f"key_{n}": key for n, key in enumerate(stored)}
        found = self._session.rows(_named(len(stored)), pool_id=pool_id, **values)
        if not found:
            rows.read_nobody()
            return None
        return rows.user_from(min(found, key=lambda row: stored.index(row[-1])))

    def login_names(self, pool_id: str, sub: str) -> Sequence[LoginName]:
        found = [rows.name_from(row) for row in self._session.rows(_NAMES, pool_id=pool_id, sub=sub)]
        return sorted(found, key=lambda name: name.key)

    def name_owner(self, pool_id: str, key: str) -> LoginName | None:
        row = self._session.row(_NAME, pool_id=pool_id, key=rows.stored_key(key))
        return None if row is None else rows.name_from(row)

    def users(
        self,
        pool_id: str,
        *,
        limit: int,
        after: str | None,
        attribute: str | None = None,
        value: str = "",
        prefix: bool = False,
    ) -> Sequence[ListedUser]:
        return list_users(self._session, pool_id, limit, after, attribute, value, prefix)

    def whole_users(self, pool_id: str, *, limit: int, after: str | None) -> Sequence[User]:
        found = self._session.rows(_WHOLE_USERS, pool_id=pool_id, after=after or "", limit=limit)
        return [rows.user_from(row) for row in found]

    def count_users(self, pool_id: str) -> int:
        row = self._session.row(_NTH_SUB, pool_id=pool_id, offset=_EXACT)
        if row is not None:
            # Subs are random: the one at place n stands at n / (number of all) of the whole range.
            try:
                place = int(row[0][:8], 16) / 2**32
            except ValueError:
                place = 0.0  # not a UUID: somebody pinned it
            if place:
                return round(_EXACT / place)
        counted = self._session.row(_COUNT, pool_id=pool_id)
        return counted[0] if counted else 0

    def code(self, pool_id: str, sub: str, purpose: CodePurpose, attribute: str = "") -> Code | None:
        row = self._session.row(_CODE, pool_id=pool_id, sub=sub, purpose=purpose.value, attribute=attribute)
        return None if row is None else rows.code_from(row)

    def attempts(self, key: str) -> Attempts | None:
        row = self._session.row(_ATTEMPTS, key=key)
        return None if row is None else rows.attempts_from(row)

    def session_use(self, session_id: str) -> SessionUse | None:
        row = self._session.row(_SESSION_USE, id=session_id)
        return None if row is None else rows.session_use_from(row)

    def family(self, origin_jti: str) -> TokenFamily | None:
        row = self._session.row(_FAMILY, origin_jti=origin_jti)
        return None if row is None else rows.family_from(row)

    def token_facts(
        self, pool_id: str, client_id: str, sub: str, origin_jti: str
    ) -> tuple[Pool, AppClient, User | None, TokenFamily | None] | None:
        row = self._session.row(
            _TOKEN_FACTS, pool_id=pool_id, client_id=client_id, sub=sub, origin_jti=origin_jti
        )
        if row is None:
            return None
        return (
            rows.pool_from(row[:_POOL_END]),
            rows.client_from(row[_POOL_END:_CLIENT_END]),
            None if row[_CLIENT_END] is None else rows.user_from(row[_CLIENT_END:_USER_END]),
            None if row[_USER_END] is None else rows.family_from(row[_USER_END:]),
        )

    def family_by_refresh(self, refresh_hash: bytes) -> TokenFamily | None:
        row = self._session.row(_FAMILY_BY_REFRESH, refresh_hash=refresh_hash)
        return None if row is None else rows.family_from(row)

    def user_sessions(self, pool_id: str, sub: str, now: float) -> Sequence[TokenFamily]:
        found = self._session.rows(_TRACKED, pool_id=pool_id, sub=sub, now=now)
        return [rows.family_from(row) for row in found]

    def device(self, pool_id: str, sub: str, key: str) -> Device | None:
        row = self._session.row(_DEVICE, pool_id=pool_id, sub=sub, key=key)
        return None if row is None else rows.device_from(row)

    def devices(self, pool_id: str, sub: str, *, limit: int, after: str | None) -> Sequence[Device]:
        found = self._session.rows(_DEVICES, pool_id=pool_id, sub=sub, after=after or "", limit=limit)
        return [rows.device_from(row) for row in found]

    def passkey(self, pool_id: str, credential_id: bytes) -> Passkey | None:
        row = self._session.row(_PASSKEY, pool_id=pool_id, credential_id=credential_id)
        return None if row is None else rows.passkey_from(row)

    def passkeys(self, pool_id: str, sub: str) -> Sequence[Passkey]:
        found = [rows.passkey_from(row) for row in self._session.rows(_PASSKEYS, pool_id=pool_id, sub=sub)]
        return sorted(found, key=lambda one: (one.created_at, one.credential_id))

    def messages(self, *, to: str | None = None, pool_id: str | None = None) -> Sequence[Message]:
        wanted = {"recipient": to, "pool_id": pool_id}
        given = {name: value for name, value in wanted.items() if value is not None}
        found = self._session.rows(_messages(frozenset(given)), **given)
        return [rows.message_from(row) for row in found]
