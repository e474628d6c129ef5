"""What only development mode has: the outbox over HTTP, a clock to move, and a store to empty.

GET  /_userpool/outbox?to=ada@example.com   {"messages": [{"to", "medium", "purpose", "code", …}, …]},
                                            oldest first
POST /_userpool/clock                       {"advance": seconds} or {"reset": true}
POST /_userpool/reset                       empties the store; what a seed file makes is made again
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from userpool.protocol.endpoints import is_loopback
from userpool.protocol.http import Request, Response
from userpool.protocol.strict_json import BadJson, parse_object

from .clock import ServiceClock
from .context import Context
from .messages.outbox import reveal

PREFIX = "/_userpool/"
MOST_SECONDS = 100 * 365 * 86400
"""How far the clock may be moved at once."""


def answer(context: Context, request: Request, reset: Callable[[], None]) -> Response:
    """Answer a request below `PREFIX`."""
    if _foreign(request):
        return _json(403, {"message": "Pages of another origin may not use this."})
    match request.method, request.path.removeprefix(PREFIX):
        case "GET", "outbox":
            return _outbox(context, request)
        case "POST", "clock":
            return _move_clock(context, request)
        case "POST", "reset":
            reset()
            return _json(200, {})
        case _:
            return _json(404, {"message": f"{PREFIX} has outbox (GET), clock (POST) and reset (POST)."})


def _foreign(request: Request) -> bool:
    """Whether a browser says that a page from somewhere else asks: it could be any page that a developer
    visits.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return False
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        host = None
    return host is None or not is_loopback(host)


def _outbox(context: Context, request: Request) -> Response:
    query = parse_qs(request.query)
    to, pool_id = (query[name][0] if name in query else None for name in ("to", "user_pool_id"))
    messages = context.store.read(lambda reader: reader.messages(to=to, pool_id=pool_id))
    return _json(200, {"messages": [one.to_dict() for one in reveal(context.keys, messages)]})


def _move_clock(context: Context, request: Request) -> Response:
    clock = context.clock
    if not isinstance(clock, ServiceClock):
        return _json(409, {"message": "This service was given a clock that cannot be moved."})
    try:
        asked = parse_object(request.body, 1024)
    except BadJson:
        asked = {}
    seconds = asked.get("advance")
    if asked.get("reset") is True and seconds is None:
        clock.reset()
    elif (
        isinstance(seconds, int | float)
        and not isinstance(seconds, bool)
        and math.isfinite(seconds)
        and abs(clock.offset + seconds) <= MOST_SECONDS
    ):
        clock.advance(seconds)
    else:
        return _json(400, {"message": 'Send {"advance": seconds} or {"reset": true}.'})
    return _json(200, {"now": clock.now(), "offset": clock.offset})


def _json(status: int, body: dict[str, Any]) -> Response:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Response(status, headers, json.dumps(body).encode())
