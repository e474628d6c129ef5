"""Functions of the program that want to know how users are signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from userpool.client.changes import SessionChange
from userpool.client.waiting import awaited_value

AsyncWatcher: TypeAlias = Callable[[SessionChange], object]
"""A function, or a coroutine function."""


class AsyncWatchers:
    """Who is told of changes: in the order in which they came, outside of all locks."""

    def __init__(self) -> None:
        self._watchers: tuple[tuple[object, AsyncWatcher], ...] = ()

    def add(self, watcher: AsyncWatcher) -> Callable[[], None]:
        """Tell `watcher` of each change from now on, until what is returned is called."""
        mark = object()
        self._watchers = (*self._watchers, (mark, watcher))

        def remove() -> None:
            self._watchers = tuple(each for each in self._watchers if each[0] is not mark)

        return remove

    async def tell(self, change: SessionChange) -> None:
        """Tell everybody. One that fails stops neither the others nor what goes on: its error is logged."""
        for _, watcher in self._watchers:
            try:
                await awaited_value(watcher(change))
            except Exception:
                import logging

                logging.getLogger("userpool").exception("A function that on_change was given has failed.")
