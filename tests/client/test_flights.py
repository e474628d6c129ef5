"""One flight for all who ask at the same time."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client.helpers import until, wait_until, watch_joins
from userpool.client.flights import AsyncFlights, Flights


def test_threads_share_one_flight() -> None:
    flights, entered, leave = Flights[int](), threading.Event(), threading.Event()
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        entered.set()
        assert leave.wait(10)
        return len(calls)

    with ThreadPoolExecutor(50) as threads:
        first = threads.submit(flights.run, "key", work)
        assert entered.wait(10)
        others = [threads.submit(flights.run, "key", work) for _ in range(49)]
        wait_until(lambda: all(future.running() for future in others))
        leave.set()
        assert {first.result(10), *(future.result(10) for future in others)} <= {1, 2}
    assert flights.run("key", work) == len(calls), "the next one who asks starts anew"


def test_other_keys_fly_by_themselves() -> None:
    flights = Flights[str]()
    assert flights.run("a", lambda: flights.run("b", lambda: "inner")) == "inner"


def test_r05_threads_share_the_error() -> None:
    flights, entered, leave = Flights[int](), threading.Event(), threading.Event()
    failure = ValueError("no")

    def work() -> int:
        entered.set()
        assert leave.wait(10)
        raise failure

    def ask() -> BaseException | None:
        try:
            flights.run("key", work)
        except ValueError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(ask)
        assert entered.wait(10)
        second = threads.submit(flights.run, "key", work)
        wait_until(second.running)
        leave.set()
        assert first.result(10) is failure
        assert second.exception(10) is failure


def test_r06_waiters_are_released_when_the_thread_is_interrupted() -> None:
    flights, entered, leave = Flights[str](), threading.Event(), threading.Event()

    def interrupted() -> str:
        entered.set()
        assert leave.wait(10)
        raise KeyboardInterrupt

    def lead() -> None:
        with pytest.raises(KeyboardInterrupt):
            flights.run("key", interrupted)

    with ThreadPoolExecutor(2) as threads:
        leader = threads.submit(lead)
        assert entered.wait(10)
        waiter = threads.submit(flights.run, "key", lambda: "tried again")
        wait_until(waiter.running)
        leave.set()
        leader.result(10)
        assert waiter.result(10) == "tried again"


async def test_tasks_share_one_flight() -> None:
    flights, calls = AsyncFlights[int](), 0

    async def work() -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.01)
        return calls

    assert await asyncio.gather(*(flights.run("key", work) for _ in range(50))) == [1] * 50
    assert await flights.run("key", work) == 2


async def test_r05_tasks_share_the_error() -> None:
    flights = AsyncFlights[int]()
    failure = ValueError("no")

    async def work() -> int:
        await asyncio.sleep(0)
        raise failure

    results = await asyncio.gather(*(flights.run("key", work) for _ in range(3)), return_exceptions=True)
    assert results == [failure] * 3


async def test_a_cancelled_caller_does_not_take_the_work_down() -> None:
    flights, done = AsyncFlights[str](), asyncio.Event()

    async def work() -> str:
        await done.wait()
        return "done"

    leader = asyncio.create_task(flights.run("key", work))
    await asyncio.sleep(0)
    waiter = asyncio.create_task(flights.run("key", work))
    await asyncio.sleep(0)
    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    done.set()
    assert await waiter == "done"


async def test_r06_waiters_are_released_when_the_work_itself_is_cancelled() -> None:
    flights = AsyncFlights[str]()
    tries = 0

    async def work() -> str:
        nonlocal tries
        tries += 1
        if tries == 1:
            await asyncio.Event().wait()
        return "tried again"

    waiters = [asyncio.create_task(flights.run("key", work)) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    (flying,) = flights._tasks
    flying.cancel()
    assert await asyncio.gather(*waiters) == ["tried again"] * 3
    assert tries == 2


def test_tasks_of_two_event_loops_share_one_flight() -> None:
    flights, entered, leave = AsyncFlights[str](), threading.Event(), threading.Event()

    async def work() -> str:
        entered.set()
        await until(leave.is_set)
        return "once"

    async def never() -> str:
        raise AssertionError("somebody is at it already")

    joined = watch_joins(flights._board)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(asyncio.run, flights.run("key", work))
        assert entered.wait(10)
        second = threads.submit(asyncio.run, flights.run("key", never))
        wait_until(lambda: len(joined) == 2)
        leave.set()
        assert (first.result(10), second.result(10)) == ("once", "once")


def test_a_forked_child_does_not_wait_for_its_parent_s_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    flights, entered, leave = Flights[str](), threading.Event(), threading.Event()

    def work() -> str:
        entered.set()
        assert leave.wait(10)
        return "parent"

    thread = threading.Thread(target=flights.run, args=("key", work))
    thread.start()
    assert entered.wait(10)
    with monkeypatch.context() as child:
        child.setattr("userpool.client.flights.os.getpid", lambda: -1)
        assert flights.run("key", lambda: "child") == "child"
    leave.set()
    thread.join(10)
