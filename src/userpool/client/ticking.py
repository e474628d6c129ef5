"""What goes on beside the program, in both colours: a thread, or a task."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio

PATIENCE: Final = 5.0
"""Seconds that stopping waits for a thread; it may be in the middle of a call, and ends after that."""


class Ticker:
    """A thread that works and pauses until it is stopped. A forked child has none, and nothing to stop."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, work: Callable[[], None]) -> None:
        """Do `work` in a thread that does not keep the program from ending."""
        self._thread = threading.Thread(target=work, name="userpool-refresh", daemon=True)
        self._thread.start()

    def pause(self, seconds: float) -> bool:
        """Wait, at most until it is stopped; whether it is."""
        return self._stopped.wait(seconds)

    def stop(self) -> None:
        """Let the thread end, and wait for it."""
        if self._thread is None or self._pid != os.getpid():
            return
        self._stopped.set()
        if self._thread is not threading.current_thread():
            self._thread.join(PATIENCE)

    @property
    def running(self) -> bool:
        """Whether it goes on in this process."""
        return self._thread is not None and self._pid == os.getpid() and self._thread.is_alive()


class AsyncTicker:
    """The same as a task of the event loop that runs when it is started."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work` in a task."""
        import asyncio

        self._task = asyncio.get_running_loop().create_task(work())

    async def pause(self, seconds: float) -> bool:
        """Wait; whoever stops it cancels that."""
        import asyncio

        await asyncio.sleep(seconds)
        return False

    async def stop(self) -> None:
        """End the task, and wait for it. What it has sent goes on to its end."""
        import asyncio

        task = self._task
        if task is None or task is asyncio.current_task():
            return
        if task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            await asyncio.wait([task])

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._task is not None and not self._task.done()
