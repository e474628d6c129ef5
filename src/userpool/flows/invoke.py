"""One operation: encode, send, decode, and send again where that is right.

What may have been acted on is never sent blindly again. A request is repeated when it provably never arrived,
when the service turned it away unread (throttling, 429, 503), or when the operation is one that may be
repeated (`Operation.retry`). Refusals for too many wrong attempts are answers, not throttling. Pauses grow
and are jittered, and the whole ends at the deadline of the configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from userpool.protocol.effects import Flow, monotonic, now, random, send, sleep
from userpool.protocol.errors import ServiceError, TransportError
from userpool.protocol.http import Request, Response
from userpool.protocol.operations import Operation, Retry

from .config import ServiceConfig

if TYPE_CHECKING:
    from userpool.protocol.shapes import Shape

In = TypeVar("In", bound="Shape")
Out = TypeVar("Out", bound="Shape")

Signer: TypeAlias = Callable[[Request, float], Mapping[str, str]]
"""Makes the headers that sign a request at a moment (seconds since the epoch)."""

FIRST_PAUSE: Final = 0.2
"""Seconds: the longest first pause; it doubles with every attempt."""
LONGEST_PAUSE: Final = 5.0
"""Seconds: no pause is longer, unless the service itself asks for it with Retry-After."""

_TURNED_AWAY: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Reply(Generic[Out]):
    """What came back, with what stood around it."""

    output: Out
    response: Response


def invoke(
    config: ServiceConfig, operation: Operation[In, Out], request: In, *, sign: Signer | None = None
) -> Flow[Out]:
    """Call `operation` and return its output.

    Args:
        config: where and how patiently.
        operation: from `userpool.protocol.operations`.
        request: its input shape.
        sign: makes the signature headers, for the operations that need them.

    Raises:
        ParameterError: the request breaks the contract's limits; nothing was sent.
        ServiceError: the service refused.
        TransportError: no answer arrived.
        ProtocolError: an answer arrived that is none.
    """
    reply = yield from exchange(config, operation, request, sign=sign)
    return reply.output


def exchange(
    config: ServiceConfig, operation: Operation[In, Out], request: In, *, sign: Signer | None = None
) -> Flow[Reply[Out]]:
    """As `invoke`, for those who need the reply's headers too."""
    from userpool.protocol import wire

    plain = wire.encode_request(operation, request).at(config.endpoint)
    plain = plain.with_headers({"user-agent": config.user_agent})
    started = yield from monotonic()
    attempt = 1
    left = config.deadline
    while True:
        prepared = plain if attempt == 1 else plain.with_headers({"amz-sdk-request": f"attempt={attempt}"})
        if sign is not None:
            moment = yield from now()
            prepared = prepared.with_headers(sign(prepared, moment))
        try:
            response = yield from send(prepared, min(config.timeout, left))
            return Reply(wire.decode_response(operation, response), response)
        except (ServiceError, TransportError) as failure:
            if attempt >= config.attempts or not may_resend(operation, failure):
                raise
            pause = yield from _pause(attempt, failure)
            left = config.deadline - ((yield from monotonic()) - started) - pause
            if left <= 0:
                raise
        yield from sleep(pause)
        attempt += 1


def may_resend(operation: Operation[Any, Any], failure: ServiceError | TransportError) -> bool:
    """Whether a request of `operation` that failed like this may be sent again."""
    if isinstance(failure, TransportError):
        return failure.sent == "no" or operation.retry is Retry.SAFE
    if failure.throttled or failure.status in _TURNED_AWAY:
        return True
    return failure.retryable and operation.retry is Retry.SAFE


def _pause(attempt: int, failure: ServiceError | TransportError) -> Flow[float]:
    # "Full jitter": many clients that were turned away together do not come back together.
    fraction = int.from_bytes((yield from random(4))) / 2**32
    pause = fraction * min(LONGEST_PAUSE, FIRST_PAUSE * (1 << (attempt - 1)))
    asked = failure.retry_after if isinstance(failure, ServiceError) else None
    return max(pause, asked or 0.0)
