"""Both faces of our client under one test: what a face returns is waited for where it has to be."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from userpool import (
    Admin,
    AsyncAdmin,
    AsyncUserPool,
    Credentials,
    ServiceError,
    SignedIn,
    UserPool,
)

KEYS = Credentials("test", "test")


class Face(AbstractContextManager["Face"]):
    """One face of the client; closes what it opened.

    Args:
        name: `sync` or `async`.
    """

    def __init__(self, name: str) -> None:
        self._pool: Callable[..., Any] = UserPool if name == "sync" else AsyncUserPool
        self._admin: Callable[..., Any] = Admin if name == "sync" else AsyncAdmin
        self._runner = asyncio.Runner()
        self._open: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._open:
            self(one.close() if hasattr(one, "close") else one.aclose())
        self._runner.close()

    def __call__(self, outcome: Any) -> Any:
        """What a call came to, of either face: `face(pool.sign_in(…))`."""
        if not inspect.iscoroutine(outcome):
            return outcome
        return self._runner.run(outcome)

    def pool(self, *arguments: Any, **options: Any) -> Any:
        """`UserPool` or `AsyncUserPool`."""
        self._open.append(self._pool(*arguments, **options))
        return self._open[-1]

    def admin(self, endpoint: str, keys: Credentials | None = KEYS) -> Any:
        """`Admin` or `AsyncAdmin`; without keys its calls are not signed."""
        self._open.append(self._admin(region="us-east-1", endpoint=endpoint, credentials=keys))
        return self._open[-1]

    def user(self, step: Any) -> Any:
        """The user of a sign-in that is at its end."""
        outcome = self(step)
        assert isinstance(outcome, SignedIn), outcome
        return outcome.user

    def refusal(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
        """The wire code of the error that a call ends with."""
        try:
            outcome = self(call(*arguments, **options))
        except ServiceError as error:
            return error.code
        raise AssertionError(f"it was not refused: {outcome!r}")
