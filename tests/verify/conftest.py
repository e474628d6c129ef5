from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.verify.issuing import CLIENT, NOW, POOL, Publisher, key
from userpool.transports.drive import World, run
from userpool.verify import AsyncTokenVerifier, Claims, TokenVerifier


class Bench:
    """A verifier of one colour, with its pool and its clocks at hand."""

    def __init__(self, colour: str) -> None:
        self.colour = colour
        self.pool = Publisher(key())
        self.now = NOW
        self.steady = 1000.0
        self._verifier: Any = None

    def make(self, **changes: Any) -> Any:
        """A verifier for access tokens of the pool and client, except for `changes`."""
        arguments: dict[str, Any] = {
            "client_id": CLIENT,
            "token_use": "access",
            "transport": self.pool,
            "clock": lambda: self.now,
            "steady_clock": lambda: self.steady,
        } | changes
        if not {"user_pool_id", "issuer"} & arguments.keys():
            arguments["user_pool_id"] = POOL
        self._verifier = (AsyncTokenVerifier if self.colour == "async" else TokenVerifier)(**arguments)
        return self._verifier

    def verify(self, token: Any, **options: Any) -> Claims:
        """Verify with the verifier made last, or with a plain one."""
        verifier = self._verifier or self.make()
        if self.colour == "flow":
            world = World(self.pool, now=lambda: self.now, monotonic=lambda: self.steady)
            claims: Claims = run(verifier.verifying(token, **options), world)
        elif self.colour == "async":
            claims = asyncio.run(verifier.verify(token, **options))
        else:
            claims = verifier.verify(token, **options)
        return claims

    def fetch_keys(self) -> None:
        if self.colour == "async":
            asyncio.run(self._verifier.fetch_keys())
        else:
            self._verifier.fetch_keys()


@pytest.fixture(params=["sync", "async", "flow"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)
