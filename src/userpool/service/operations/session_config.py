"""What a pool and a client are set to about sessions: Get- and SetUserPoolSessionConfiguration, Get- and
SetUserPoolClientSessionConfiguration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from userpool.protocol import operations as ops
from userpool.protocol.errors import FeatureUnavailableInTierException, InvalidParameterException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.records import AppClient, Pool
from ..domain.settings import SESSION_CONFIGURATION, SSO_SESSION, ClientSettings, PoolSettings
from ..ports import Reader, Writer
from .lookup import existing_client, existing_pool
from .pools import stored_members


@handles(ops.GET_USER_POOL_SESSION_CONFIGURATION)
def get_user_pool_session_configuration(
    context: Context, call: Call[idp.GetUserPoolSessionConfigurationRequest]
) -> idp.GetUserPoolSessionConfigurationResponse:
    """GetUserPoolSessionConfiguration: what was set, or that sessions are not tracked."""
    pool = context.store.read(lambda reader: existing_pool(reader, call.input.user_pool_id))
    return idp.GetUserPoolSessionConfigurationResponse(**_of_pool(pool))


@handles(ops.SET_USER_POOL_SESSION_CONFIGURATION)
def set_user_pool_session_configuration(
    context: Context, call: Call[idp.SetUserPoolSessionConfigurationRequest]
) -> idp.SetUserPoolSessionConfigurationResponse:
    """SetUserPoolSessionConfiguration: track the sessions of sign-ins from now on, or do not."""
    given = stored_members(call.input, "UserPoolId")

    def apply(writer: Writer) -> Pool:
        pool = existing_pool(writer, call.input.user_pool_id)
        _check_tier(pool)
        changed = _set(pool.settings, SESSION_CONFIGURATION, given)
        updated = replace(pool, settings=changed, modified_at=context.clock.now())
        writer.put_pool(updated)
        return updated

    return idp.SetUserPoolSessionConfigurationResponse(**_of_pool(context.store.write(apply)))


@handles(ops.GET_USER_POOL_CLIENT_SESSION_CONFIGURATION)
def get_user_pool_client_session_configuration(
    context: Context, call: Call[idp.GetUserPoolClientSessionConfigurationRequest]
) -> idp.GetUserPoolClientSessionConfigurationResponse:
    """GetUserPoolClientSessionConfiguration."""
    given = call.input
    _, client = context.store.read(lambda reader: _both(reader, given.user_pool_id, given.client_id))
    return idp.GetUserPoolClientSessionConfigurationResponse(**_of_client(client))


@handles(ops.SET_USER_POOL_CLIENT_SESSION_CONFIGURATION)
def set_user_pool_client_session_configuration(
    context: Context, call: Call[idp.SetUserPoolClientSessionConfigurationRequest]
) -> idp.SetUserPoolClientSessionConfigurationResponse:
    """SetUserPoolClientSessionConfiguration. It is kept for managed login, which alone has such sessions."""
    given = call.input
    wanted = stored_members(given.sso_session)

    def apply(writer: Writer) -> AppClient:
        pool, client = _both(writer, given.user_pool_id, given.client_id)
        _check_tier(pool)
        if not PoolSettings(pool).tracking.enabled:
            raise InvalidParameterException(
                "Session tracking is not enabled for the user pool. Call SetUserPoolSessionConfiguration "
                "first."
            )
        changed = _set(client.settings, SSO_SESSION, wanted)
        updated = replace(client, settings=changed, modified_at=context.clock.now())
        writer.put_client(updated)
        return updated

    return idp.SetUserPoolClientSessionConfigurationResponse(**_of_client(context.store.write(apply)))


def _both(reader: Reader, pool_id: str, client_id: str) -> tuple[Pool, AppClient]:
    return existing_pool(reader, pool_id), existing_client(reader, client_id, pool_id)


def _check_tier(pool: Pool) -> None:
    if PoolSettings(pool).tier == "LITE":
        raise FeatureUnavailableInTierException("Session tracking needs the tier ESSENTIALS or PLUS.")


def _set(settings: Mapping[str, Any], name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {**settings, name: value}


def _of_pool(pool: Pool) -> dict[str, Any]:
    tracking = PoolSettings(pool).tracking
    return {
        "user_pool_id": pool.id,
        "user_session_tracking": "ENABLED" if tracking.enabled else "DISABLED",
        "token_session": idp.UserPoolTokenSessionConfigType(max_per_user=tracking.max_per_user),
    }


def _of_client(client: AppClient) -> dict[str, Any]:
    minutes = ClientSettings(client).sso_minutes
    return {
        "user_pool_id": client.pool_id,
        "client_id": client.id,
        "sso_session": idp.ClientSSOSessionConfigType(max_validity_minutes=minutes),
    }
