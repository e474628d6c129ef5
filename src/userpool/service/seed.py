"""Seed files: pools, app clients and users that are there from the start, with ids and secrets that stay.

    [[pool]]
    id = "us-east-1_aB12cDe34"
    name = "example"
    [pool.settings]                     # members of CreateUserPool
    AutoVerifiedAttributes = ["email"]
    [pool.mfa]                          # members of SetUserPoolMfaConfig
    MfaConfiguration = "OPTIONAL"
    SoftwareTokenMfaConfiguration = {Enabled = true}

    [[pool.client]]
    id = "7ghr5379orhbo88d52vphda6s9"
    name = "web"
    secret = "…"                        # left out: a public client
    [pool.client.settings]              # members of CreateUserPoolClient
    ExplicitAuthFlows = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]

    [[pool.user]]
    username = "ada"
    password = "Correct-horse-7"
    temporary = false                   # true asks for a new password at the first sign-in
    [pool.user.attributes]
    email = "ada@example.com"
    email_verified = true

Planting is idempotent: what is there already stays as it is, whatever has become of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from userpool.protocol import operations as ops
from userpool.protocol import wire
from userpool.protocol.endpoints import parse_pool_id
from userpool.protocol.errors import ParameterError, ServiceError

from .context import Context
from .domain.passwords import check_policy, with_password
from .domain.pool_rules import check_pool
from .domain.records import Pool
from .domain.settings import PoolSettings
from .domain.usernames import canonical
from .operations.clients import create_client
from .operations.pools import create_pool
from .operations.users import new_user
from .passwords import make_record
from .ports import Conflict

Table = Mapping[str, Any]


class SeedError(Exception):
    """A seed file cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Seed:
    """What a seed file says."""

    pools: tuple[Table, ...]

    def plant(self, context: Context) -> None:
        """Make what is not there yet.

        Raises:
            SeedError: the service refuses something; what came before it is there.
        """
        for pool in self.pools:
            _plant_pool(context, pool)


def read_seed(path: Path) -> Seed:
    """Read a seed file and check its form.

    Raises:
        SeedError: it cannot be read, is not TOML, or has tables or keys that a seed file has not.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SeedError(f"the seed file cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SeedError(f"the seed file is not TOML: {error}.") from error
    return parse_seed(data)


def parse_seed(data: Table) -> Seed:
    """A seed from its parsed TOML. Raises `SeedError`."""
    _keys("the file", data, {"pool"})
    for pool in _tables("the file", data, "pool"):
        where = f"pool {pool.get('id', '?')}"
        _keys(where, pool, {"id", "name", "settings", "mfa", "client", "user"})
        _required(where, pool, "id", "name")
        for client in _tables(where, pool, "client"):
            _keys(f"{where}, client", client, {"id", "name", "secret", "settings"})
            _required(f"{where}, client", client, "id", "name")
        for user in _tables(where, pool, "user"):
            _keys(f"{where}, user", user, {"username", "password", "temporary", "attributes"})
            _required(f"{where}, user", user, "username", "password")
    return Seed(tuple(_tables("the file", data, "pool")))


def _keys(where: str, table: Table, known: set[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise SeedError(f"{where} has {unknown[0]!r}, which is none of {', '.join(sorted(known))}.")


def _required(where: str, table: Table, *names: str) -> None:
    for name in names:
        if not isinstance(table.get(name), str) or not table[name]:
            raise SeedError(f"{where} needs {name!r}, a text.")


def _tables(where: str, table: Table, name: str) -> list[Table]:
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SeedError(f"{where}: write {name!r} as [[…]] tables.")
    return found


def _plant_pool(context: Context, table: Table) -> None:
    where = f"pool {table['id']}"
    try:
        parse_pool_id(table["id"])
        pool = context.store.read(lambda reader: reader.pool(table["id"]))
        if pool is None:
            pool = _make_pool(context, table)
        for client in table.get("client", []):
            where = f"pool {table['id']}, client {client['id']}"
            _plant_client(context, pool, client)
        for user in table.get("user", []):
            where = f"pool {table['id']}, user {user['username']}"
            _plant_user(context, PoolSettings(pool), user)
    except ServiceError as error:
        raise SeedError(f"{where}: {error.message}") from error
    except Conflict as error:
        raise SeedError(f"{where}: somebody else has this {error.what}.") from error
    except ParameterError as error:
        raise SeedError(f"{where}: {error}") from error


def _make_pool(context: Context, table: Table) -> Pool:
    settings = _checked(ops.CREATE_USER_POOL, table.get("settings", {}), PoolName=table["name"])
    mfa = _checked(ops.SET_USER_POOL_MFA_CONFIG, table.get("mfa", {}), UserPoolId=table["id"])
    check_pool({**settings, **mfa})
    return create_pool(context, table["name"], {**settings, **mfa}, pool_id=table["id"])


def _plant_client(context: Context, pool: Pool, table: Table) -> None:
    there = context.store.read(lambda reader: reader.client(table["id"]))
    if there is not None:
        if there.pool_id != pool.id:
            raise SeedError(f"client {table['id']} is there already, in pool {there.pool_id}.")
        return
    settings = _checked(
        ops.CREATE_USER_POOL_CLIENT,
        table.get("settings", {}),
        UserPoolId=pool.id,
        ClientName=table["name"],
        **({"ClientSecret": table["secret"]} if "secret" in table else {}),
    )
    create_client(context, pool, table["name"], settings, table.get("secret"), client_id=table["id"])


def _plant_user(context: Context, settings: PoolSettings, table: Table) -> None:
    name = canonical(settings, table["username"])
    if context.store.read(lambda reader: reader.user_named(settings.pool.id, [name])) is not None:
        return
    check_policy(settings.password_policy, table["password"])
    given = {name: _text(value) for name, value in table.get("attributes", {}).items()}
    user, names = new_user(context, settings, table["username"], given)
    record = make_record(
        context,
        settings.pool,
        user.sub,
        user.username,
        table["password"],
        temporary=table.get("temporary", False) is True,
    )
    ready = with_password(settings, user, record, context.clock.now())
    context.store.write(lambda writer: writer.add_user(replace(ready, version=0), names))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _checked(operation: ops.Operation[Any, Any], members: Table, **fixed: str) -> dict[str, Any]:
    """Members of a request, checked against the contract's limits, without those that the seed fixes."""
    shape = wire.decode_request(operation, msgspec.json.encode({**members, **fixed}))
    known: dict[str, Any] = msgspec.to_builtins(shape)
    unknown = sorted(set(members) - set(known))
    if unknown:
        raise SeedError(f"{operation.name} has no member {unknown[0]!r}.")
    return {name: value for name, value in known.items() if name not in fixed}
