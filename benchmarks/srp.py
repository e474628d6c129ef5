"""SRP arithmetic beside the powers that it cannot avoid, and beside pycognito where that is installed.

python benchmarks/srp.py [ROUNDS]

Every line is CPU time and its ratio to the yardstick of its group, all measured in turn in this one process.
The last group is wall-clock time: how long an event loop stood still while sign-ins ran in a worker thread.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from userpool.crypto.powers import Powers, gmpy2_installed, power
from userpool.protocol import srp

N = srp.N
FACTS: dict[str, Any] = {"pool_name": "aB12cDe34", "user_id": "ada", "password": "Correct-horse-7"}
SALT = int.from_bytes(secrets.token_bytes(16))
BLOCK = secrets.token_bytes(64)
TIMESTAMP = "Sun Nov 1 03:04:05 UTC 2026"
VERIFIER = srp.verifier(**FACTS, salt=SALT)
SERVER = srp.ServerSide.generate(VERIFIER, secrets.token_bytes(srp.SECRET_BYTES))


def measure(title: str, works: dict[str, Callable[[], object]], rounds: int) -> None:
    """Time each work in turn, `rounds` times, and print medians; the first is the yardstick."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            work()
            times[name].append(time.process_time() - start)
    yardstick = statistics.median(next(iter(times.values())))
    print(f"\n{title}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"  {name:58}{median * 1e3:9.2f} ms{median / yardstick:8.2f}")


def client_sign_in(arithmetic: Powers) -> None:
    client = srp.ClientSide.generate(secrets.token_bytes(srp.SECRET_BYTES), arithmetic)
    client.prove(
        **FACTS,
        salt_hex=f"{SALT:x}",
        b_hex=SERVER.public,
        secret_block_b64=base64.b64encode(BLOCK).decode(),
        timestamp=TIMESTAMP,
        power=arithmetic,
    )


def server_sign_in(arithmetic: Powers) -> None:
    server = srp.ServerSide.generate(VERIFIER, secrets.token_bytes(srp.SECRET_BYTES), arithmetic)
    server.verify(
        f"{SERVER.number:x}",  # any number of the group serves as a client's
        pool_name="aB12cDe34",
        user_id="ada",
        secret_block=BLOCK,
        timestamp=TIMESTAMP,
        signature_b64=base64.b64encode(bytes(32)).decode(),
        power=arithmetic,
    )


def bare(function: Callable[[int, int, int], Any], *bits: int, base: int = 0) -> Callable[[], None]:
    """The powers themselves: as many, with exponents of these lengths."""
    draws = [(base or secrets.randbelow(N), secrets.randbits(size) | 1 << (size - 1)) for size in bits]

    def work() -> None:
        for number, exponent in draws:
            function(number, exponent, N)

    return work


def pycognito_sign_in() -> Callable[[], object] | None:
    try:
        aws_srp = importlib.import_module("pycognito.aws_srp")
    except ImportError:
        return None
    challenge = {
        "USERNAME": "ada",
        "USER_ID_FOR_SRP": "ada",
        "SALT": f"{SALT:x}",
        "SRP_B": SERVER.public,
        "SECRET_BLOCK": base64.b64encode(BLOCK).decode(),
    }

    def work() -> None:
        helper = aws_srp.AWSSRP("ada", FACTS["password"], "us-east-1_aB12cDe34", "client", client=object())
        helper.process_challenge(challenge, {"USERNAME": "ada"})

    return work


async def longest_stall(arithmetic: Powers, sign_ins: int) -> float:
    """Seconds that an event loop stood still at worst while a thread signed in so often."""

    def work() -> None:
        for _ in range(sign_ins):
            client_sign_in(arithmetic)

    worst = 0.0
    async with asyncio.TaskGroup() as group:
        working = group.create_task(asyncio.to_thread(work))
        while not working.done():
            before = time.perf_counter()
            await asyncio.sleep(0)
            worst = max(worst, time.perf_counter() - before)
    return worst


def main(rounds: int) -> None:
    python = power("python")
    fast = power("gmpy2") if gmpy2_installed() else None
    for arithmetic in filter(None, (python, fast)):
        for _ in range(4):
            client_sign_in(arithmetic)  # the table of the generator is made now

    works: dict[str, Callable[[], object]] = {
        "yardstick: its three powers, pow (280, 256, 513 bits)": bare(pow, 280, 256, 513),
        "userpool with pow, first sign-in of a process": lambda: client_sign_in(power("python")),
        "userpool with pow, later ones": lambda: client_sign_in(python),
    }
    if (peer := pycognito_sign_in()) is not None:
        works["pycognito (1024-bit exponent)"] = peer
    else:
        print("pycognito is not installed here, so it is not measured: pip install pycognito")
    measure("One client sign-in, built-in pow", works, rounds)

    if fast is None:
        print("gmpy2 is not installed here, so it is not measured: pip install 'userpool[fast]'")
        return
    gmpy2: Any = importlib.import_module("gmpy2")
    measure(
        "One client sign-in, gmpy2",
        {
            "yardstick: its three powers, powmod_sec (280, 256, 513 bits)": bare(
                gmpy2.powmod_sec, 280, 256, 513
            ),
            "the same, powmod (not constant-time)": bare(gmpy2.powmod, 280, 256, 513),
            "userpool with gmpy2, first of a process, gmpy2 loaded": lambda: client_sign_in(power("gmpy2")),
            "userpool with gmpy2, later ones": lambda: client_sign_in(fast),
        },
        rounds,
    )
    measure(
        "One sign-in at the service, gmpy2",
        {
            "yardstick: its three powers, powmod_sec (280, 256, 280 bits)": bare(
                gmpy2.powmod_sec, 280, 256, 280
            ),
            "userpool": lambda: server_sign_in(fast),
        },
        rounds,
    )
    measure(
        "One clear-password check or new verifier, gmpy2",
        {
            "yardstick: the power, powmod_sec (256 bits)": bare(gmpy2.powmod_sec, 256, base=srp.G),
            "the power, powmod (not constant-time)": bare(gmpy2.powmod, 256, base=srp.G),
            "userpool": lambda: srp.verifier(**FACTS, salt=SALT, power=fast),
        },
        rounds,
    )
    print("\nLongest stall of an event loop, 20 sign-ins in a worker thread (goal with gmpy2: 5 ms)")
    for arithmetic in (python, fast):
        stalls = [asyncio.run(longest_stall(arithmetic, 20)) for _ in range(3)]
        print(f"  {arithmetic.info.name:58}{statistics.median(stalls) * 1e3:9.2f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
