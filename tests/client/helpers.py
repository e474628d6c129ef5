"""What the tests of both faces share."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import time
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


def wrong(code: str) -> str:
    """Another code than this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
