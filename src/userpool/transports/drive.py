"""The two drivers: they run a flow against a world, one in a thread, one in asyncio.

A world is what a flow may ask for: a transport, two clocks, sleep, random bytes and modular powers. Tests put
in their own; the defaults are the real ones.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, assert_never

from userpool.protocol.effects import Compute, Effect, Flow, Monotonic, Now, Power, Random, Send, Sleep

from .api import AsyncTransport, Transport

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class World:
    """What answers a flow in a thread."""

    transport: Transport
    now: Callable[[], float] = time.time
    """The true time, in seconds since the epoch."""
    monotonic: Callable[[], float] = time.monotonic
    """A clock that never steps, in seconds."""
    sleep: Callable[[float], None] = time.sleep
    """Waits the given seconds."""
    random: Callable[[int], bytes] = os.urandom
    """Gives so many bytes from a cryptographic source."""
    power: Power = pow
    """The modular power that `Compute` is given."""

    def answer(self, effect: Effect) -> Any:
        """Do what `effect` asks and return what it is answered with; raises what the doing raises."""
        match effect:
            case Send(request, timeout):
                return self.transport.send(request, timeout=timeout)
            case Sleep(seconds):
                return self.sleep(seconds)
            case Now():
                return self.now()
            case Monotonic():
                return self.monotonic()
            case Random(size):
                return self.random(size)
            case Compute(work):
                return work(self.power)
            case _:
                assert_never(effect)


async def _sleep(seconds: float) -> None:
    import asyncio  # here, so that a program without an event loop does without

    await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class AsyncWorld:
    """What answers a flow in asyncio, whatever the event loop's make."""

    transport: AsyncTransport
    now: Callable[[], float] = time.time
    """The true time, in seconds since the epoch."""
    monotonic: Callable[[], float] = time.monotonic
    """A clock that never steps, in seconds."""
    sleep: Callable[[float], Awaitable[None]] = _sleep
    """Waits the given seconds."""
    random: Callable[[int], bytes] = os.urandom
    """Gives so many bytes from a cryptographic source."""
    power: Power = pow
    """The modular power that `Compute` is given."""

    async def answer(self, effect: Effect) -> Any:
        """Do what `effect` asks and return what it is answered with; raises what the doing raises.

        `Compute` runs in a thread. With gmpy2, which gives up the interpreter lock, the event loop goes on
        meanwhile. `pow` keeps the lock for one power (about 6 ms for SRP's group), so that the loop runs only
        between powers: a sign-in delays other tasks by a few such pauses. Install `userpool[fast]` where that
        matters.
        """
        match effect:
            case Send(request, timeout):
                return await self.transport.asend(request, timeout=timeout)
            case Sleep(seconds):
                return await self.sleep(seconds)
            case Now():
                return self.now()
            case Monotonic():
                return self.monotonic()
            case Random(size):
                return self.random(size)
            case Compute(work):
                import asyncio

                return await asyncio.to_thread(work, self.power)
            case _:
                assert_never(effect)


def run(flow: Flow[T], world: World) -> T:
    """Run `flow` to its end and return its result.

    What goes wrong while an effect is answered is raised inside the flow, at its `yield`. An interrupt
    (`KeyboardInterrupt`, `SystemExit`) is not: it closes the flow and goes on to the caller.
    """
    try:
        effect = next(flow)
        while True:
            try:
                answer = world.answer(effect)
            except Exception as failure:  # noqa: BLE001 - the flow decides what it means
                effect = flow.throw(failure)
            else:
                effect = flow.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        flow.close()


async def arun(flow: Flow[T], world: AsyncWorld) -> T:
    """Run `flow` to its end and return its result: the async twin of `run`. Cancelling it closes the flow."""
    try:
        effect = next(flow)
        while True:
            try:
                answer = await world.answer(effect)
            except Exception as failure:  # noqa: BLE001 - the flow decides what it means
                effect = flow.throw(failure)
            else:
                effect = flow.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        flow.close()
