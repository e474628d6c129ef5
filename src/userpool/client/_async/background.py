"""Tokens that are refreshed ahead of use."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from userpool.client.judging import StorageWarning
from userpool.client.ticking import AsyncTicker
from userpool.protocol.errors import SignedOutError, UserPoolError

from .session import AsyncSession

AHEAD: Final = 120.0
"""Seconds before its end when a token is refreshed in the background."""
LOOK: Final = 20.0
"""Seconds between two looks. They are counted anew after a machine has slept, so none is long."""
LONGEST: Final = 300.0
"""Seconds between two tries at most, while the service gives no new tokens."""


class AsyncBackgroundRefresh:
    """Keeps a user's tokens fresh ahead of use, until it is stopped, the user has signed out, or the pool is
    closed. From `User.keep_fresh`; a context manager that stops at its end.

    It raises nothing: what may pass is tried again, later and later, and `pool.on_change` tells of it. A
    forked child goes on without: its users refresh when they are used, as ever.
    """

    def __init__(self, session: AsyncSession, ahead: float, keepers: set[AsyncBackgroundRefresh]) -> None:
        self._session = session
        self._ahead = ahead
        self._keepers = keepers
        self._ticker = AsyncTicker()

    def start(self) -> None:
        """Begin; `keep_fresh` has done so."""
        self._keepers.add(self)
        self._ticker.start(self._work)

    async def stop(self) -> None:
        """End it; the user stays signed in."""
        self._keepers.discard(self)
        await self._ticker.stop()

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._ticker.running

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _work(self) -> None:
        doubts = 0
        try:
            while True:
                try:
                    await self._session.ahead(self._ahead)
                    doubts = 0
                except SignedOutError:
                    return
                except (UserPoolError, StorageWarning):
                    doubts += 1
                if await self._ticker.pause(min(LONGEST, LOOK * (1 << min(doubts, 8)))):
                    return
        finally:
            self._keepers.discard(self)
