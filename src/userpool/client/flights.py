"""One flight for all who ask for the same thing at the same time, for threads and for tasks.

Whoever asks first does the work; the others wait and get the same result, or the same error. Where the work
is abandoned (its thread interrupted, its task cancelled), the waiters are let go and one of them tries.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


class _Abandoned(Exception):
    """The work was given up by who did it."""


class _Board(Generic[T]):
    """Who is in the air, by key. A fork's child starts with an empty one: its parent's threads are not
    with it.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._flying: dict[str, Future[T]] = {}

    def join(self, key: str) -> tuple[Future[T], bool]:
        """The flight for `key`, and whether it has just been opened."""
        if self._pid != os.getpid():
            self._begin()
        with self._lock:
            flight = self._flying.get(key)
            if flight is not None:
                return flight, False
            flight = self._flying[key] = Future()
            return flight, True

    def land(self, key: str) -> None:
        """Take the flight off the board, so that the next who asks opens a new one."""
        with self._lock:
            self._flying.pop(key, None)


class Flights(Generic[T]):
    """Single flights for threads."""

    def __init__(self) -> None:
        self._board = _Board[T]()

    def run(self, key: str, work: Callable[[], T]) -> T:
        """Do `work`, or wait for the thread that is at it for the same `key`."""
        while True:
            flight, leads = self._board.join(key)
            if leads:
                return self._lead(key, flight, work)
            try:
                return flight.result()
            except _Abandoned:
                continue

    def _lead(self, key: str, flight: Future[T], work: Callable[[], T]) -> T:
        try:
            result = work()
        except BaseException as failure:
            self._board.land(key)
            flight.set_exception(failure if isinstance(failure, Exception) else _Abandoned())
            raise
        self._board.land(key)
        flight.set_result(result)
        return result


class AsyncFlights(Generic[T]):
    """Single flights for tasks, of one event loop or of several.

    The work runs in a task of its own, so that a caller who is cancelled does not take it down with them: a
    refresh that was sent is also stored.
    """

    def __init__(self) -> None:
        self._board = _Board[T]()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, or wait for the task that is at it for the same `key`."""
        import asyncio  # a program without an event loop does without

        while True:
            flight, leads = self._board.join(key)
            if leads:
                task = asyncio.ensure_future(self._lead(key, flight, work))
                self._tasks.add(task)  # the event loop itself holds tasks only weakly
                task.add_done_callback(self._tasks.discard)
            try:
                return await asyncio.shield(asyncio.wrap_future(flight))
            except _Abandoned:
                continue

    async def _lead(self, key: str, flight: Future[T], work: Callable[[], Awaitable[T]]) -> None:
        try:
            result = await work()
        except BaseException as failure:
            self._board.land(key)
            flight.set_exception(failure if isinstance(failure, Exception) else _Abandoned())
            if not isinstance(failure, Exception):
                raise
        else:
            self._board.land(key)
            flight.set_result(result)
