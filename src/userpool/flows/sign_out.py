"""Ending sessions at the service.

RevokeToken, GlobalSignOut.
"""

from __future__ import annotations

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow

from .config import ClientConfig
from .invoke import invoke


def revoke_token(config: ClientConfig, refresh_token: str) -> Flow[None]:
    """End one sign-in (RevokeToken): its refresh token, and every access token that came of it."""
    request = ops.REVOKE_TOKEN.input(
        token=refresh_token, client_id=config.client_id, client_secret=config.client_secret
    )
    yield from invoke(config, ops.REVOKE_TOKEN, request)


def global_sign_out(config: ClientConfig, access_token: str) -> Flow[None]:
    """End every sign-in of the user, on all devices (GlobalSignOut)."""
    request = ops.GLOBAL_SIGN_OUT.input(access_token=access_token)
    yield from invoke(config, ops.GLOBAL_SIGN_OUT, request)
