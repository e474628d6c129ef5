"""From an identity provider's tokens to AWS credentials.

GetId, GetCredentialsForIdentity, GetOpenIdToken, UnlinkIdentity; the role by the basic flow is in `sts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow, now
from userpool.protocol.errors import ProtocolError
from userpool.protocol.http import Response

from .clock import http_date
from .config import ServiceConfig
from .invoke import exchange, invoke

T = TypeVar("T")

Logins: TypeAlias = Mapping[str, str]
"""A token by the name of who issued it, such as `cognito-idp.us-east-1.amazonaws.com/us-east-1_aB12cDe34`."""


@dataclass(frozen=True, kw_only=True)
class IdentityConfig(ServiceConfig):
    """An identity pool, and how patiently it is called."""

    identity_pool_id: str
    sts_endpoint: str
    """Where AWS's Security Token Service is, for the basic flow."""
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """What an identity may sign AWS requests with, for an hour or so."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: datetime
    """By this machine's clock, as far as the service's Date header tells the two apart."""
    identity_id: str
    """Whose they are. It differs from the one that was asked for where two identities became one."""


def get_id(config: IdentityConfig, logins: Logins | None) -> Flow[str]:
    """Find the identity that the logins belong to, or make one (GetId); without logins, a guest's.

    Raises:
        NotAuthorizedException: a token is not accepted, or the pool takes no guests.
        ResourceNotFoundException: the pool does not exist.
    """
    request = ops.GET_ID.input(
        identity_pool_id=config.identity_pool_id, account_id=config.account_id, logins=_plain(logins)
    )
    reply = yield from invoke(config, ops.GET_ID, request)
    return present(reply.identity_id, "GetId", "identity id")


def get_credentials_for_identity(
    config: IdentityConfig, identity_id: str, logins: Logins | None, *, custom_role_arn: str | None = None
) -> Flow[AwsCredentials]:
    """Get AWS credentials (GetCredentialsForIdentity, the enhanced flow).

    Args:
        config: the pool.
        identity_id: whose.
        logins: tokens that prove it; none for a guest.
        custom_role_arn: which of the roles that the token names, where it names several.

    Raises:
        NotAuthorizedException: a token is not accepted, or the role is none of the token's.
        InvalidIdentityPoolConfigurationException: the pool has no role for this identity.
    """
    name = "GetCredentialsForIdentity"
    request = ops.GET_CREDENTIALS_FOR_IDENTITY.input(
        identity_id=identity_id, logins=_plain(logins), custom_role_arn=custom_role_arn
    )
    reply = yield from exchange(config, ops.GET_CREDENTIALS_FOR_IDENTITY, request)
    held = present(reply.output.credentials, name, "credentials")
    ends = present(held.expiration, name, "expiration")
    return AwsCredentials(
        access_key_id=present(held.access_key_id, name, "access key id"),
        secret_access_key=present(held.secret_key, name, "secret key"),
        session_token=present(held.session_token, name, "session token"),
        expires_at=(yield from by_this_clock(ends, reply.response)),
        identity_id=reply.output.identity_id or identity_id,
    )


def get_open_id_token(config: IdentityConfig, identity_id: str, logins: Logins | None) -> Flow[str]:
    """Get a token that other services take as proof of the identity for some minutes (GetOpenIdToken).

    Raises:
        NotAuthorizedException: a token is not accepted, or the pool does not allow the basic flow.
    """
    request = ops.GET_OPEN_ID_TOKEN.input(identity_id=identity_id, logins=_plain(logins))
    reply = yield from invoke(config, ops.GET_OPEN_ID_TOKEN, request)
    return present(reply.token, "GetOpenIdToken", "token")


def unlink_identity(
    config: IdentityConfig, identity_id: str, logins: Logins, logins_to_remove: Iterable[str]
) -> Flow[None]:
    """Take logins away from an identity, by the names of their providers (UnlinkIdentity)."""
    request = ops.UNLINK_IDENTITY.input(
        identity_id=identity_id, logins=dict(logins), logins_to_remove=list(logins_to_remove)
    )
    yield from invoke(config, ops.UNLINK_IDENTITY, request)


def by_this_clock(moment: datetime, response: Response) -> Flow[datetime]:
    """A moment of the service's clock on this machine's, as far as the Date header tells the two apart."""
    ours = yield from now()
    theirs = http_date(response.header("date"))
    return moment if theirs is None else moment + timedelta(seconds=ours - theirs)


def present(value: T | None, operation: str, what: str) -> T:
    """A member of an answer that has to be there. Raises `ProtocolError`."""
    if not value:
        raise ProtocolError(f"The answer to {operation} holds no {what}.", operation=operation)
    return value


def _plain(logins: Logins | None) -> dict[str, str] | None:
    return dict(logins) if logins else None
