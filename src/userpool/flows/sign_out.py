"""Ending sessions at the service.

RevokeToken, GlobalSignOut.
"""

from __future__ import annotations

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow

from .client_secret import either_secret
from .config import ClientConfig
from .invoke import invoke


@either_secret
def revoke_token(
    config: ClientConfig, refresh_token: str, *, revoke_associated_sessions: str | None = None
) -> Flow[None]:
    """End one sign-in (RevokeToken): its refresh token, and every access token that came of it.

    Args:
        config: the app client that the token belongs to.
        refresh_token: the newest one.
        revoke_associated_sessions: `LINKED` ends the sessions that belong together with it, `NONE` does not.
    """
    request = ops.REVOKE_TOKEN.input(
        token=refresh_token,
        client_id=config.client_id,
        client_secret=config.client_secret,
        revoke_associated_sessions=revoke_associated_sessions,
    )
    yield from invoke(config, ops.REVOKE_TOKEN, request)


def global_sign_out(config: ClientConfig, access_token: str) -> Flow[None]:
    """End every sign-in of the user, on all devices (GlobalSignOut)."""
    request = ops.GLOBAL_SIGN_OUT.input(access_token=access_token)
    yield from invoke(config, ops.GLOBAL_SIGN_OUT, request)
