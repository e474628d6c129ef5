"""From what a person writes to what an identity pool's conversations are given."""

from __future__ import annotations

import re
from typing import Final

from userpool.client.settings import service_address, service_config
from userpool.flows.identity import IdentityConfig
from userpool.protocol.errors import ParameterError
from userpool.protocol.operations import Service

MARGIN: Final = 300.0
"""Seconds before their end when credentials count as old: what is signed with them has to arrive in time."""

_POOL_ID: Final = re.compile(r"([\w-]+):[0-9a-f-]+", re.ASCII)
_POOL_ID_LIMIT: Final = 55


def identity_config(
    identity_pool_id: str,
    account_id: str | None,
    *,
    endpoint: str | None,
    sts_endpoint: str | None,
    fips: bool,
    dual_stack: bool,
    allow_insecure_http: bool,
    timeout: float,
    deadline: float,
    attempts: int,
    user_agent: str | None,
) -> IdentityConfig:
    """Check the arguments of `IdentityPool`, which explains them. Raises `ParameterError`."""
    found = _POOL_ID.fullmatch(identity_pool_id)
    if found is None or len(identity_pool_id) > _POOL_ID_LIMIT:
        raise ParameterError(
            f"{identity_pool_id!r:.80} is not an identity pool id. It looks like "
            "'us-east-1:0a1b2c3d-4e5f-6789-abcd-ef0123456789': the region, a colon, a UUID."
        )
    common = service_config(
        None,
        found[1],
        service=Service.IDENTITY,
        endpoint=endpoint,
        fips=fips,
        dual_stack=dual_stack,
        allow_insecure_http=allow_insecure_http,
        timeout=timeout,
        deadline=deadline,
        attempts=attempts,
        user_agent=user_agent,
    )
    return IdentityConfig(
        endpoint=common.endpoint,
        region=common.region,
        timeout=timeout,
        deadline=deadline,
        attempts=attempts,
        user_agent=common.user_agent,
        identity_pool_id=identity_pool_id,
        sts_endpoint=service_address(
            "sts",
            found[1],
            sts_endpoint,
            fips=fips and sts_endpoint is None,
            dual_stack=False,
            insecure=allow_insecure_http,
        ),
        account_id=account_id,
    )
