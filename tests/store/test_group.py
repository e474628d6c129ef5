"""Group commit by itself: who leads, what shares a commit, and what happens to whom when something breaks."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from userpool.service.ports import StoreError
from userpool.service.store import group as group_module
from userpool.service.store.group import GroupCommit, Job
from userpool.service.store.writer import StoreWriter

WRITER = cast("StoreWriter", None)
"""The works here do not use it."""


class Log:
    """A commit that runs the jobs of each group and remembers them."""

    def __init__(self) -> None:
        self.groups: list[list[Any]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.failure: BaseException | None = None

    def commit(self, jobs: Iterator[Job]) -> None:
        done: list[Any] = []
        for job in jobs:
            try:
                job.result = job.work(WRITER)
            except KeyboardInterrupt:
                raise
            except Exception as error:
                job.error = error
            done.append(job.result)
            self.entered.set()
            self.gate.wait(30)
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        self.groups.append(done)


class Caller(threading.Thread):
    """A thread that runs one work; its outcome is there after `join`."""

    def __init__(self, group: GroupCommit, work: Callable[[StoreWriter], object]) -> None:
        super().__init__()
        self.group = group
        self.work = work
        self.outcome: object = None
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self.group.run(self.work)
        except BaseException as error:
            self.outcome = error

    def finish(self) -> object:
        self.join(30)
        assert not self.is_alive()
        return self.outcome


def queue(group: GroupCommit, works: list[Callable[[StoreWriter], object]]) -> list[Caller]:
    """Threads that wait in this very order while somebody else leads."""
    callers = []
    for number, work in enumerate(works, 1):
        callers.append(Caller(group, work))
        while len(group._queue) < number:
            time.sleep(0.001)
    return callers


def held(log: Log, group: GroupCommit, work: Callable[[StoreWriter], object]) -> Caller:
    """A leader that stands in the middle of its group until the gate opens."""
    log.gate.clear()
    log.entered.clear()
    leader = Caller(group, work)
    assert log.entered.wait(30)
    return leader


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def group(log: Log) -> GroupCommit:
    return GroupCommit(log.commit)


def test_a_lone_work_is_a_group_of_its_own(log: Log, group: GroupCommit) -> None:
    assert group.run(lambda w: "one") == "one"
    assert group.run(lambda w: "two") == "two"
    assert log.groups == [["one"], ["two"]]


def test_who_comes_before_the_commit_shares_it(log: Log, group: GroupCommit) -> None:
    leader = held(log, group, lambda w: 0)
    callers = queue(group, [lambda w: 1, lambda w: 2, lambda w: 3])
    log.gate.set()
    assert [leader.finish(), *(caller.finish() for caller in callers)] == [0, 1, 2, 3]
    assert log.groups == [[0, 1, 2, 3]]


def test_a_group_is_bounded_and_the_next_in_the_queue_leads(
    log: Log, group: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_module, "LARGEST_GROUP", 2)
    leader = held(log, group, lambda w: 0)
    callers = queue(group, [lambda w: 1, lambda w: 2, lambda w: 3, lambda w: 4])
    log.gate.set()
    assert [leader.finish(), *(caller.finish() for caller in callers)] == [0, 1, 2, 3, 4]
    assert log.groups == [[0, 1], [2, 3], [4]]


def test_a_work_that_raises_harms_no_other(log: Log, group: GroupCommit) -> None:
    def broken(writer: StoreWriter) -> None:
        raise LookupError("mine")

    leader = held(log, group, lambda w: 0)
    bad, good = queue(group, [broken, lambda w: 2])
    log.gate.set()
    assert leader.finish() == 0
    assert isinstance(bad.finish(), LookupError)
    assert good.finish() == 2


@pytest.mark.parametrize("failure", [StoreError("the disk is full"), ValueError("the disk is full")])
def test_when_the_commit_fails_all_of_the_group_hear_of_it(
    log: Log, group: GroupCommit, failure: Exception
) -> None:
    def broken(writer: StoreWriter) -> None:
        raise LookupError("mine")

    leader = held(log, group, lambda w: 0)
    bad, good = queue(group, [broken, lambda w: 2])
    log.failure = failure
    log.gate.set()
    outcomes = [leader.finish(), good.finish()]
    for outcome in outcomes:
        assert isinstance(outcome, StoreError)
        assert "the disk is full" in str(outcome)
        assert outcome.__cause__ is failure
    assert outcomes[0] is not outcomes[1]
    assert isinstance(bad.finish(), LookupError)
    assert group.run(lambda w: "after") == "after"


def test_when_the_commit_fails_at_once_the_leader_hears_of_it() -> None:
    def commit(jobs: Iterator[Job]) -> None:
        raise StoreError("no connection")

    group = GroupCommit(commit)
    for _ in range(2):
        with pytest.raises(StoreError, match="no connection"):
            group.run(lambda w: 1)


def test_who_interrupts_the_leader_does_not_interrupt_the_others(log: Log, group: GroupCommit) -> None:
    def interrupted(writer: StoreWriter) -> int:
        if threading.current_thread() is leader:
            raise KeyboardInterrupt
        return 2

    leader = held(log, group, lambda w: 0)
    callers = queue(group, [lambda w: 1, interrupted, lambda w: 3])
    log.gate.set()
    assert isinstance(leader.finish(), KeyboardInterrupt)
    assert [caller.finish() for caller in callers] == [1, 2, 3]
    assert log.groups == [[1, 2, 3]]


def test_who_is_interrupted_while_waiting_leaves_the_queue(log: Log, group: GroupCommit) -> None:
    class Alarm(Exception):
        pass

    def ring(signum: int, frame: object) -> None:
        raise Alarm

    leader = held(log, group, lambda w: 0)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(Alarm):
            group.run(lambda w: 1)
    finally:
        signal.signal(signal.SIGALRM, before)
    last = queue(group, [lambda w: 2])[0]
    log.gate.set()
    assert [leader.finish(), last.finish()] == [0, 2]
    assert log.groups == [[0, 2]]


def test_who_is_interrupted_on_becoming_the_leader_passes_it_on(
    log: Log, group: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_module, "LARGEST_GROUP", 1)
    leader = held(log, group, lambda w: 0)
    first, second = queue(group, [lambda w: 1, lambda w: 2])
    lead = group._lead

    def interrupted(job: Job) -> None:
        if threading.current_thread() is first:
            raise KeyboardInterrupt
        lead(job)

    monkeypatch.setattr(group, "_lead", interrupted)
    log.gate.set()
    assert leader.finish() == 0
    assert isinstance(first.finish(), KeyboardInterrupt)
    assert second.finish() == 2
    assert log.groups == [[0], [2]]


def test_a_work_may_not_wait_for_another(group: GroupCommit) -> None:
    with pytest.raises(RuntimeError, match="given"):
        group.run(lambda w: group.run(lambda w: 1))


def test_closing_waits_for_those_that_wait_and_takes_no_more(log: Log, group: GroupCommit) -> None:
    leader = held(log, group, lambda w: 0)
    waiting = queue(group, [lambda w: 1])[0]
    assert not group.close(0.01)
    with pytest.raises(StoreError, match="closed"):
        group.run(lambda w: 2)
    log.gate.set()
    assert group.close(30)
    assert [leader.finish(), waiting.finish()] == [0, 1]
