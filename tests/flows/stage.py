"""A stage for flows: a scripted service, clocks that stand still until somebody waits, and known random
bytes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import TypeVar

from userpool.flows.config import ClientConfig
from userpool.protocol.effects import Flow
from userpool.testing.scripted import ScriptedTransport, Step
from userpool.transports.drive import World, run

T = TypeVar("T")

NOW = 1_790_000_000.0
POOL = "us-east-1_aB12cDe34"
CLIENT = "7ghr5379orhbo88d52vphda6s9"
SECRET = "s" * 52


def config(**changes: object) -> ClientConfig:
    """An app client without a secret."""
    settings: dict[str, object] = {
        "endpoint": "https://cognito-idp.us-east-1.amazonaws.com",
        "region": "us-east-1",
        "user_pool_id": POOL,
        "client_id": CLIENT,
    }
    return ClientConfig(**{**settings, **changes})  # type: ignore[arg-type]  # the test says what it changes


class Stage:
    """Plays `steps` to a flow. `now` is the wall clock, `passed` the seconds that were waited."""

    def __init__(self, steps: Iterable[Step] = (), *, now: float = NOW) -> None:
        self.transport = ScriptedTransport(steps)
        self.now = now
        self.passed = 0.0
        self.sleeps: list[float] = []
        self.drawn = 0

    def run(self, flow: Flow[T]) -> T:
        """Run `flow` to its end; the script has to be played to its end too."""
        result = self.attempt(flow)
        assert self.transport.remaining == 0, "the flow ended before the script"
        return result

    def attempt(self, flow: Flow[T]) -> T:
        """Run `flow`, whatever becomes of the script."""
        world = World(
            self.transport,
            now=lambda: self.now,
            monotonic=lambda: self.passed,
            sleep=self._sleep,
            random=self._random,
        )
        return run(flow, world)

    @property
    def targets(self) -> list[str]:
        """The operations called so far."""
        return self.transport.targets

    def body(self, index: int = -1) -> dict[str, object]:
        """What was sent in one request."""
        return self.transport.json(index)

    def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.passed += seconds

    def _random(self, size: int) -> bytes:
        self.drawn += 1
        return bytes([0x80 + self.drawn]) * size


def jwt(**claims: object) -> str:
    """Something with the shape of a token; its signature is nonsense."""
    parts = ({"kid": "k", "alg": "RS256"}, claims)
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*texts, "c2ln"])


def tokens(
    username: str = "ada", *, sub: str = "sub-ada", at: float = NOW, life: float = 3600
) -> dict[str, object]:
    """An `AuthenticationResult` of this user."""
    times = {"iat": int(at), "exp": int(at + life)}
    common = {"sub": sub, "iss": f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}", **times}
    access = {**common, "client_id": CLIENT, "username": username, "token_use": "access"}
    identity = {**common, "aud": CLIENT, "cognito:username": username, "token_use": "id"}
    return {
        "AccessToken": jwt(**access),
        "IdToken": jwt(**identity),
        "RefreshToken": f"refresh-{username}-{int(at)}",
        "ExpiresIn": int(life),
        "TokenType": "Bearer",
    }


def signed_in(username: str = "ada", **more: object) -> dict[str, object]:
    """The reply that ends a sign-in."""
    return {"ChallengeParameters": {}, "AuthenticationResult": {**tokens(username), **more}}


def challenge(name: str, session: str = "session-" + "x" * 20, **parameters: str) -> dict[str, object]:
    """The reply that asks for more."""
    return {"ChallengeName": name, "Session": session, "ChallengeParameters": parameters}
