"""What is logged of a conversation, to the logger `userpool`: that a call was made, and how it went. No
body, no header but the request id and the error's name, and no text of an error.
"""

from __future__ import annotations

import logging
import time
from typing import Final, TypeVar
from urllib.parse import urlsplit

from userpool.protocol.effects import Effect, Flow, Send
from userpool.protocol.http import Request, Response

T = TypeVar("T")

LOGGER: Final = logging.getLogger("userpool")


def logged(flow: Flow[T]) -> Flow[T]:
    """Pass `flow` through, and log each of its exchanges (level DEBUG), in words and as fields of the record:
    `operation`, `attempt`, `status`, `error`, `request_id`, `duration` in seconds.
    """
    if not LOGGER.isEnabledFor(logging.DEBUG):
        return (yield from flow)
    try:
        effect = next(flow)
        while True:
            started = time.monotonic()
            try:
                told = yield effect
            except Exception as failure:  # noqa: BLE001 - it goes on to the flow, which decides
                _log(effect, time.monotonic() - started, failure)
                effect = flow.throw(failure)
            else:
                _log(effect, time.monotonic() - started, told)
                effect = flow.send(told)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        flow.close()


def _log(effect: Effect, duration: float, told: object) -> None:
    if not isinstance(effect, Send):
        return
    fields = {
        "operation": _operation(effect.request),
        "attempt": effect.request.headers.get("amz-sdk-request", "attempt=1").removeprefix("attempt="),
        "status": told.status if isinstance(told, Response) else None,
        "error": _error(told),
        "request_id": told.header("x-amzn-requestid") if isinstance(told, Response) else None,
        "duration": duration,
    }
    words = ", ".join(
        f"{name} {fields[name]}" for name in ("status", "error", "attempt", "request_id") if fields[name]
    )
    LOGGER.debug("%s: %s, %.0f ms", fields["operation"], words, duration * 1000, extra=fields)


def _operation(request: Request) -> str:
    target = request.headers.get("x-amz-target")
    return target.rpartition(".")[2] if target else f"{request.method} {urlsplit(request.url).path}"


def _error(told: object) -> str | None:
    if isinstance(told, Response):
        return (told.header("x-amzn-errortype") or "").partition(":")[0] or None
    return type(told).__name__
