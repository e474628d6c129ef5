"""App clients: CreateUserPoolClient, DescribeUserPoolClient, ListUserPoolClients, UpdateUserPoolClient,
DeleteUserPoolClient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from userpool.protocol import operations as ops
from userpool.protocol.errors import InvalidParameterException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain import identifiers
from ..domain.client_rules import check_client
from ..domain.pagination import page_size, split
from ..domain.records import AppClient, Pool
from ..domain.scopes import check_known
from ..domain.settings import MINUTE, SSO_SESSION, ClientSettings, PoolSettings
from ..ports import Reader, Writer
from ..sealed import open_client_secrets, seal_client_secret
from .lookup import existing_client, existing_pool, page_start, page_token
from .pools import instant, stored_members
from .resource_servers import servers_of

_NOT_STORED = ("UserPoolId", "ClientName", "ClientId", "GenerateSecret", "ClientSecret")


@handles(ops.CREATE_USER_POOL_CLIENT)
def create_user_pool_client(
    context: Context, call: Call[idp.CreateUserPoolClientRequest]
) -> idp.CreateUserPoolClientResponse:
    """CreateUserPoolClient."""
    request = call.input
    pool = context.store.read(lambda reader: existing_pool(reader, request.user_pool_id))
    if request.generate_secret and request.client_secret is not None:
        raise InvalidParameterException("ClientSecret cannot be given together with GenerateSecret.")
    secret = identifiers.client_secret(context.random) if request.generate_secret else request.client_secret
    client = create_client(context, pool, request.client_name, stored_members(request, *_NOT_STORED), secret)
    return idp.CreateUserPoolClientResponse(user_pool_client=describe(context, client))


def create_client(
    context: Context,
    pool: Pool,
    name: str,
    settings: Mapping[str, Any],
    secret: str | None,
    client_id: str | None = None,
) -> AppClient:
    """Make an app client of `pool`; `client_id` pins its id, `secret` is kept sealed."""
    now = context.clock.now()
    client_id = client_id or identifiers.client_id(context.random)
    secret_id = identifiers.client_secret_id(client_id, now)
    secrets = () if secret is None else (seal_client_secret(context.keys, client_id, secret_id, secret, now),)
    client = AppClient(client_id, pool.id, name, settings, secrets, now, now)
    _check(pool, client)

    def add(writer: Writer) -> None:
        existing_pool(writer, pool.id)
        _check_scopes(writer, client)
        writer.add_client(client)

    context.store.write(add)
    return client


@handles(ops.DESCRIBE_USER_POOL_CLIENT)
def describe_user_pool_client(
    context: Context, call: Call[idp.DescribeUserPoolClientRequest]
) -> idp.DescribeUserPoolClientResponse:
    """DescribeUserPoolClient."""
    client = _client_of(context, call.input.user_pool_id, call.input.client_id)
    return idp.DescribeUserPoolClientResponse(user_pool_client=describe(context, client))


@handles(ops.LIST_USER_POOL_CLIENTS)
def list_user_pool_clients(
    context: Context, call: Call[idp.ListUserPoolClientsRequest]
) -> idp.ListUserPoolClientsResponse:
    """ListUserPoolClients. There are no clients of type DCR here, so that their list is empty."""
    request = call.input
    pool_id, size = request.user_pool_id, page_size(request.max_results)
    after = page_start(context, "ListUserPoolClients", request.next_token, pool_id, request.client_type)
    _, rows = context.store.read(
        lambda reader: (
            existing_pool(reader, pool_id),
            reader.clients(pool_id, limit=size + 1, after=after),
        )
    )
    page, following = split([] if request.client_type == "DCR" else rows, size, lambda client: client.id)
    return idp.ListUserPoolClientsResponse(
        user_pool_clients=[
            idp.UserPoolClientDescription(client_id=one.id, user_pool_id=one.pool_id, client_name=one.name)
            for one in page
        ],
        next_token=page_token(context, "ListUserPoolClients", following, pool_id, request.client_type),
    )


@handles(ops.DELETE_USER_POOL_CLIENT)
def delete_user_pool_client(
    context: Context, call: Call[idp.DeleteUserPoolClientRequest]
) -> idp.DeleteUserPoolClientResponse:
    """DeleteUserPoolClient."""
    client = _client_of(context, call.input.user_pool_id, call.input.client_id)
    context.store.write(lambda writer: writer.delete_client(client.id))
    return idp.DeleteUserPoolClientResponse()


@handles(ops.UPDATE_USER_POOL_CLIENT)
def update_user_pool_client(
    context: Context, call: Call[idp.UpdateUserPoolClientRequest]
) -> idp.UpdateUserPoolClientResponse:
    """UpdateUserPoolClient: what is left out goes back to its default, but for secrets and sessions."""
    request = call.input

    def apply(writer: Writer) -> AppClient:
        pool = existing_pool(writer, request.user_pool_id)
        client = existing_client(writer, request.client_id, pool.id)
        kept = {name: client.settings[name] for name in (SSO_SESSION,) if name in client.settings}
        changed = replace(
            client,
            name=request.client_name or client.name,
            settings=kept | stored_members(request, *_NOT_STORED),
            modified_at=context.clock.now(),
        )
        _check(pool, changed)
        _check_scopes(writer, changed)
        writer.put_client(changed)
        return changed

    changed = context.store.write(apply)
    return idp.UpdateUserPoolClientResponse(user_pool_client=describe(context, changed))


def _client_of(context: Context, pool_id: str, client_id: str) -> AppClient:
    def find(reader: Reader) -> AppClient:
        existing_pool(reader, pool_id)
        return existing_client(reader, client_id, pool_id)

    return context.store.read(find)


def _check(pool: Pool, client: AppClient) -> None:
    settings = PoolSettings(pool)
    check_client(client, settings.schema.keys(), settings.required_attributes)


def _check_scopes(reader: Reader, client: AppClient) -> None:
    scopes = ClientSettings(client).oauth_scopes
    check_known(scopes, servers_of(reader, client.pool_id, scopes))


def describe(context: Context, client: AppClient) -> idp.UserPoolClientType:
    """An app client as DescribeUserPoolClient shows it, with the defaults that are in effect filled in."""
    stored = client.settings
    settings = ClientSettings(client)
    secrets = open_client_secrets(context.keys, client)
    wire: dict[str, Any] = {
        **stored,
        "UserPoolId": client.pool_id,
        "ClientName": client.name,
        "ClientId": client.id,
        "LastModifiedDate": instant(client.modified_at),
        "CreationDate": instant(client.created_at),
        "RefreshTokenValidity": stored.get("RefreshTokenValidity") or 30,
        "TokenValidityUnits": stored.get("TokenValidityUnits") or {},
        "ExplicitAuthFlows": stored.get("ExplicitAuthFlows")
        or [f"ALLOW_{flow}" for flow in sorted(settings.flows)],
        "AllowedOAuthFlowsUserPoolClient": stored.get("AllowedOAuthFlowsUserPoolClient") or False,
        "EnableTokenRevocation": settings.token_revocation,
        "EnablePropagateAdditionalUserContextData": stored.get("EnablePropagateAdditionalUserContextData")
        or False,
        "AuthSessionValidity": settings.auth_session_seconds // MINUTE,
    }
    if secrets:
        wire["ClientSecret"] = secrets[-1]
    return msgspec.convert(wire, idp.UserPoolClientType)
