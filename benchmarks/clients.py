"""A whole sign-in, from the name and the password to tokens, beside pycognito and amazon-cognito-identity-js,
all against one `userpool serve`.

python benchmarks/clients.py [ROUNDS]

Wall-clock time of one SRP sign-in in a process that has done one before; the clients take turns, medians of
ROUNDS (default 15). The service's share, which is the same for all, is in it. The yardstick is userpool with
what it finds installed. pycognito verifies the tokens that it gets. A client that is not installed here is
not measured: `make interop-setup` installs the one for Node.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.interop.javascript import Node
from tests.interop.pools import PASSWORD, Pool, boto_client, make_pool
from tests.interop.running import NODE_PROJECT, free_port, our_service, program
from tools.interop_setup import find_node
from userpool import MemoryStorage, SignedIn, UserPool
from userpool.crypto.powers import gmpy2_installed
from userpool.protocol.errors import MissingExtra
from userpool.transports.reqwest import ReqwestTransport

SignIn = Callable[[], object]


def ours(pool: Pool, user: str, **options: Any) -> SignIn:
    """A sign-in by this client."""
    client = UserPool(
        pool.id,
        pool.client_id,
        endpoint=pool.endpoint,
        issuer=f"{pool.endpoint}/{pool.id}",
        storage=MemoryStorage(),
        **options,
    )

    def sign_in() -> None:
        step = client.sign_in(user, PASSWORD)
        if not isinstance(step, SignedIn):
            raise SystemExit(f"userpool was asked for more: {type(step).__name__}")

    return sign_in


def pycognito(pool: Pool, user: str) -> SignIn | None:
    """A sign-in by pycognito; nothing where it is not installed."""
    try:
        library: Any = importlib.import_module("pycognito")
    except ImportError:
        return None
    cognito = library.Cognito(
        pool.id,
        pool.client_id,
        username=user,
        access_key="test",
        secret_key="test",
        boto3_client_kwargs={"endpoint_url": pool.endpoint},
    )
    return lambda: cognito.authenticate(PASSWORD)


def javascript(node: Node, pool: Pool, user: str) -> SignIn:
    """A sign-in by amazon-cognito-identity-js; a pipe to Node is in its time."""
    there = node.pool(pool.endpoint + "/", pool.id, pool.client_id).user(user)
    return lambda: there.sign_in(user, PASSWORD).value


@contextmanager
def node_driver(folder: Path) -> Iterator[Node | None]:
    """Node with the library; nothing where either is missing."""
    node = find_node()
    if not node or not (NODE_PROJECT / "node_modules" / "amazon-cognito-identity-js").exists():
        yield None
        return
    with program([node, NODE_PROJECT / "driver.js"], folder, pipes=True) as running:
        yield Node(running)


def clients(pool: Pool, user: str, node: Node | None) -> dict[str, SignIn]:
    """Every client that is there, the yardstick first."""
    powers = "gmpy2" if gmpy2_installed() else "the built-in pow"
    found: dict[str, SignIn] = {f"userpool, httpx2, {powers}": ours(pool, user)}
    try:
        found[f"userpool, pyreqwest, {powers}"] = ours(pool, user, transport=ReqwestTransport())
    except MissingExtra:
        print("  pyreqwest is not installed here, so it is not measured")
    peers = {
        "pycognito": pycognito(pool, user),
        "amazon-cognito-identity-js on Node": javascript(node, pool, user) if node else None,
    }
    for name, sign_in in peers.items():
        if sign_in is None:
            print(f"  {name} is not installed here, so it is not measured")
        else:
            found[name] = sign_in
    return found


def measure(works: dict[str, SignIn], rounds: int) -> None:
    """Let each sign in once to warm up and then in turn; print medians and ratios to the first."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if number:
                times[name].append(time.perf_counter() - started)
    yardstick = statistics.median(next(iter(times.values())))
    for name, values in times.items():
        median = statistics.median(values)
        print(f"  {name:44}{median * 1e3:9.1f} ms{median / yardstick:8.2f}")


def main(rounds: int) -> None:
    """Start the service and Node, and measure."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(our_service(folder, "--development", "--port", str(port), "--issuer", url))
        node = stack.enter_context(node_driver(folder))
        boto = boto_client(url)
        stack.callback(boto.close)
        pool = make_pool(boto)
        print("One sign-in by SRP, end to end: time, and ratio to the first")
        measure(clients(pool, pool.user(), node), rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
