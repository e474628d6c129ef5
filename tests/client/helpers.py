"""What the tests of both faces share."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import time
from collections.abc import Callable
from typing import Any

from userpool.protocol import totp

PASSWORD = "Correct-horse-7"
_numbers = itertools.count()


def fresh_name() -> str:
    """A user name that no other test uses."""
    return f"user-{next(_numbers)}"


def finish(pool: Any) -> None:
    """Close a pool of either colour, outside of any event loop."""
    closing = pool.aclose() if hasattr(pool, "aclose") else pool.close()
    if inspect.iscoroutine(closing):
        asyncio.run(closing)


def totp_code(secret: str, *, ahead: int = 0) -> str:
    """What an authenticator app shows, `ahead` steps from now: each code can be used only once."""
    return totp.code(secret, time.time() + ahead * totp.STEP_SECONDS)


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for what another thread does."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.001)


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks go on until `condition` holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the condition is also changed by threads
            await asyncio.sleep(0.001)


def watch_joins(board: Any) -> list[str]:
    """A list that grows with each flight that is joined from now on."""
    joined: list[str] = []
    join = board.join

    def watched(key: str) -> Any:
        flight = join(key)
        joined.append(key)
        return flight

    board.join = watched
    return joined


def wrong(code: str) -> str:
    """Another code than this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
