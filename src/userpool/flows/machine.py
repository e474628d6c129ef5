"""Tokens that an app client gets with its secret: in its own name, or made out of somebody's token.

GetClientToken, GetDerivedToken. Neither is signed: the secret is the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow, now
from userpool.protocol.errors import ParameterError, ProtocolError

from . import members
from .client_secret import either_secret
from .config import ClientConfig
from .invoke import invoke


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken:
    """An access token of the app client itself."""

    access_token: str = field(repr=False)
    token_type: str
    """Such as `Bearer`."""
    expires_at: datetime | None
    """By this machine's clock, from when the token was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedToken:
    """A token that was exchanged for another one (RFC 8693)."""

    issued_token: str = field(repr=False)
    issued_token_type: str
    """`ACCESS_TOKEN` or `ID_TOKEN`."""
    token_type: str
    """`Bearer`, or `N_A` for what is no access token."""
    expires_at: datetime | None
    """By this machine's clock, from when the token was asked for."""
    scopes: tuple[str, ...] = ()


@either_secret
def get_client_token(
    config: ClientConfig,
    scopes: Iterable[str] | None = None,
    *,
    client_metadata: Mapping[str, str] | None = None,
) -> Flow[ClientToken]:
    """Get an access token for the app client itself (GetClientToken).

    Raises:
        ParameterError: the app client is one without a secret.
    """
    if config.client_secret is None:
        raise ParameterError("Only an app client with a secret gets tokens of its own: give client_secret=….")
    moment = yield from now()
    operation = ops.GET_CLIENT_TOKEN
    request = operation.input(
        client_id=config.client_id,
        secret=config.client_secret,
        scopes=_listed(scopes),
        client_metadata=members.client_metadata(config, client_metadata),
    )
    reply = yield from invoke(config, operation, request)
    result = reply.client_authentication_result
    if result is None or not result.access_token:
        raise ProtocolError("The service gave no token.", operation=operation.name)
    return ClientToken(
        access_token=result.access_token,
        token_type=result.token_type or "Bearer",
        expires_at=_end(moment, result.expires_in),
    )


@either_secret
def get_derived_token(
    config: ClientConfig,
    subject_token: str,
    subject_token_type: str,
    *,
    subject_token_provider_name: str | None = None,
    actor_token: str | None = None,
    actor_token_type: str | None = None,
    actor_token_provider_name: str | None = None,
    scopes: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
    resources: Iterable[str] | None = None,
    requested_token_type: str | None = None,
) -> Flow[DerivedToken]:
    """Exchange a token for another one (GetDerivedToken)."""
    moment = yield from now()
    request = ops.GET_DERIVED_TOKEN.input(
        client_id=config.client_id,
        client_secret=config.client_secret,
        subject_token=subject_token,
        subject_token_type=subject_token_type,
        subject_token_provider_name=subject_token_provider_name,
        actor_token=actor_token,
        actor_token_type=actor_token_type,
        actor_token_provider_name=actor_token_provider_name,
        scopes=_listed(scopes),
        audiences=_listed(audiences),
        resources=_listed(resources),
        requested_token_type=requested_token_type,
    )
    reply = yield from invoke(config, ops.GET_DERIVED_TOKEN, request)
    return DerivedToken(
        issued_token=reply.issued_token,
        issued_token_type=reply.issued_token_type,
        token_type=reply.token_type,
        expires_at=_end(moment, reply.expires_in),
        scopes=tuple(reply.scopes or ()),
    )


def _listed(names: Iterable[str] | None) -> list[str] | None:
    if names is None:
        return None
    return [names] if isinstance(names, str) else list(names)


def _end(moment: float, seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(moment, UTC) + timedelta(seconds=seconds)
