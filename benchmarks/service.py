"""`userpool serve` under load, beside the arithmetic of the same calls and beside the same server without us.

python benchmarks/service.py [SECONDS] [ROUNDS] [USERS]

The service runs as a process of its own on one core, over a durable SQLite file with USERS (default 10000) in
it; 8 callers on the other core keep it busy over the loopback, and administrators' calls are signed. Each
line is measured for SECONDS (default 3) in turn with its floor, ROUNDS (default 3) times; medians.

- calls/s: by the wall clock. CPU: the server's processor time for one call, which other work on the
  machine disturbs less. callers: how busy their core was.
- floor: the processor time that the call cannot do without. For sign-ins and refreshes it is their arithmetic
  alone: SRP's powers (or the password's one) and two RSA signatures, done on the servers' core between the
  rounds. For the other calls it is `_floor.py`: the same HTTP server, doing the signature check or the
  verifier and one statement by hand, called by the same callers.
- share: floor / CPU. with HTTP: the same, where the floor has the HTTP server's own time in it.

Linux only: it reads /proc and sets processor affinity.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import os
import secrets
import sqlite3
import statistics
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._world import Caller, Measured, Server, drive, on_server_core
from userpool.crypto.powers import power
from userpool.crypto.rs256 import SigningKey
from userpool.protocol import srp
from userpool.protocol.sigv4 import Credentials
from userpool.service.app import Service
from userpool.service.domain.records import LoginName, NameKind, PasswordRecord, User, UserStatus
from userpool.service.keyfile import ADMIN_KEY_ID, ADMIN_KEY_SECRET, SEALING_KEY, KeySet, SealingKey
from userpool.service.ports import Writer

CALLERS = 8
PASSWORD = "Correct-horse-7"
ADMIN = Credentials("UPAKBENCHMARK", secrets.token_urlsafe(30))
Work = Callable[[], object]


class World:
    """A database with a pool, a client and users, and who calls its service."""

    def __init__(self, folder: Path, users: int) -> None:
        self.folder, self.users = folder, users
        self.database = folder / "users.db"
        self.sealing = SealingKey.generate(os.urandom, 0.0)
        self.power = power("gmpy2")
        self.pool_id = self.client_id = ""
        self.callers: list[Caller] = []
        self.signed_in: list[dict[str, str]] = []

    def serve(self) -> Server:
        """Start the service."""
        environment = {
            SEALING_KEY: self.sealing.text,
            ADMIN_KEY_ID: ADMIN.access_key_id,
            ADMIN_KEY_SECRET: ADMIN.secret_access_key,
        }
        command = ["-m", "userpool.service", "--port", "0", "--database", f"sqlite:///{self.database}"]
        return Server(command, self.folder, environment)

    def settle(self, server: Server) -> None:
        """Make the pool, its client and the callers' own users; then fill the pool."""
        self.callers = [Caller(server.url, ADMIN) for _ in range(CALLERS)]
        admin = self.callers[0]
        pool = admin.call("CreateUserPool", signed=True, PoolName="benchmark")
        self.pool_id = pool["UserPool"]["Id"]
        flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        client = admin.call(
            "CreateUserPoolClient",
            signed=True,
            UserPoolId=self.pool_id,
            ClientName="benchmark",
            ExplicitAuthFlows=flows,
        )
        self.client_id = client["UserPoolClient"]["ClientId"]
        fill(self)
        for number, caller in enumerate(self.callers):
            name = {"UserPoolId": self.pool_id, "Username": f"caller{number}"}
            admin.call("AdminCreateUser", signed=True, **name, MessageAction="SUPPRESS")
            admin.call("AdminSetUserPassword", signed=True, **name, Password=PASSWORD, Permanent=True)
            self.signed_in.append(self.by_password(caller, number)["AuthenticationResult"])

    def by_password(self, caller: Caller, number: int) -> dict[str, Any]:
        """Sign in by USER_PASSWORD_AUTH."""
        parameters = {"USERNAME": f"caller{number}", "PASSWORD": PASSWORD}
        return caller.call(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=self.client_id,
            AuthParameters=parameters,
        )

    def by_srp(self, caller: Caller, number: int, side: srp.ClientSide) -> dict[str, Any]:
        """Sign in by USER_SRP_AUTH; the client's own number is made once, to spare the callers' core."""
        parameters = {"USERNAME": f"caller{number}", "SRP_A": side.public}
        first = caller.call(
            "InitiateAuth", AuthFlow="USER_SRP_AUTH", ClientId=self.client_id, AuthParameters=parameters
        )["ChallengeParameters"]
        timestamp = srp.timestamp(datetime.now(UTC))
        signature = side.prove(
            pool_name=self.pool_id.partition("_")[2],
            user_id=first["USER_ID_FOR_SRP"],
            password=PASSWORD,
            salt_hex=first["SALT"],
            b_hex=first["SRP_B"],
            secret_block_b64=first["SECRET_BLOCK"],
            timestamp=timestamp,
            power=self.power,
        )
        return caller.call(
            "RespondToAuthChallenge",
            ClientId=self.client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses={
                "USERNAME": first["USER_ID_FOR_SRP"],
                "PASSWORD_CLAIM_SECRET_BLOCK": first["SECRET_BLOCK"],
                "PASSWORD_CLAIM_SIGNATURE": signature,
                "TIMESTAMP": timestamp,
            },
        )

    def works(self) -> dict[str, list[Work]]:
        """What each caller does, by the name of the line."""
        names = itertools.count()
        users = itertools.cycle([f"user{number}" for number in range(0, self.users, 7)])
        pages = itertools.cycle(self.page_tokens())
        mails = itertools.cycle(
            [f'email = "user{number}@example.com"' for number in range(0, self.users, 11)]
        )
        sides = [srp.ClientSide.generate(os.urandom(35), self.power) for _ in self.callers]

        def create(caller: Caller) -> Work:
            return lambda: caller.call(
                "AdminCreateUser",
                signed=True,
                UserPoolId=self.pool_id,
                Username=f"new{next(names)}",
                TemporaryPassword=PASSWORD,
                MessageAction="SUPPRESS",
            )

        def listing(caller: Caller, **given: Callable[[], str]) -> Work:
            return lambda: caller.call(
                "ListUsers",
                signed=True,
                UserPoolId=self.pool_id,
                **{name: value() for name, value in given.items()},
            )

        def each(make: Callable[[int, Caller], Work]) -> list[Work]:
            return [make(number, caller) for number, caller in enumerate(self.callers)]

        return {
            "sign-in by SRP": each(lambda n, c: lambda: self.by_srp(c, n, sides[n])),
            "sign-in by password": each(lambda n, c: lambda: self.by_password(c, n)),
            "refresh": each(
                lambda n, c: (
                    lambda: c.call(
                        "GetTokensFromRefreshToken",
                        ClientId=self.client_id,
                        RefreshToken=self.signed_in[n]["RefreshToken"],
                    )
                )
            ),
            "GetUser": each(
                lambda n, c: lambda: c.call("GetUser", AccessToken=self.signed_in[n]["AccessToken"])
            ),
            "AdminGetUser": each(
                lambda n, c: (
                    lambda: c.call("AdminGetUser", signed=True, UserPoolId=self.pool_id, Username=next(users))
                )
            ),
            "AdminCreateUser": each(lambda n, c: create(c)),
            "ListUsers, a page of 60": each(
                lambda n, c: listing(c, PaginationToken=functools.partial(next, pages))
            ),
            "ListUsers, by e-mail": each(lambda n, c: listing(c, Filter=functools.partial(next, mails))),
        }

    def page_tokens(self) -> list[str]:
        """Where pages begin, from the first on."""
        tokens: list[str] = []
        given: dict[str, str] = {}
        while len(tokens) < 50:
            page = self.callers[0].call("ListUsers", signed=True, UserPoolId=self.pool_id, **given)
            if "PaginationToken" not in page:
                break
            tokens.append(page["PaginationToken"])
            given = {"PaginationToken": tokens[-1]}
        return tokens


def user_id(number: int) -> str:
    """The `sub` of a user that fills the pool."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))


def fill(world: World) -> None:
    """Put the users in who do nothing."""
    database = f"sqlite:///{world.database}"
    with Service.open(database, keys=KeySet(sealing=(world.sealing,))) as service:

        def add(numbers: range) -> Callable[[Writer], None]:
            def work(writer: Writer) -> None:
                for number in numbers:
                    user = idle_user(world.pool_id, number)
                    mail = user.attributes["email"]
                    names = [
                        LoginName(user.pool_id, user.username, NameKind.USERNAME, user.sub),
                        LoginName(user.pool_id, mail, NameKind.EMAIL, user.sub),
                    ]
                    writer.add_user(user, names)

            return work

        for first in range(0, world.users, 5_000):
            service.context.store.write(add(range(first, min(first + 5_000, world.users))))


def idle_user(pool_id: str, number: int) -> User:
    """A user as a sign-up leaves it."""
    sub, mail = user_id(number), f"user{number}@example.com"
    attributes = {"sub": sub, "email": mail, "email_verified": "true", "name": f"Name {number % 1000}"}
    password = PasswordRecord(os.urandom(16), os.urandom(412), 1.0)
    return User(pool_id, sub, f"user{number}", UserStatus.CONFIRMED, True, attributes, 1.0, 1.0, password)


def arithmetic(world: World) -> dict[str, tuple[Work, int]]:
    """What sign-ins and refreshes compute, and nothing else; with a number of times for a steady figure."""
    facts: dict[str, Any] = {"pool_name": "aB12cDe34", "user_id": "ada"}
    salt = int.from_bytes(os.urandom(16))
    verifier = srp.verifier(**facts, password=PASSWORD, salt=salt, power=world.power)
    client = srp.ClientSide.generate(os.urandom(35), world.power)
    block, signature = os.urandom(700), base64.b64encode(bytes(32)).decode()
    key = SigningKey.generate()
    claims = {"sub": user_id(0), "text": "x" * 600}

    def tokens() -> None:
        key.sign(claims)
        key.sign(claims)

    def sign_in() -> None:
        side = srp.ServerSide.generate(verifier, os.urandom(srp.SECRET_BYTES), world.power)
        side.verify(
            client.public,
            **facts,
            secret_block=block,
            timestamp="Sun Nov 1 03:04:05 UTC 2026",
            signature_b64=signature,
            power=world.power,
        )
        tokens()

    def password() -> None:
        srp.check_password(verifier, **facts, password=PASSWORD, salt=salt, power=world.power)
        tokens()

    return {
        "sign-in by SRP": (sign_in, 40),
        "sign-in by password": (password, 60),
        "refresh": (tokens, 100),
    }


def floor_server(world: World, url: str) -> Server:
    """The same HTTP server over a copy of the database, doing the least."""
    token = world.signed_in[0]["AccessToken"]
    with urllib.request.urlopen(f"{url}/{world.pool_id}/.well-known/jwks.json") as answer:
        published = json.load(answer)["keys"]
    head = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    key_file = world.folder / "key.pem"
    key_file.write_bytes(pem_of(next(key for key in published if key["kid"] == head["kid"])))
    copy = world.folder / "floor.db"
    with sqlite3.connect(world.database) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    script = Path(__file__).with_name("_floor.py")
    return Server([str(script), str(copy), world.pool_id, str(key_file)], world.folder)


def pem_of(jwk: dict[str, str]) -> bytes:
    """A published RSA key as PEM."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    n, e = (int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "==")) for name in ("n", "e"))
    key = RSAPublicNumbers(e, n).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def floor_works(world: World, url: str) -> dict[str, list[Work]]:
    """The callers' work at the floor's server, by the name of the line that it belongs to."""
    names = itertools.count()
    token = json.dumps({"AccessToken": world.signed_in[0]["AccessToken"]}).encode()
    subs = itertools.cycle([user_id(number) for number in range(0, world.users, 7)])
    callers = [Caller(url) for _ in range(CALLERS)]

    def create(caller: Caller) -> Work:
        return lambda: caller.post(
            "/create_user",
            json.dumps({"Username": f"new{next(names)}", "TemporaryPassword": PASSWORD}).encode(),
        )

    def page(caller: Caller) -> Work:
        return lambda: caller.post("/list_users", json.dumps({"after": next(subs)}).encode())

    return {
        "nothing": [functools.partial(caller.post, "/nothing", b"{}") for caller in callers],
        "GetUser": [functools.partial(caller.post, "/get_user", token) for caller in callers],
        "AdminCreateUser": [create(caller) for caller in callers],
        "ListUsers, a page of 60": [page(caller) for caller in callers],
    }


def middle(runs: list[Measured]) -> tuple[float, float, float]:
    """Medians of calls a second, of the server's seconds a call, and how busy the callers' core was."""
    return (
        statistics.median(run.rate for run in runs),
        statistics.median(run.cost for run in runs),
        statistics.median(run.own_cpu / run.wall for run in runs),
    )


def main(seconds: float, rounds: int, users: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), users)
        with world.serve() as first:
            world.settle(first)
        starts = []
        for _ in range(5):
            with world.serve() as service:
                starts.append(service.started_in)
        print(f"{users:,} users, {CALLERS} callers, {rounds} rounds of {seconds:g} s")
        with world.serve() as service:
            idle = service.memory()
            world.callers = [Caller(service.url, ADMIN) for _ in range(CALLERS)]
            with floor_server(world, service.url) as floor:
                floor_idle = floor.memory()
                measure(world, service, floor, seconds, rounds)
            print(f"\nStart to the first answer  {statistics.median(starts):8.2f} s")
            print(f"Memory when idle           {idle:8.1f} MiB (the floor's server {floor_idle:.1f})")
            print(f"Memory after all of this   {service.memory():8.1f} MiB")


def measure(world: World, service: Server, floor: Server, seconds: float, rounds: int) -> None:
    """Measure every line and its floor in turn, and print the table."""
    works, sums = world.works(), arithmetic(world)
    floors = floor_works(world, floor.url)
    for line in works.values():
        drive(service, line, 0.3)
    for line in floors.values():
        drive(floor, line, 0.3)
    ours: dict[str, list[Measured]] = {name: [] for name in works}
    theirs: dict[str, list[Measured]] = {name: [] for name in floors}
    bare: dict[str, list[float]] = {name: [] for name in sums}
    for _ in range(rounds):
        theirs["nothing"].append(drive(floor, floors["nothing"], seconds))
        for name, line in works.items():
            if name in sums:
                bare[name].append(on_server_core(*sums[name]))
            elif name in floors:
                theirs[name].append(drive(floor, floors[name], seconds))
            ours[name].append(drive(service, line, seconds))
    alone, http, http_busy = middle(theirs["nothing"])
    titles = f"{'calls/s':>9}{'CPU':>11}{'floor':>11}{'share':>8}{'with HTTP':>11}{'callers':>9}"
    print(f"\n  {'':26}{titles}")
    for name, runs in ours.items():
        rate, cost, busy = middle(runs)
        text = f"  {name:26}{rate:9.0f}{cost * 1e6:8.0f} us"
        if name in bare:
            least = statistics.median(bare[name])
            requests = 2 if name == "sign-in by SRP" else 1
            text += f"{least * 1e6:8.0f} us{least / cost:8.2f}{(least + requests * http) / cost:11.2f}"
        elif name in theirs:
            _, least, _ = middle(theirs[name])
            text += f"{least * 1e6:8.0f} us{'':8}{least / cost:11.2f}"
        else:
            text += f"{'':30}"
        print(f"{text}{busy:9.0%}")
    print(f"  {'the HTTP server alone':26}{alone:9.0f}{http * 1e6:8.0f} us{'':30}{http_busy:9.0%}")
    for name in ("GetUser", "AdminCreateUser", "ListUsers, a page of 60"):
        rate, cost, busy = middle(theirs[name])
        print(f"  {f'floor of {name}':26}{rate:9.0f}{cost * 1e6:8.0f} us{'':30}{busy:9.0%}")


if __name__ == "__main__":
    if not sys.platform.startswith("linux"):
        raise SystemExit("This measurement needs Linux: it reads /proc and sets processor affinity.")
    main(
        float(sys.argv[1]) if len(sys.argv) > 1 else 3.0,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
        int(sys.argv[3].replace(",", "")) if len(sys.argv) > 3 else 10_000,
    )
