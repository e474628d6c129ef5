"""Two secrets of one app client, while one replaces the other.

A call whose secret the service refuses is made once more with the other one, and nothing else is. Which one
fitted is remembered for all calls of the pool.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, Self, TypeVar

from userpool.protocol.effects import Flow
from userpool.protocol.errors import NotAuthorizedReason, ServiceError, UnauthorizedException


class SecretPair:
    """The secret that is to stay and the one that is to go. Any of them may be the right one at first.

    Args:
        new: tried first.
        old: tried where the service does not know the new one, or not yet.
    """

    __slots__ = ("_both", "current")

    def __init__(self, new: str, old: str) -> None:
        self._both = (new, old)
        self.current = new
        """The one that fitted last."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def other_than(self, secret: str) -> str:
        """The one that is not `secret`."""
        new, old = self._both
        return old if secret == new else new


class _Bearer(Protocol):
    """What a call is made with, and gets its secret from."""

    @property
    def secrets(self) -> SecretPair | None: ...

    def with_secret(self, secret: str) -> Self: ...


B = TypeVar("B", bound=_Bearer)
P = ParamSpec("P")
T = TypeVar("T")


def either_secret(call: Callable[Concatenate[B, P], Flow[T]]) -> Callable[Concatenate[B, P], Flow[T]]:
    """Make `call`, a flow of one request, again with the other secret where the first is refused."""

    @wraps(call)
    def tried(bearer: B, /, *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
        secrets = bearer.secrets
        if secrets is None:
            return (yield from call(bearer, *args, **kwargs))
        first = secrets.current
        try:
            return (yield from call(bearer.with_secret(first), *args, **kwargs))
        except ServiceError as refusal:
            if not refuses_secret(refusal):
                raise
        second = secrets.other_than(first)
        try:
            result = yield from call(bearer.with_secret(second), *args, **kwargs)
        except ServiceError as refusal:
            if not refuses_secret(refusal):
                secrets.current = second
            raise
        secrets.current = second
        return result

    return tried


def refuses_secret(refusal: ServiceError) -> bool:
    """Whether the service says that the app client's secret, or the hash made with it, does not fit."""
    # RevokeToken has an error of its own for it.
    return refusal.reason == NotAuthorizedReason.SECRET_HASH or isinstance(refusal, UnauthorizedException)
