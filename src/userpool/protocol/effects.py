"""What a conversation may ask of the world, and nothing else.

A flow is a generator. It yields one of these effects, is sent the answer, and ends by returning data. It
holds no lock, no socket and no file, so it can be dropped at any `yield` without repair, and one flow
serves threads, asyncio and a test that answers by hand. The two drivers that answer live in
`userpool.transports.drive`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from .http import Request, Response

R = TypeVar("R")
T = TypeVar("T")

Power: TypeAlias = Callable[[int, int, int], int]
"""`power(base, exponent, modulus)`: a modular power, from `pow` or from a faster library."""


@dataclass(frozen=True, slots=True)
class Send:
    """One HTTP exchange, answered with a `Response`; a failure is a `TransportError` thrown at the yield."""

    request: Request
    timeout: float
    """Seconds until the exchange is given up, counted over the whole exchange."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """The true time, answered as seconds since the epoch (`float`)."""


@dataclass(frozen=True, slots=True)
class Monotonic:
    """A clock that never steps, answered in seconds (`float`): for deadlines and ages."""


@dataclass(frozen=True, slots=True)
class Random:
    """`size` bytes from a cryptographic source, answered as `bytes`."""

    size: int


@dataclass(frozen=True, slots=True)
class Compute(Generic[R]):
    """Heavy arithmetic: `work` is called with the modular power in use and its result is the answer.

    The async driver runs it in a thread, so that the event loop is not held.
    """

    work: Callable[[Power], R] = field(repr=False)


Effect: TypeAlias = Send | Sleep | Now | Monotonic | Random | Compute[Any]
Flow: TypeAlias = Generator[Effect, Any, T]
"""A conversation that ends with a `T`."""


def send(request: Request, timeout: float) -> Flow[Response]:
    """Typed form of `Send`: `response = yield from send(request, 5.0)`."""
    response: Response = yield Send(request, timeout)
    return response


def sleep(seconds: float) -> Flow[None]:
    """Typed form of `Sleep`."""
    yield Sleep(seconds)


def now() -> Flow[float]:
    """Typed form of `Now`."""
    seconds: float = yield Now()
    return seconds


def monotonic() -> Flow[float]:
    """Typed form of `Monotonic`."""
    seconds: float = yield Monotonic()
    return seconds


def random(size: int) -> Flow[bytes]:
    """Typed form of `Random`."""
    data: bytes = yield Random(size)
    return data


def compute(work: Callable[[Power], R]) -> Flow[R]:
    """Typed form of `Compute`."""
    result: R = yield Compute(work)
    return result
