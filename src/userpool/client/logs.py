"""What is logged of a conversation, to the logger `userpool`: that a call was made, and how it went. No
body, no header but the request id and the error's name, and no text of an error.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from userpool.protocol.effects import Effect, Flow, Send
from userpool.protocol.http import Request, Response

if TYPE_CHECKING:
    import logging

T = TypeVar("T")

NAME: Final = "userpool"
DEBUG: Final = 10
"""`logging.DEBUG`."""


def logged(flow: Flow[T]) -> Flow[T]:
    """Pass `flow` through, and log each of its exchanges (level DEBUG), in words and as fields of the record:
    `operation`, `attempt`, `status`, `error`, `request_id`, `duration` in seconds.
    """
    logger = _logger()
    if logger is None:
        return (yield from flow)
    try:
        effect = next(flow)
        while True:
            started = time.monotonic()
            try:
                told = yield effect
            except Exception as failure:  # noqa: BLE001 - it goes on to the flow, which decides
                _log(logger, effect, time.monotonic() - started, failure)
                effect = flow.throw(failure)
            else:
                _log(logger, effect, time.monotonic() - started, told)
                effect = flow.send(told)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        flow.close()


def _logger() -> logging.Logger | None:
    """The logger, if somebody listens. A program that has not loaded `logging` has nobody who does."""
    if "logging" not in sys.modules:
        return None
    import logging

    logger = logging.getLogger(NAME)
    return logger if logger.isEnabledFor(DEBUG) else None


def _log(logger: logging.Logger, effect: Effect, duration: float, told: object) -> None:
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
    logger.debug("%s: %s, %.0f ms", fields["operation"], words, duration * 1000, extra=fields)


def _operation(request: Request) -> str:
    target = request.headers.get("x-amz-target")
    return target.rpartition(".")[2] if target else f"{request.method} {urlsplit(request.url).path}"


def _error(told: object) -> str | None:
    if isinstance(told, Response):
        return (told.header("x-amzn-errortype") or "").partition(":")[0] or None
    return type(told).__name__
