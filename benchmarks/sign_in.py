"""Sign-ins and refreshes of the service beside their own arithmetic, and what an unknown name takes beside a
known one.

python benchmarks/sign_in.py [ROUNDS]

The first part is CPU time of one call in this process, without HTTP; the yardstick of each line is the
modular powers and RSA signatures that the call cannot do without. It runs over a database in memory and
over one on this disk, where every commit is synced (which costs time, not CPU).

The second part is wall-clock time of failing sign-ins, known and unknown names in turn. `t` is Welch's
statistic over the middle of the samples: below 4.5 nobody can tell the two apart by so many samples, even
in the same process.
"""

from __future__ import annotations

import base64
import json
import logging
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from userpool.crypto.powers import Powers, gmpy2_installed, power
from userpool.crypto.rs256 import SigningKey
from userpool.protocol import operations as ops
from userpool.protocol import srp
from userpool.protocol.http import Request
from userpool.service.app import Service
from userpool.service.clock import ServiceClock
from userpool.service.context import Settings
from userpool.service.keyfile import KeySet, SealingKey

PASSWORD = "Correct-horse-7"
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
NAMES = 200


@dataclass
class Bench:
    """A service with some users, called without HTTP."""

    service: Service
    clock: ServiceClock
    arithmetic: Powers
    pool_id: str = ""
    client_id: str = ""
    refresh_token: str = ""

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        headers = {"x-amz-target": ops.IDP[operation].target, "content-type": "application/x-amz-json-1.1"}
        response = self.service.handle(Request("POST", "/", headers, json.dumps(members).encode()))
        answer: dict[str, Any] = json.loads(response.body)
        return answer

    def prepare(self) -> None:
        self.pool_id = self.call("CreateUserPool", PoolName="bench")["UserPool"]["Id"]
        client = self.call(
            "CreateUserPoolClient",
            UserPoolId=self.pool_id,
            ClientName="bench",
            ExplicitAuthFlows=FLOWS,
            PreventUserExistenceErrors="ENABLED",
        )
        self.client_id = client["UserPoolClient"]["ClientId"]
        for number in range(NAMES):
            name = f"user{number:04}"
            self.call("SignUp", ClientId=self.client_id, Username=name, Password=PASSWORD)
            self.call("AdminConfirmSignUp", UserPoolId=self.pool_id, Username=name)
        self.refresh_token = self.by_password()["AuthenticationResult"]["RefreshToken"]

    def initiate(self, flow: str, **parameters: str) -> dict[str, Any]:
        return self.call("InitiateAuth", ClientId=self.client_id, AuthFlow=flow, AuthParameters=parameters)

    def by_password(self, name: str = "user0000", password: str = PASSWORD) -> dict[str, Any]:
        return self.initiate("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=password)

    def refresh(self) -> object:
        return self.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=self.refresh_token)

    def by_srp(self) -> float:
        """CPU seconds of the service's half of one sign-in."""
        client = srp.ClientSide.generate(secrets.token_bytes(srp.SECRET_BYTES), self.arithmetic)
        began = time.process_time()
        given = self.initiate("USER_SRP_AUTH", USERNAME="user0000", SRP_A=client.public)[
            "ChallengeParameters"
        ]
        used = time.process_time() - began
        timestamp = srp.timestamp(datetime.now(UTC))
        responses = {
            "USERNAME": given["USER_ID_FOR_SRP"],
            "TIMESTAMP": timestamp,
            "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": client.prove(
                pool_name=self.pool_id.partition("_")[2],
                user_id=given["USER_ID_FOR_SRP"],
                password=PASSWORD,
                salt_hex=given["SALT"],
                b_hex=given["SRP_B"],
                secret_block_b64=given["SECRET_BLOCK"],
                timestamp=timestamp,
                power=self.arithmetic,
            ),
        }
        began = time.process_time()
        answer = self.call(
            "RespondToAuthChallenge",
            ClientId=self.client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=responses,
        )
        if "AuthenticationResult" not in answer:
            raise SystemExit(f"the sign-in failed: {answer}")
        return used + time.process_time() - began


def cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def arithmetic_of(bench: Bench) -> dict[str, Callable[[], float]]:
    """The powers and signatures of each kind of call."""
    key = SigningKey.generate()
    claims = claims_of(bench.by_password()["AuthenticationResult"]["IdToken"])
    x, u = (int.from_bytes(secrets.token_bytes(32)) for _ in range(2))
    b, v = int.from_bytes(secrets.token_bytes(srp.SECRET_BYTES)), secrets.randbelow(srp.N)
    one = bench.arithmetic

    def signatures() -> None:
        key.sign(claims)
        key.sign(claims)

    def password() -> None:
        one(srp.G, x, srp.N)
        signatures()

    def exchange() -> None:
        one(srp.G, b, srp.N)
        one(v * one(v, u, srp.N) % srp.N, b, srp.N)
        signatures()

    return {
        "sign-in by SRP": lambda: cpu(exchange),
        "sign-in by password": lambda: cpu(password),
        "refresh": lambda: cpu(signatures),
    }


def compare(bench: Bench, rounds: int) -> None:
    """Print each kind of call beside its arithmetic."""
    calls: dict[str, Callable[[], float]] = {
        "sign-in by SRP": bench.by_srp,
        "sign-in by password": lambda: cpu(bench.by_password),
        "refresh": lambda: cpu(bench.refresh),
    }
    for name, yardstick in arithmetic_of(bench).items():
        pairs = [(yardstick(), calls[name]()) for _ in range(rounds)]
        least, taken = (statistics.median(column) for column in zip(*pairs, strict=True))
        rates = f"arithmetic {1 / least:6.0f}/s   service {1 / taken:6.0f}/s"
        print(f"  {name:22} {rates}   ratio {least / taken:.2f}")


def tell_apart(bench: Bench, rounds: int) -> None:
    """Print how long known and unknown names take to fail."""

    def start(name: str) -> object:
        return bench.initiate("USER_SRP_AUTH", USERNAME=name, SRP_A="5" * 700)

    def fail(name: str) -> object:
        return bench.by_password(name, "wrong")

    for title, work in (("USER_SRP_AUTH", start), ("USER_PASSWORD_AUTH", fail)):
        known: list[float] = []
        unknown: list[float] = []
        for number in range(rounds):
            if number % NAMES == 0:
                bench.clock.advance(3600)  # nobody is locked
            for kind, samples in (("user", known), ("none", unknown)):
                began = time.perf_counter()
                work(f"{kind}{number % NAMES:04}")
                samples.append(time.perf_counter() - began)
        print(f"  {title:22} {describe(middle(known), middle(unknown))}")


def middle(samples: list[float]) -> list[float]:
    tenth = len(samples) // 10
    return sorted(samples)[tenth : -2 * tenth]


def describe(known: list[float], unknown: list[float]) -> str:
    means = statistics.fmean(known), statistics.fmean(unknown)
    spread = sum(statistics.variance(one) / len(one) for one in (known, unknown)) ** 0.5
    return (
        f"known {means[0] * 1e6:6.0f} us   unknown {means[1] * 1e6:6.0f} us   "
        f"t = {(means[0] - means[1]) / spread:.1f}"
    )


def main(rounds: int) -> None:
    logging.disable(logging.CRITICAL)
    arithmetic = power("gmpy2" if gmpy2_installed() else "python")
    print(f"Modular powers by {arithmetic.info.name}; medians of {rounds} calls.")
    with tempfile.TemporaryDirectory() as folder:
        for place, database in (
            ("memory", "sqlite:///:memory:"),
            ("disk", f"sqlite:///{Path(folder) / 'db'}"),
        ):
            clock = ServiceClock()
            keys = KeySet((SealingKey.generate(secrets.token_bytes, clock.now()),))
            with Service.open(
                database, keys=keys, clock=clock, power=arithmetic, settings=Settings(development=True)
            ) as service:
                bench = Bench(service, clock, arithmetic)
                bench.prepare()
                print(f"\nDatabase in {place}: CPU of one call")
                compare(bench, rounds)
                if place == "memory":
                    print("\nFailing sign-ins: time of one call")
                    tell_apart(bench, rounds * 10)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
