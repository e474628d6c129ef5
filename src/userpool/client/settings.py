"""From what a person writes to what a conversation is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from userpool._version import __version__
from userpool.flows.client_secret import SecretPair
from userpool.flows.config import ClientConfig, ServiceConfig, UserContext
from userpool.protocol.endpoints import check_endpoint, parse_pool_id
from userpool.protocol.endpoints import endpoint as aws_endpoint
from userpool.protocol.errors import ParameterError
from userpool.protocol.operations import Service

if TYPE_CHECKING:
    from userpool.protocol.passwords import PasswordPolicy

REFRESH_MARGIN: Final = 30.0
"""Seconds before its end when a token counts as old: a call takes up to 20 (`ServiceConfig.timeout`), and
the token has to be good when it arrives, by a clock that may be some seconds off."""


def client_config(
    user_pool_id: str,
    client_id: str,
    client_secret: str | tuple[str, str] | None,
    *,
    endpoint: str | None,
    fips: bool,
    dual_stack: bool,
    allow_insecure_http: bool,
    timeout: float,
    deadline: float,
    attempts: int,
    user_agent: str | None,
    client_metadata: Mapping[str, str] | None,
    user_context: UserContext | None,
    analytics_endpoint_id: str | None,
    password_policy: PasswordPolicy | None = None,
) -> ClientConfig:
    """Check the arguments of `UserPool`, which explains them. Raises `ParameterError`."""
    if not client_id:
        raise ParameterError("The client id is empty: the console shows it among the pool's app clients.")
    secrets = None if client_secret is None else _secrets(client_secret)
    region = parse_pool_id(user_pool_id).region
    address = service_address(
        Service.IDP.endpoint_prefix,
        region,
        endpoint,
        fips=fips,
        dual_stack=dual_stack,
        insecure=allow_insecure_http,
    )
    _check_patience(timeout, deadline, attempts)
    return ClientConfig(
        endpoint=address,
        region=region,
        timeout=timeout,
        deadline=deadline,
        attempts=attempts,
        user_agent=_user_agent(user_agent),
        user_pool_id=user_pool_id,
        client_id=client_id,
        client_secret=None if secrets is None else secrets[0],
        secrets=SecretPair(*secrets) if secrets is not None and len(secrets) > 1 else None,
        analytics_endpoint_id=analytics_endpoint_id,
        user_context=user_context,
        client_metadata=dict(client_metadata) if client_metadata else None,
        password_policy=password_policy,
    )


def _secrets(given: str | tuple[str, str]) -> tuple[str, ...]:
    secrets = (given,) if isinstance(given, str) else tuple(given)
    if not all(secrets):
        raise ParameterError(
            "The client secret is empty: give the app client's own, or None where it has none."
        )
    if not 1 <= len(secrets) <= 2:
        raise ParameterError("An app client has one secret, or two while one is replaced: (new, old).")
    return secrets


def service_config(
    user_pool_id: str | None,
    region: str | None,
    *,
    endpoint: str | None,
    fips: bool,
    dual_stack: bool,
    allow_insecure_http: bool,
    timeout: float,
    deadline: float,
    attempts: int,
    user_agent: str | None,
    service: Service = Service.IDP,
) -> ServiceConfig:
    """Check the arguments of `Admin`, or of `IdentityPool`, which explain them. Raises `ParameterError`."""
    of_pool = parse_pool_id(user_pool_id).region if user_pool_id else None
    chosen = region or of_pool
    if chosen is None:
        raise ParameterError("Give a user_pool_id, or the region to work in, such as 'us-east-1'.")
    if of_pool and of_pool != chosen:
        raise ParameterError(f"The pool is in {of_pool}, not in {chosen}: leave the region out.")
    prefix = service.endpoint_prefix
    address = service_address(
        prefix, chosen, endpoint, fips=fips, dual_stack=dual_stack, insecure=allow_insecure_http
    )
    _check_patience(timeout, deadline, attempts)
    return ServiceConfig(
        endpoint=address,
        region=chosen,
        timeout=timeout,
        deadline=deadline,
        attempts=attempts,
        user_agent=_user_agent(user_agent),
    )


def service_address(
    prefix: str, region: str, endpoint: str | None, *, fips: bool, dual_stack: bool, insecure: bool
) -> str:
    """Where a service is: at `endpoint`, or at AWS's own host for it. Raises `ParameterError`."""
    if endpoint is None:
        return aws_endpoint(prefix, region, fips=fips, dual_stack=dual_stack)
    if fips or dual_stack:
        raise ParameterError(
            "fips and dual_stack choose among AWS's own hosts: leave them out beside an endpoint."
        )
    return check_endpoint(endpoint, allow_insecure_http=insecure)


def _check_patience(timeout: float, deadline: float, attempts: int) -> None:
    if not (timeout > 0 and deadline > 0):
        raise ParameterError("timeout and deadline are seconds above 0.")
    if attempts < 1:
        raise ParameterError("attempts is 1 or more: the first attempt counts.")


def _user_agent(own: str | None) -> str:
    name = f"userpool/{__version__}"
    if own is None:
        return name
    if not own.isascii() or not own.isprintable():
        raise ParameterError("The user agent goes into a header: printable ASCII characters only.")
    return f"{own} {name}"
