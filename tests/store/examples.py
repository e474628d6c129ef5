"""Records to fill a store with."""

from __future__ import annotations

import uuid
from typing import Any

from userpool.service.domain.records import (
    AppClient,
    ClientSecret,
    Code,
    CodePurpose,
    Device,
    KeyUse,
    LoginName,
    Message,
    NameKind,
    Passkey,
    PasswordRecord,
    Pool,
    SigningKey,
    TokenFamily,
    Totp,
    User,
    UserStatus,
)
from userpool.service.ports import Store, Writer

POOL = Pool("us-east-1_aaaaaaaaa", "first", {"PoolName": "first", "Schema": [{"Name": "age"}]}, 1.5, 2.5)
OTHER_POOL = Pool("us-east-1_bbbbbbbbb", "second", {}, 3.0, 3.0)
KEYS = (
    SigningKey(POOL.id, "kid-1", KeyUse.ID, b"\x00sealed", {"kty": "RSA", "n": "AQAB"}, 1.5),
    SigningKey(
        POOL.id, "kid-2", KeyUse.ACCESS, b"\xffsealed", {"kty": "RSA", "n": "AQAC"}, 1.5, retired_at=9.0
    ),
)
CLIENT = AppClient(
    "client1",
    POOL.id,
    "app",
    {"ClientName": "app", "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]},
    (ClientSecret("s1", b"\x00\xff", 1.0), ClientSecret("s2", b"two", 2.0)),
    1.0,
    2.0,
)


def sub_of(n: int) -> str:
    """A UUID that looks random, the same each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(n)))


def make_user(n: int, pool: Pool = POOL, **changes: Any) -> User:
    """The user number `n`."""
    sub = sub_of(n)
    values: dict[str, Any] = {
        "pool_id": pool.id,
        "sub": sub,
        "username": f"user{n}",
        "status": UserStatus.CONFIRMED,
        "enabled": True,
        "attributes": {"sub": sub, "email": f"user{n}@example.com"},
        "created_at": 10.0 + n,
        "modified_at": 20.0 + n,
    }
    return User(**{**values, **changes})


def full_user() -> User:
    """A user that has everything."""
    return make_user(
        1,
        status=UserStatus.FORCE_CHANGE_PASSWORD,
        enabled=False,
        attributes={
            "sub": sub_of(1),
            "email": "ada@example.com",
            "name": "Ada ❤ \u0000 \U0001f600",
            "custom:x": "",
        },
        password=PasswordRecord(b"\x00salt", b"\xffverifier", 5.5, temporary=True),
        password_history=(PasswordRecord(b"a", b"b", 1.0), PasswordRecord(b"c", b"d", 0.5)),
        totp=Totp(b"\x01seed", verified=True, friendly_name="phone", last_step=2**40),
        mfa_enabled=frozenset({"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}),
        mfa_preferred="SOFTWARE_TOKEN_MFA",
        pending_attributes={"email": "new@example.com"},
        tokens_valid_after=7.25,
        version=3,
    )


def name_of(user: User, key: str | None = None, kind: NameKind = NameKind.USERNAME) -> LoginName:
    """A login name of `user`."""
    return LoginName(user.pool_id, key or user.username, kind, user.sub)


def make_code(
    user: User, purpose: CodePurpose = CodePurpose.SIGN_UP, attribute: str = "", **changes: Any
) -> Code:
    """A code for `user`."""
    values: dict[str, Any] = {"hash": b"\x00hash", "created_at": 1.0, "expires_at": 100.0, **changes}
    return Code(user.pool_id, user.sub, purpose, attribute, **values)


def make_family(n: int, user: User, **changes: Any) -> TokenFamily:
    """The sign-in number `n` of `user`."""
    values: dict[str, Any] = {
        "refresh_hash": b"hash-%d" % n,
        "auth_time": 1.0,
        "expires_at": 100.0,
        **changes,
    }
    return TokenFamily(f"jti-{n}", user.pool_id, CLIENT.id, user.sub, **values)


def make_device(n: int, user: User, **changes: Any) -> Device:
    """The device number `n`, of `user`."""
    values: dict[str, Any] = {
        "name": f"device {n}",
        "salt": b"\x00salt",
        "sealed_verifier": b"\xffsealed",
        "remembered": False,
        "created_at": 10.0 + n,
        "modified_at": 20.0 + n,
        "authenticated_at": 30.0 + n,
        "last_ip": "192.0.2.1",
    }
    return Device(user.pool_id, user.sub, f"us-east-1_{n}", **{**values, **changes})


def make_passkey(n: int, user: User, **changes: Any) -> Passkey:
    """The passkey number `n`, of `user`."""
    values: dict[str, Any] = {
        "public_key": b"\x00\xff",
        "sign_count": n,
        "friendly_name": f"Passkey {n}",
        "rp_id": "example.com",
        "attachment": "platform",
        "transports": ("internal", "hybrid"),
        "aaguid": sub_of(0),
        "backup_eligible": True,
        "backed_up": False,
        "created_at": 10.0 + n,
    }
    return Passkey(user.pool_id, user.sub, b"\x00\xff%d" % n, **{**values, **changes})


def make_message(n: int, user: User, **changes: Any) -> Message:
    """The message number `n`, to `user`."""
    values: dict[str, Any] = {
        "to": user.attributes["email"],
        "medium": "EMAIL",
        "purpose": "sign_up",
        "sealed_code": b"\x00\xff",
        "created_at": 1.0,
        "expires_at": 100.0,
    }
    return Message(f"message-{n}", user.pool_id, user.username, **{**values, **changes})


def add_pool(store: Store, pool: Pool = POOL) -> None:
    """Put `pool` into `store`."""
    store.write(lambda writer: writer.add_pool(pool, ()))


def add_user(store: Store, user: User) -> None:
    """Put `user` into `store`, with its user name."""
    store.write(lambda writer: writer.add_user(user, [name_of(user)]))


def add_client(store: Store, client: AppClient = CLIENT) -> None:
    """Put `client` into `store`."""
    store.write(lambda writer: writer.add_client(client))


def add_belongings(store: Store, n: int, user: User) -> None:
    """Give `user` a code, a token family and a message, those with the number `n`."""

    def add(writer: Writer) -> None:
        writer.put_code(make_code(user))
        writer.add_family(make_family(n, user))
        writer.add_message(make_message(n, user))

    store.write(add)


def named(store: Store, pool: Pool, keys: list[str]) -> User | None:
    """Whom one of `keys` finds."""
    return store.read(lambda reader: reader.user_named(pool.id, keys))
