"""The few things of the faces that wait, each in both colours: `tools/gen_sync.py` exchanges one for the
other.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from userpool.storage.api import AsyncStorage
    from userpool.storage.api import Storage as Storage

    AnyStorage: TypeAlias = Storage | AsyncStorage

T = TypeVar("T")


class Once(Generic[T]):
    """Makes a thing when it is first asked for, once for all threads."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        """The thing."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]


async def in_thread(work: Callable[[], T]) -> T:
    """Do what may block in a thread, so that the event loop is not held."""
    import asyncio  # a program without an event loop does without

    return await asyncio.to_thread(work)


def in_place(work: Callable[[], T]) -> T:
    """Do it here: this thread is there to wait."""
    return work()


async def awaited_value(value: T | Awaitable[T]) -> T:
    """What a function of either colour has returned."""
    return await value if inspect.isawaitable(value) else value


def plain_value(value: T) -> T:
    """What a function has returned."""
    return value


def load_wire() -> None:
    """Load what every call needs."""
    import userpool.protocol.wire  # noqa: F401 - to have it loaded


def async_storage(storage: AnyStorage | None) -> AsyncStorage:
    """The storage that was given, for asyncio; one in memory where none was."""
    from userpool.storage.memory import MemoryStorage
    from userpool.storage.threads import ThreadedStorage

    if storage is None:
        return ThreadedStorage(MemoryStorage())
    if inspect.iscoroutinefunction(_checked(storage).load):
        return cast("AsyncStorage", storage)
    return ThreadedStorage(cast("Storage", storage))


def plain_storage(storage: Storage | None) -> Storage:
    """The storage that was given; one in memory where none was."""
    from userpool.storage.memory import MemoryStorage

    if storage is None:
        return MemoryStorage()
    if inspect.iscoroutinefunction(_checked(storage).load):
        from userpool.protocol.errors import ParameterError

        raise ParameterError("This storage is for asyncio: give it to an AsyncUserPool.")
    return storage


def _checked(storage: T) -> T:
    """`storage`, if it can be one."""
    from userpool.protocol.errors import ParameterError

    if not all(hasattr(storage, method) for method in ("load", "save", "delete", "keys", "lock")):
        raise ParameterError(
            f"storage is an object such as FileStorage('tokens'), not {type(storage).__name__}: "
            "userpool.storage.api.Storage says what methods it has."
        )
    return storage
