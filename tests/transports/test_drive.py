"""The two drivers answer every effect, raise failures inside the flow, and leave no flow open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from userpool.protocol import effects
from userpool.protocol.effects import Flow
from userpool.protocol.http import Request, Response
from userpool.testing.scripted import ScriptedTransport, answer
from userpool.transports.drive import AsyncWorld, World, arun, run

REQUEST = Request("POST", "https://example.com/", {"x-amz-target": "Service.Ping"}, b"{}")
Drive = Callable[..., Any]


def sync_drive(flow: Flow[Any], transport: ScriptedTransport, **world: Any) -> Any:
    return run(flow, World(transport, **world))


def async_drive(flow: Flow[Any], transport: ScriptedTransport, **world: Any) -> Any:
    if "sleep" in world:
        blocking = world["sleep"]

        async def sleep(seconds: float) -> None:
            blocking(seconds)

        world["sleep"] = sleep
    return asyncio.run(arun(flow, AsyncWorld(transport, **world)))


@pytest.fixture(params=[sync_drive, async_drive], ids=["sync", "async"])
def drive(request: pytest.FixtureRequest) -> Drive:
    chosen: Drive = request.param
    return chosen


def test_every_effect_is_answered_by_the_world(drive: Drive) -> None:
    slept: list[float] = []
    transport = ScriptedTransport([answer({"Pong": 1})])

    def everything() -> Flow[tuple[Any, ...]]:
        response = yield from effects.send(REQUEST, 2.5)
        yield from effects.sleep(0.25)
        now = yield from effects.now()
        monotonic = yield from effects.monotonic()
        data = yield from effects.random(4)
        power = yield from effects.compute(lambda power: power(2, 10, 1000))
        return response.body, now, monotonic, data, power

    result = drive(
        everything(),
        transport,
        now=lambda: 1.0,
        monotonic=lambda: 2.0,
        sleep=slept.append,
        random=lambda size: b"r" * size,
        power=lambda base, exponent, modulus: base * 10_000 + exponent * 10 + modulus,
    )
    assert result == (b'{"Pong":1}', 1.0, 2.0, b"rrrr", 21_100)
    assert slept == [0.25]
    assert transport.requests == [REQUEST]
    assert transport.timeouts == [2.5]
    assert not transport.closed


def test_the_real_world_is_the_default(drive: Drive) -> None:
    def real() -> Flow[tuple[Any, ...]]:
        first = yield from effects.monotonic()
        yield from effects.sleep(0.0)
        second = yield from effects.monotonic()
        now = yield from effects.now()
        data = yield from effects.random(32)
        other = yield from effects.random(32)
        power = yield from effects.compute(lambda power: power(3, 4, 50))
        return second >= first, now > 1.7e9, len(data), data != other, power

    assert drive(real(), ScriptedTransport()) == (True, True, 32, True, 31)


def test_a_flow_that_asks_nothing_just_returns(drive: Drive) -> None:
    def quiet() -> Flow[str]:
        yield from ()
        return "done"

    assert drive(quiet(), ScriptedTransport()) == "done"


def test_a_failure_is_raised_at_the_yield_and_the_flow_may_go_on(drive: Drive) -> None:
    transport = ScriptedTransport([ConnectionError("first"), answer({"second": True})])

    def retrying() -> Flow[bytes]:
        try:
            response = yield from effects.send(REQUEST, 1.0)
        except ConnectionError:
            response = yield from effects.send(REQUEST, 2.0)
        return response.body

    assert drive(retrying(), transport) == b'{"second":true}'
    assert transport.timeouts == [1.0, 2.0]


def test_a_failure_that_the_flow_does_not_want_reaches_the_caller_as_it_was(drive: Drive) -> None:
    failure = ConnectionError("gone")

    def plain() -> Flow[Response]:
        return (yield from effects.send(REQUEST, 1.0))

    with pytest.raises(ConnectionError) as caught:
        drive(plain(), ScriptedTransport([failure]))
    assert caught.value is failure


def test_a_stop_iteration_out_of_the_world_never_passes_for_a_result(drive: Drive) -> None:
    def stops(request: Request) -> Response:
        raise StopIteration("not a result")

    def plain() -> Flow[Response]:
        return (yield from effects.send(REQUEST, 1.0))

    with pytest.raises(RuntimeError):
        drive(plain(), ScriptedTransport([stops]))


def test_an_interrupt_closes_the_flow_without_asking_it(drive: Drive) -> None:
    seen: list[str] = []

    class Interrupt(BaseException):
        pass

    def guarded() -> Flow[None]:
        try:
            yield from effects.send(REQUEST, 1.0)
        except Exception:
            seen.append("handled")
        finally:
            seen.append("closed")

    with pytest.raises(Interrupt):
        drive(guarded(), ScriptedTransport([Interrupt()]))
    assert seen == ["closed"]


def test_an_effect_of_tomorrow_is_an_error_inside_the_flow(drive: Drive) -> None:
    def strange() -> Iterator[Any]:
        yield "not an effect"

    with pytest.raises(AssertionError):
        drive(strange(), ScriptedTransport())


def test_cancelling_closes_the_flow() -> None:
    closed: list[bool] = []

    def waits() -> Flow[None]:
        try:
            yield from effects.sleep(3600)
        finally:
            closed.append(True)

    async def main() -> None:
        task = asyncio.create_task(arun(waits(), AsyncWorld(ScriptedTransport())))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert closed == [True]


def test_heavy_arithmetic_leaves_the_event_loop() -> None:
    threads: list[threading.Thread] = []

    def heavy() -> Flow[None]:
        yield from effects.compute(lambda power: threads.append(threading.current_thread()))

    asyncio.run(arun(heavy(), AsyncWorld(ScriptedTransport())))
    run(heavy(), World(ScriptedTransport()))
    assert [thread is threading.main_thread() for thread in threads] == [False, True]


@pytest.mark.parametrize("loop", [asyncio.SelectorEventLoop, asyncio.new_event_loop])
def test_any_event_loop_will_do(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    def flow() -> Flow[int]:
        yield from effects.sleep(0.001)
        return (yield from effects.compute(lambda power: power(2, 3, 5)))

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(arun(flow(), AsyncWorld(ScriptedTransport()))) == 3
