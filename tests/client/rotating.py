"""A service that refreshes tokens with rotation, counts, and can be slow, wrong or gone."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

from tests.client.helpers import until
from tests.flows.stage import CLIENT, NOW, POOL, jwt
from userpool import AsyncUserPool, UserPool
from userpool.protocol.http import Request, Response
from userpool.testing.scripted import answer, refusal


class Rotating:
    """Both transports over one service. `now` is everybody's clock, `passed` the monotonic one.

    Each refresh token works once; `refreshes` counts those that did. While `gate` is not set a refresh waits.
    """

    def __init__(self, *, life: float = 3600.0) -> None:
        self.now = NOW
        self.passed = 100.0
        self.life = life
        self.person("ada")
        self.verified = True
        self.issued = 0
        self.refreshes = 0
        self.alive: set[str] = set()
        self.revoked: list[str] = []
        self.sign_ins = 0
        self.instead: list[Response | Exception] = []
        """Played before anything else, one a request."""
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()
        self.operations: list[str] = []
        self.origins: dict[str, str] = {}
        self.tells_origin = True
        self.behind = 0.0
        """How far the service's clock is behind."""

    def person(self, name: str) -> None:
        """Whose tokens come next: refresh tokens go on with their own."""
        self.name = name
        self.sub = f"sub-{name}"

    def tokens(self) -> dict[str, str]:
        """Tokens of a new sign-in, as keyword arguments of `user`."""
        self.sign_ins += 1
        return self._tokens(f"sign-in-{self.sign_ins}")

    def _tokens(self, origin: str) -> dict[str, str]:
        self.issued += 1
        at = self.now - self.behind
        common = {
            "sub": self.sub,
            "iss": f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}",
            "iat": int(at),
            "exp": int(at + self.life),
            "jti": str(self.issued),
            **({"origin_jti": origin} if self.tells_origin else {}),
        }
        refresh = f"refresh-{self.issued}"
        self.alive.add(refresh)
        self.origins[refresh] = origin
        return {
            "access_token": jwt(**common, client_id=CLIENT, username=self.name, token_use="access"),
            "id_token": jwt(
                **common,
                aud=CLIENT,
                token_use="id",
                email=f"{self.name}@example.com",
                email_verified=self.verified,
                preferred_username=f"{self.name}-lovelace",
                **{"cognito:username": self.name},
            ),
            "refresh_token": refresh,
        }

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.passed += seconds

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        self.operations.append(operation)
        if self.instead:
            step = self.instead.pop(0)
            if isinstance(step, Exception):
                raise step
            return step
        body: dict[str, Any] = json.loads(request.body)
        if operation == "RevokeToken":
            self.revoked.append(body["Token"])
            self.alive.discard(body["Token"])
            return answer()
        if operation == "InitiateAuth":
            return answer({"AuthenticationResult": _result(self.tokens())})
        if operation != "GetTokensFromRefreshToken":
            return answer({"Username": "ada", "UserAttributes": []})
        if body["RefreshToken"] not in self.alive:
            return refusal("RefreshTokenReuseException", "Refresh token has been reused")
        self.alive.discard(body["RefreshToken"])
        self.refreshes += 1
        renewed = self._tokens(self.origins[body["RefreshToken"]])
        return answer({"AuthenticationResult": _result(renewed)})

    def send(self, request: Request, *, timeout: float) -> Response:
        self.arrived.set()
        assert self.gate.wait(10)
        return self.handle(request)

    async def asend(self, request: Request, *, timeout: float) -> Response:
        self.arrived.set()
        await until(self.gate.is_set)
        return self.handle(request)

    def close(self) -> None:
        """Nothing to close."""

    async def aclose(self) -> None:
        """Nothing to close."""

    def pool(self, **settings: Any) -> UserPool:
        """A pool on this service and its clocks, that takes tokens as they are."""
        pool = UserPool(POOL, CLIENT, transport=self, verify_tokens=False, clock=lambda: self.now, **settings)
        world = pool._connection.world
        pool._connection.world = replace(world, monotonic=lambda: self.passed)
        return pool

    def async_pool(self, **settings: Any) -> AsyncUserPool:
        """The same for asyncio."""
        pool = AsyncUserPool(
            POOL, CLIENT, transport=self, verify_tokens=False, clock=lambda: self.now, **settings
        )
        world = pool._connection.world
        pool._connection.world = replace(world, monotonic=lambda: self.passed)
        return pool


def _result(tokens: dict[str, str]) -> dict[str, Any]:
    return {
        "AccessToken": tokens["access_token"],
        "IdToken": tokens["id_token"],
        "RefreshToken": tokens["refresh_token"],
        "ExpiresIn": -1,
    }
