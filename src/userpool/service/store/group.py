"""Group commit: works that wait at the same time share one transaction, and so one flush to the disk.

There is no writer thread. Who comes while nobody is writing becomes the leader, runs all works that wait and
commits them; who comes meanwhile waits, and one of them leads next. A lone writer pays for no hand-over, and
there is nothing to stop at the end of a process.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ..ports import StoreError
from .writer import StoreWriter

T = TypeVar("T")

LARGEST_GROUP = 256
"""So many works share a commit at most: the first of them should not wait for ever."""


class Job:
    """One work on its way. Its outcome is handed out only after the commit."""

    __slots__ = ("done", "error", "leads", "result", "wake", "work")

    def __init__(self, work: Callable[[StoreWriter], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.leads = False
        self.wake = threading.Lock()
        self.wake.acquire()

    def again(self) -> Job:
        """The same job, as if it had not run."""
        self.result = self.error = None
        return self

    def outcome(self) -> Any:
        """What the work returned; raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.result


class GroupCommit:
    """Runs works in groups.

    `commit` runs the jobs that it is given, one after another, in one transaction. It asks for the next only
    when the one before is finished, sets `result` or `error` of each, and returns when all are durable. It
    raises when the whole group failed.
    """

    def __init__(self, commit: Callable[[Iterator[Job]], None]) -> None:
        self._commit = commit
        self._mutex = threading.Lock()
        self._idle = threading.Condition(self._mutex)
        self._queue: deque[Job] = deque()
        self._led = False
        self._leader: int | None = None
        self._closed = False

    def leads_here(self) -> bool:
        """Whether this very thread is running a group."""
        return self._leader == threading.get_ident()

    def run(self, work: Callable[[StoreWriter], T]) -> T:
        """Run `work` in the next group; returns when it is durable."""
        if self.leads_here():
            raise RuntimeError("store.write inside of store.write: use the writer that the work was given")
        job = Job(work)
        with self._mutex:
            if self._closed:
                raise StoreError("the store is closed: open it again to write")
            self._queue.append(job)
            if not self._led:
                self._led = job.leads = True
        try:
            if not job.leads:
                job.wake.acquire()
            if not job.done:
                self._lead(job)
        except BaseException:
            self._abandon(job)
            raise
        result: T = job.outcome()
        return result

    def _lead(self, own: Job) -> None:
        """Commit a group that begins with `own`, then let the first that waits lead."""
        self._leader = threading.get_ident()
        group = [self._queue.popleft()]  # it is `own`: only who is first in the queue leads
        try:
            self._commit(self._take(group))
        except Exception as error:  # noqa: BLE001 - it is raised in the threads of all that share the failure
            for job in group:
                job.error = job.error or _failed(error)
        except BaseException:
            # Somebody interrupts this thread: no fault of the works that others left to it. They wait again.
            with self._mutex:
                self._queue.extendleft(job.again() for job in reversed(group) if job is not own)
            group = [own]
            raise
        finally:
            self._leader = None
            self._hand_over(own)
            for job in group:
                job.done = True
                if job is not own:
                    job.wake.release()

    def _take(self, group: list[Job]) -> Iterator[Job]:
        yield group[0]
        while len(group) < LARGEST_GROUP:
            with self._mutex:
                if not self._queue:
                    return
                group.append(self._queue.popleft())
            yield group[-1]

    def _hand_over(self, own: Job) -> None:
        with self._mutex:
            own.leads = False
            if self._queue:
                self._queue[0].leads = True
                self._queue[0].wake.release()
            else:
                self._led = False
                self._idle.notify_all()

    def _abandon(self, job: Job) -> None:
        """The thread of `job` was interrupted while it waited: it no longer wants it, nor can it lead."""
        with self._mutex:
            if job in self._queue:
                self._queue.remove(job)
        if job.leads:
            self._hand_over(job)

    def close(self, timeout: float) -> bool:
        """Take no more works and wait up to `timeout` seconds for those that wait; whether all are done."""
        with self._mutex:
            self._closed = True
            return self._idle.wait_for(lambda: not self._led, timeout)


def _failed(error: Exception) -> StoreError:
    """The failure of a group, an exception of its own for each thread that raises it."""
    failure = StoreError(str(error) if isinstance(error, StoreError) else f"the write failed: {error!r}")
    failure.__cause__ = error
    return failure
