"""`userpool serve` beside moto, ministack and cognito-local: start-up, memory and common calls, in one run.

python benchmarks/emulators.py [ROUNDS] [USERS …]

boto3 calls each of them over the loopback, one call at a time; the servers take turns, medians of ROUNDS
(default 20) in milliseconds by the wall clock, the caller's own time among them, at each number of USERS
(default 100 and 10000). `-` is what a server refuses or gets wrong. Ours checks the signature of
administrators' calls, proves SRP against a verifier and syncs every write to the disk; what the others leave
out is not in their figures. The client's arithmetic is in those of SRP. A server that is not filled within
five minutes is measured no further.

Servers that are not installed are left out: `make interop-setup` installs them. Linux only: it reads /proc.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.interop import foreign
from tests.interop.pools import FLOWS, PASSWORD, boto_client
from tests.interop.running import our_service
from userpool import MemoryStorage, SignedIn, UserPool
from userpool.protocol.errors import UserPoolError

FILL_SECONDS = 300.0
REFUSED = (BotoCoreError, ClientError, LookupError, UserPoolError)
Start = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def ours(folder: Path) -> Iterator[str]:
    """`userpool serve` over a file, as for development."""
    with our_service(folder, "--development") as url:
        yield url


SERVERS: dict[str, Start] = {
    "userpool": ours,
    "moto": foreign.moto,
    "ministack": foreign.ministack,
    "cognito-local": foreign.cognito_local,
}


@dataclass
class Server:
    """One of them, with a pool, a client and a user who is signed in."""

    url: str
    boto: Any
    pool_id: str
    client_id: str
    name: str
    tokens: dict[str, str] = field(repr=False)
    srp: UserPool = field(repr=False)
    started_in: float
    process: int
    users: int = 1

    def memory(self) -> float:
        """MiB that the process and its children hold."""
        return sum(map(resident, family(self.process)))

    def fill(self, users: int) -> bool:
        """Make users until there are so many; whether that was done in time."""
        ends = time.monotonic() + FILL_SECONDS
        while self.users < users and time.monotonic() < ends:
            self.create()
        return self.users >= users

    def create(self) -> object:
        """A new user, whose e-mail address tells the number."""
        self.users += 1
        address = f"user{self.users}@example.com"
        return self.boto.admin_create_user(
            UserPoolId=self.pool_id,
            Username=address,
            MessageAction="SUPPRESS",
            TemporaryPassword=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": address}],
        )

    def initiate(self, flow: str, **parameters: str) -> Any:
        """InitiateAuth."""
        return self.boto.initiate_auth(ClientId=self.client_id, AuthFlow=flow, AuthParameters=parameters)

    def by_srp(self) -> object:
        """A sign-in by our client, which checks no tokens here: the issuers differ."""
        step = self.srp.sign_in(self.name, PASSWORD)
        if not isinstance(step, SignedIn):
            raise LookupError(f"asked for more: {type(step).__name__}")
        return step

    def by_email(self) -> object:
        """ListUsers with a filter that one user passes."""
        wanted = f'email = "user{self.users}@example.com"'
        found = self.boto.list_users(UserPoolId=self.pool_id, Filter=wanted)["Users"]
        if len(found) != 1:
            raise LookupError(f"{len(found)} users pass a filter that one should")
        return found

    def works(self) -> dict[str, Callable[[], object]]:
        """What is measured, by name."""
        return {
            "AdminCreateUser": self.create,
            "sign-in by password": lambda: self.initiate(
                "USER_PASSWORD_AUTH", USERNAME=self.name, PASSWORD=PASSWORD
            ),
            "sign-in by SRP": self.by_srp,
            "GetUser": lambda: self.boto.get_user(AccessToken=self.tokens["AccessToken"]),
            "refresh": lambda: self.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=self.tokens["RefreshToken"]),
            "ListUsers, a page of 60": lambda: self.boto.list_users(UserPoolId=self.pool_id, Limit=60),
            "ListUsers by e-mail address": self.by_email,
        }


def family(process: int) -> list[int]:
    """A process and all that it started."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(one for child in children for one in family(int(child)))]


def resident(process: int) -> float:
    """MiB that a process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def started(stack: ExitStack, start: Start) -> Server | None:
    """Start a server and make a pool with a user in it; nothing where it is not installed."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    before, began = set(family(os.getpid())), time.perf_counter()
    try:
        url = stack.enter_context(start(folder))
    except pytest.skip.Exception as missing:
        print(f"  {missing}")
        return None
    took = time.perf_counter() - began
    process = min(set(family(os.getpid())) - before)
    boto = boto_client(url)
    stack.callback(boto.close)
    pool_id = boto.create_user_pool(PoolName="bench", UsernameAttributes=["email"])["UserPool"]["Id"]
    client = boto.create_user_pool_client(UserPoolId=pool_id, ClientName="bench", ExplicitAuthFlows=FLOWS)
    client_id, name = client["UserPoolClient"]["ClientId"], "user1@example.com"
    address = [{"Name": "email", "Value": name}]
    boto.admin_create_user(
        UserPoolId=pool_id, Username=name, MessageAction="SUPPRESS", UserAttributes=address
    )
    boto.admin_set_user_password(UserPoolId=pool_id, Username=name, Password=PASSWORD, Permanent=True)
    srp = stack.enter_context(
        UserPool(pool_id, client_id, endpoint=url, storage=MemoryStorage(), verify_tokens=False)
    )
    server = Server(url, boto, pool_id, client_id, name, {}, srp, took, process)
    signed_in = server.initiate("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=PASSWORD)
    server.tokens |= signed_in["AuthenticationResult"]
    return server


def timed(work: Callable[[], object]) -> float | None:
    """Milliseconds of a call; nothing where it was refused."""
    began = time.perf_counter()
    try:
        work()
    except REFUSED:
        return None
    return (time.perf_counter() - began) * 1e3


def line(title: str, figures: Iterable[float | None]) -> None:
    """A line of the table."""
    columns = "".join(f"{'-':>15}" if one is None else f"{one:15.1f}" for one in figures)
    print(f"  {title:32}{columns}")


def measure(servers: dict[str, Server], users: int, rounds: int) -> None:
    """Fill every server and print a table."""
    filled = {name: server.fill(users) for name, server in servers.items()}
    title = f"{users:,} users, ms"
    print(f"\n  {title:32}" + "".join(f"{name:>15}" for name in servers))
    works = {name: server.works() for name, server in servers.items()}
    for title in next(iter(works.values())):
        times: dict[str, list[float | None]] = {name: [] for name in servers}
        for number in range(rounds + 1):
            for name in servers:
                took = timed(works[name][title]) if filled[name] and None not in times[name] else None
                if number or took is None:
                    times[name].append(took)
        known = [[one for one in values if one is not None] for values in times.values()]
        line(title, (statistics.median(one) if len(one) == rounds else None for one in known))
    line("memory, MiB", (server.memory() if filled[name] else None for name, server in servers.items()))
    for name, done in filled.items():
        if not done:
            print(f"  {name} had {servers[name].users:,} users after {FILL_SECONDS:.0f} s")


def main(rounds: int, sizes: list[int]) -> None:
    """Start all, and measure at each size."""
    with ExitStack() as stack:
        servers = {}
        for name, start in SERVERS.items():
            server = started(stack, start)
            if server is not None:
                servers[name] = server
        print(" " * 34 + "".join(f"{name:>15}" for name in servers))
        line("from start to first answer, ms", (server.started_in * 1e3 for server in servers.values()))
        line("memory, MiB", (server.memory() for server in servers.values()))
        for users in sizes:
            measure(servers, users, rounds)


if __name__ == "__main__":
    given = [int(argument.replace(",", "")) for argument in sys.argv[1:]]
    main(given[0] if given else 20, sorted(given[1:]) or [100, 10_000])
