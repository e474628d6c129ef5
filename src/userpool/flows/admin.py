"""Operations of administrators: any operation of the contract, signed with Signature Version 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from userpool.protocol import sigv4
from userpool.protocol.effects import Flow
from userpool.protocol.http import Request
from userpool.protocol.operations import Operation

from .config import ServiceConfig
from .invoke import invoke

if TYPE_CHECKING:
    from userpool.protocol.shapes import Shape

In = TypeVar("In", bound="Shape")
Out = TypeVar("Out", bound="Shape")


def call(
    config: ServiceConfig,
    operation: Operation[In, Out],
    request: In,
    *,
    credentials: sigv4.Credentials | None = None,
) -> Flow[Out]:
    """Call `operation`, signed with `credentials`; without any the request goes out unsigned."""
    if credentials is None:
        return (yield from invoke(config, operation, request))

    def sign(prepared: Request, moment: float) -> Mapping[str, str]:
        return sigv4.sign(
            prepared,
            credentials,
            region=config.region,
            service=operation.service.signing_name,
            at=moment,
        )

    return (yield from invoke(config, operation, request, sign=sign))
