"""New tokens for a refresh token.

GetTokensFromRefreshToken, which works with and without rotation; InitiateAuth with REFRESH_TOKEN_AUTH where
the caller asks for it, or where the service knows no other way.
"""

from __future__ import annotations

from collections.abc import Mapping

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow
from userpool.protocol.errors import InvalidParameterException, ProtocolError, ServiceError

from . import members
from .auth_calls import SignIn, grant, initiate
from .client_secret import either_secret
from .config import ClientConfig, RefreshFlow, UserContext
from .grant import Grant
from .invoke import invoke
from .known_device import KnownDevice, or_without_device

_NOT_KNOWN = frozenset(
    {
        "UnknownOperationException",
        "NotImplementedException",
        "UnknownError",
        # Emulators that are older than the operation have words of their own for it.
        "InvalidAction",
        "Unsupported",
    }
)


def refresh(
    config: ClientConfig,
    refresh_token: str,
    *,
    username: str,
    refresh_flow: RefreshFlow | str = RefreshFlow.TOKENS_FROM_REFRESH_TOKEN,
    device_key: str | None = None,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
) -> Flow[Grant]:
    """Get new tokens. Where the service gives no new refresh token, the old one stays.

    Args:
        config: the app client that the token belongs to.
        refresh_token: the newest one.
        username: the service's own name for the user, for the secret hash.
        refresh_flow: which operation to try first.
        device_key: the device that the token was given to, where the pool tracks devices. One that the
            service has forgotten is left out.
        client_metadata: what the triggers are told (`ClientMetadata`), in place of the configuration's.
        user_context: what threat protection is told, where the operation takes it.

    Raises:
        NotAuthorizedException, RefreshTokenReuseException, …: the token is at its end: sign in again.
        ProtocolError, ServiceError, TransportError: as for `sign_in`.
    """
    along = SignIn(config, client_metadata, user_context, KnownDevice(device_key))
    if refresh_flow == RefreshFlow.REFRESH_TOKEN_AUTH:
        try:
            return (yield from _by_initiate_auth(along, refresh_token, username))
        except InvalidParameterException:
            # Clients with rotation refuse the older flow; the token was not looked at.
            return (yield from _by_refresh_token(along, refresh_token, username))
    try:
        return (yield from _by_refresh_token(along, refresh_token, username))
    except ServiceError as error:
        if error.code not in _NOT_KNOWN:
            raise
    return (yield from _by_initiate_auth(along, refresh_token, username))


@or_without_device
@either_secret
def _by_refresh_token(along: SignIn, refresh_token: str, username: str) -> Flow[Grant]:
    operation = ops.GET_TOKENS_FROM_REFRESH_TOKEN
    request = operation.input(
        refresh_token=refresh_token,
        client_id=along.config.client_id,
        client_secret=along.config.client_secret,
        device_key=along.device_key,
        client_metadata=members.client_metadata(along.config, along.client_metadata),
    )
    reply = yield from invoke(along.config, operation, request)
    if reply.authentication_result is None:
        raise ProtocolError("The service answered a refresh without tokens.", operation=operation.name)
    return grant(
        reply.authentication_result,
        user_id=username,
        device_key=along.device_key,
        refresh_token=refresh_token,
    )


def _by_initiate_auth(along: SignIn, refresh_token: str, username: str) -> Flow[Grant]:
    parameters = {"REFRESH_TOKEN": refresh_token}
    reply = yield from initiate(along, RefreshFlow.REFRESH_TOKEN_AUTH, parameters, username=username)
    result = reply.output.authentication_result
    if result is None or reply.output.challenge_name:
        raise ProtocolError("The service answered a refresh without tokens.", operation="InitiateAuth")
    return grant(result, user_id=username, device_key=along.device_key, refresh_token=refresh_token)
