"""Records to rows and back: read in the order of a table's columns, written by their names."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Column

from ..domain.records import (
    AppClient,
    Attempts,
    ClientSecret,
    Code,
    CodePurpose,
    Device,
    Group,
    KeyUse,
    ListedUser,
    LoginName,
    Message,
    NameKind,
    Passkey,
    PasswordRecord,
    Pool,
    ResourceServer,
    SessionUse,
    SigningKey,
    TokenFamily,
    Totp,
    User,
    UserStatus,
)
from ..domain.search import SEARCHED_TEXT, search_text
from . import schema

Row = Sequence[Any]
Values = dict[str, Any]
T = TypeVar("T")

USER_COLUMNS: tuple[Column[Any], ...] = tuple(c for c in schema.users.c if c.name not in SEARCHED_TEXT)
"""What a user is read from: all but the copies that are only searched."""
LISTED_COLUMNS: tuple[Column[Any], ...] = tuple(schema.users.c[name] for name in ListedUser.__slots__)
"""What a user in a list is read from."""
MESSAGE_COLUMNS: tuple[Column[Any], ...] = tuple(c for c in schema.messages.c if c.name != "arrived")

_STATUS = {status.value: status for status in UserStatus}

_NO_PASSWORDS, _NO_NAMES, _NO_TEXTS = "[]", "[]", "{}"
"""What most users have of the members that are JSON: written by `_json`, and not worth reading."""

_encode = msgspec.json.Encoder().encode
_mapping = msgspec.json.Decoder(dict[str, Any]).decode
_texts = msgspec.json.Decoder(dict[str, str]).decode
_text = msgspec.json.Decoder(str).decode
_names = msgspec.json.Decoder(frozenset[str]).decode
_optional_texts = msgspec.json.Decoder(tuple[str | None, str | None]).decode
_name_and_texts = msgspec.json.Decoder(tuple[str, dict[str, str]]).decode
_listed = msgspec.json.Decoder(tuple[str, ...]).decode
_password = msgspec.json.Decoder(PasswordRecord).decode
_passwords = msgspec.json.Decoder(tuple[PasswordRecord, ...]).decode
_totp = msgspec.json.Decoder(Totp).decode
_secrets = msgspec.json.Decoder(tuple[ClientSecret, ...]).decode


def _json(value: object) -> str:
    return _encode(value).decode()


def _json_or_null(value: object) -> str | None:
    return None if value is None else _json(value)


def pool_values(pool: Pool) -> Values:
    """The row of `pool`."""
    return {
        "id": pool.id,
        "name": pool.name,
        "settings": _json(pool.settings),
        "created_at": pool.created_at,
        "modified_at": pool.modified_at,
    }


def pool_from(row: Row) -> Pool:
    """The pool in `row`."""
    return Pool(row[0], row[1], _mapping(row[2]), row[3], row[4])


def client_values(client: AppClient) -> Values:
    """The row of `client`."""
    return {
        "id": client.id,
        "pool_id": client.pool_id,
        "name": client.name,
        "settings": _json(client.settings),
        "secrets": _json(client.secrets),
        "created_at": client.created_at,
        "modified_at": client.modified_at,
    }


def client_from(row: Row) -> AppClient:
    """The app client in `row`."""
    return AppClient(row[0], row[1], row[2], _mapping(row[3]), _secrets(row[4]), row[5], row[6])


def signing_key_values(key: SigningKey) -> Values:
    """The row of `key`."""
    return {
        "pool_id": key.pool_id,
        "kid": key.kid,
        "use": key.use.value,
        "sealed": key.sealed,
        "public_jwk": _json(key.public_jwk),
        "created_at": key.created_at,
        "retired_at": key.retired_at,
    }


def signing_key_from(row: Row) -> SigningKey:
    """The signing key in `row`."""
    return SigningKey(row[0], row[1], KeyUse(row[2]), row[3], _texts(row[4]), row[5], row[6])


def user_values(user: User) -> Values:
    """The row of `user`, with the copies that are searched."""
    values: Values = {
        "pool_id": user.pool_id,
        "sub": user.sub,
        "username": user.username,
        "status": user.status.value,
        "enabled": user.enabled,
        "attributes": _json(user.attributes),
        "created_at": user.created_at,
        "modified_at": user.modified_at,
        "password": _json_or_null(user.password),
        "password_history": _json(user.password_history),
        "totp": _json_or_null(user.totp),
        "mfa_enabled": _json(sorted(user.mfa_enabled)),
        "mfa_preferred": user.mfa_preferred,
        "pending_attributes": _json(user.pending_attributes),
        "tokens_valid_after": user.tokens_valid_after,
        "version": user.version,
    }
    for name in SEARCHED_TEXT:
        values[name] = search_text(user, name)
    return values


def user_from(row: Row) -> User:
    """The user in `row` (`USER_COLUMNS`; more columns may follow)."""
    return User(
        row[0],
        row[1],
        row[2],
        _STATUS[row[3]],
        bool(row[4]),
        _texts(row[5]),
        row[6],
        row[7],
        None if row[8] is None else _password(row[8]),
        () if row[9] == _NO_PASSWORDS else _passwords(row[9]),
        None if row[10] is None else _totp(row[10]),
        frozenset() if row[11] == _NO_NAMES else _names(row[11]),
        row[12],
        {} if row[13] == _NO_TEXTS else _texts(row[13]),
        row[14],
        row[15],
    )


_NOBODY = user_values(
    User(
        "us-east-1_000000000",
        "00000000-0000-4000-8000-000000000000",
        "nobody",
        UserStatus.CONFIRMED,
        True,
        {
            "email": "nobody@example.com",
            "email_verified": "true",
            "sub": "00000000-0000-4000-8000-000000000000",
        },
        0.0,
        0.0,
        PasswordRecord(bytes(16), bytes(430), 0.0),
    )
)
_NOBODY_ROW = tuple(_NOBODY[column.name] for column in USER_COLUMNS)


def read_nobody() -> None:
    """Spend the time of reading a user's row: whoever looks for a name must not see whether there was one."""
    user_from(_NOBODY_ROW)


def listed_user_from(row: Row) -> ListedUser:
    """The user in `row` (`LISTED_COLUMNS`), as lists show it."""
    return ListedUser(
        row[0],
        row[1],
        _STATUS[row[2]],
        bool(row[3]),
        _texts(row[4]),
        row[5],
        row[6],
        frozenset() if row[7] == _NO_NAMES else _names(row[7]),
    )


def name_values(name: LoginName) -> Values:
    """The row of `name`."""
    return {"pool_id": name.pool_id, "key": stored_key(name.key), "kind": name.kind.value, "sub": name.sub}


def name_from(row: Row) -> LoginName:
    """The login name in `row`."""
    return LoginName(row[0], row[1], NameKind(row[2]), row[3])


def code_values(code: Code) -> Values:
    """The row of `code`."""
    return {**plain_values(code), "purpose": code.purpose.value}


def code_from(row: Row) -> Code:
    """The code in `row`."""
    return Code(row[0], row[1], CodePurpose(row[2]), *row[3:])


def attempts_from(row: Row) -> Attempts:
    """The attempts in `row`."""
    return Attempts(*row)


def session_use_from(row: Row) -> SessionUse:
    """The use of a session in `row`."""
    return SessionUse(*row)


def family_from(row: Row) -> TokenFamily:
    """The token family in `row`."""
    return TokenFamily(*row)


def device_values(device: Device) -> Values:
    """The row of `device`."""
    values: Values = {name: getattr(device, name) for name in device.__slots__}
    return {**values, "name": _json_or_null(device.name)}


def device_from(row: Row) -> Device:
    """The device in `row`."""
    name = None if row[3] is None else _text(row[3])
    return Device(row[0], row[1], row[2], name, row[4], row[5], bool(row[6]), *row[7:])


def passkey_values(passkey: Passkey) -> Values:
    """The row of `passkey`."""
    values: Values = {name: getattr(passkey, name) for name in passkey.__slots__}
    return {**values, "transports": _json(passkey.transports)}


def passkey_from(row: Row) -> Passkey:
    """The passkey in `row`."""
    read = [*row]
    read[8], read[10], read[11] = _listed(row[8]), bool(row[10]), bool(row[11])
    return Passkey(*read)


def group_values(group: Group) -> Values:
    """The row of `group`."""
    return {
        "pool_id": group.pool_id,
        "name": group.name,
        "precedence": group.precedence,
        "details": _json([group.description, group.role_arn]),
        "created_at": group.created_at,
        "modified_at": group.modified_at,
    }


def group_from(row: Row) -> Group:
    """The group in `row`."""
    return Group(row[0], row[1], *_optional_texts(row[3]), row[2], row[4], row[5])


def resource_server_values(server: ResourceServer) -> Values:
    """The row of `server`."""
    return {
        "pool_id": server.pool_id,
        "identifier": server.identifier,
        "details": _json([server.name, server.scopes]),
    }


def resource_server_from(row: Row) -> ResourceServer:
    """The resource server in `row`."""
    return ResourceServer(row[0], row[1], *_name_and_texts(row[2]))


def message_values(message: Message, arrived: int) -> Values:
    """The row of `message`, which arrived at `arrived` (nanoseconds, true time)."""
    return {
        "id": message.id,
        "pool_id": message.pool_id,
        "username": message.username,
        "recipient": message.to,
        "medium": message.medium,
        "purpose": message.purpose,
        "sealed_code": message.sealed_code,
        "created_at": message.created_at,
        "expires_at": message.expires_at,
        "arrived": arrived,
    }


def message_from(row: Row) -> Message:
    """The message in `row` (`MESSAGE_COLUMNS`)."""
    return Message(*row)


def plain_values(record: Code | Attempts | SessionUse | TokenFamily) -> Values:
    """The row of a record whose members are its columns."""
    return {name: getattr(record, name) for name in record.__slots__}


_LONGEST_KEY = 256


def stored_key(key: str) -> str:
    """`key` as it stands in the table: PostgreSQL indexes no long ones, so their end becomes a digest.

    Nobody can sign in by such a name (a user name has 128 characters at most), but it is taken only once.
    """
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:128]}…{sha256(key.encode()).hexdigest()}"
