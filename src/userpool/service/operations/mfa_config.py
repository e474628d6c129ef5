"""A pool's second factors and passkeys: SetUserPoolMfaConfig, GetUserPoolMfaConfig."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from userpool.protocol import operations as ops
from userpool.protocol.errors import InvalidParameterException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.pool_rules import check_pool
from ..domain.records import Pool
from ..domain.settings import MfaMode, PoolSettings
from ..ports import Writer
from .lookup import existing_pool
from .pools import stored_members


@handles(ops.SET_USER_POOL_MFA_CONFIG)
def set_user_pool_mfa_config(
    context: Context, call: Call[idp.SetUserPoolMfaConfigRequest]
) -> idp.SetUserPoolMfaConfigResponse:
    """SetUserPoolMfaConfig: what is given replaces what was; what is left out stays."""
    given = stored_members(call.input, "UserPoolId")

    def apply(writer: Writer) -> Pool:
        pool = existing_pool(writer, call.input.user_pool_id)
        changed = replace(pool, settings={**pool.settings, **given}, modified_at=context.clock.now())
        check_pool(changed.settings)
        settings = PoolSettings(changed)
        if settings.mfa is not MfaMode.OFF and not settings.mfa_methods:
            raise InvalidParameterException(
                "At least one MFA method must be set up when MFA is required/optional: SmsMfaConfiguration, "
                "SoftwareTokenMfaConfiguration or EmailMfaConfiguration."
            )
        writer.put_pool(changed)
        return changed

    return msgspec.convert(_wire(context.store.write(apply)), idp.SetUserPoolMfaConfigResponse)


@handles(ops.GET_USER_POOL_MFA_CONFIG)
def get_user_pool_mfa_config(
    context: Context, call: Call[idp.GetUserPoolMfaConfigRequest]
) -> idp.GetUserPoolMfaConfigResponse:
    """GetUserPoolMfaConfig."""
    pool = context.store.read(lambda reader: existing_pool(reader, call.input.user_pool_id))
    return msgspec.convert(_wire(pool), idp.GetUserPoolMfaConfigResponse)


def _wire(pool: Pool) -> dict[str, Any]:
    stored = pool.settings
    wire: dict[str, Any] = {
        name: stored[name]
        for name in (
            "SmsMfaConfiguration",
            "SoftwareTokenMfaConfiguration",
            "EmailMfaConfiguration",
            "WebAuthnConfiguration",
        )
        if name in stored
    }
    if "SmsMfaConfiguration" not in wire and stored.get("SmsConfiguration"):
        wire["SmsMfaConfiguration"] = {"SmsConfiguration": stored["SmsConfiguration"]}
    wire["MfaConfiguration"] = str(PoolSettings(pool).mfa)
    return wire
