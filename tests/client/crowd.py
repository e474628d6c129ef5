"""A crowd on one store: a service on a port of this machine that rotates refresh tokens and fails now and
then, and the programs, processes of their own, whose threads and tasks call it.

    python -m tests.client.crowd KIND STORAGE FOLDER PORT
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import socket
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.client.rotating import Rotating
from tests.flows.stage import CLIENT, POOL
from userpool import AsyncUser, AsyncUserPool, SignedOutError, Storage, User, UserPool, errors
from userpool.protocol.http import Request, Response
from userpool.testing.scripted import refusal

ROOT: Final = Path(__file__).parents[2]
KEY: Final = b"k" * 32
WAIT: Final = 60.0
"""Seconds after which something hangs; a loaded machine is slow."""


class Failing(Rotating):
    """A service that answers with 500 and 429, too late, or not at all, so many times in a round. An answer
    that got lost leaves the token that was spent for it good (a grace period); one that arrived does not.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.guard = threading.Lock()
        self.dice = random.Random(seed)
        self.faults_left = 0
        self.seen: Counter[str] = Counter()
        self.delivered: list[str] = []

    def reply(self, request: Request) -> Response | None:
        """Answer one request; `None` where the line is cut."""
        refreshes = request.headers["x-amz-target"].endswith("GetTokensFromRefreshToken")
        with self.guard:
            fault = self._fault(refreshes)
            self.seen[fault] += 1
            match fault:
                case "500":
                    return refusal("InternalErrorException", status=500)
                case "429":
                    return refusal("TooManyRequestsException", "Rate exceeded", status=429)
                case "late":
                    return Response(0)
                case "cut":
                    return None
            response = self.handle(request)
            body = json.loads(request.body)
            if fault == "lost":
                self.alive.add(body.get("RefreshToken", ""))
                self.refreshes -= refreshes
                return None
            if refreshes and response.status == 200:
                self.delivered.append(json.loads(response.body)["AuthenticationResult"]["RefreshToken"])
            return response

    def _fault(self, refreshes: bool) -> str:
        if not self.faults_left or self.dice.random() > (0.7 if refreshes else 0.1):
            return "none"
        self.faults_left -= 1
        return self.dice.choice(["500", "429", "late", "cut", "lost"])

    @contextmanager
    def on_a_port(self) -> Iterator[int]:
        """Serve on this machine; a request and its response are a line each."""
        service = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked = json.loads(self.rfile.readline())
                request = Request("POST", "/", asked["headers"], asked["body"].encode())
                response = service.reply(request)
                if response is not None:
                    told = [response.status, dict(response.headers), response.body.decode()]
                    self.wfile.write(json.dumps(told).encode() + b"\n")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 128

        with Server(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield server.server_address[1]
            finally:
                server.shutdown()
                thread.join()


class Program:
    """One of the programs, in a process of its own."""

    def __init__(self, kind: str, storage: str, folder: Path, port: int) -> None:
        command = [sys.executable, "-m", "tests.client.crowd", kind, storage, str(folder), str(port)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        # Whoever hangs is ended, and then says nothing.
        self.watchdog = threading.Timer(2 * WAIT, self.process.kill)
        self.watchdog.start()

    def begin(self, now: float, passed: float, calls: int) -> None:
        """Let it make so many calls, at this time."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([now, passed, calls]) + "\n")
        self.process.stdin.flush()

    def end(self) -> dict[str, Any]:
        """How the calls went."""
        assert self.process.stdout is not None
        told: dict[str, Any] = json.loads(self.process.stdout.readline() or "{}")
        return told

    def close(self) -> int:
        """Let it end; its exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.watchdog.cancel()
        try:
            return self.process.wait(WAIT)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


def storage_at(kind: str, folder: str) -> Storage:
    """One of the storages that have files."""
    from userpool import FileStorage, KeyringStorage, SealedStorage

    if kind == "file":
        return FileStorage(folder)
    if kind == "sealed":
        return SealedStorage(FileStorage(folder), KEY)
    import keyring

    vars(keyring)["get_password"] = lambda *entry: base64.b64encode(KEY).decode()
    return KeyringStorage(folder)


class Wire:
    """Both transports to the service, a connection for each request."""

    def __init__(self, port: int) -> None:
        self.port = port

    def send(self, request: Request, *, timeout: float) -> Response:
        with socket.create_connection(("127.0.0.1", self.port), WAIT) as line:
            line.sendall(_packed(request))
            with line.makefile("rb") as answer:
                return _unpacked(answer.readline())

    async def asend(self, request: Request, *, timeout: float) -> Response:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        try:
            writer.write(_packed(request))
            return _unpacked(await reader.readline())
        finally:
            writer.close()

    def close(self) -> None:
        """Nothing to close."""

    async def aclose(self) -> None:
        """Nothing to close."""


def _packed(request: Request) -> bytes:
    return json.dumps({"headers": dict(request.headers), "body": request.body.decode()}).encode() + b"\n"


def _unpacked(line: bytes) -> Response:
    if not line:
        raise errors.TransportError("The connection was cut.", sent="maybe")
    status, headers, body = json.loads(line)
    if status == 0:
        raise errors.TransportError("No answer came in time.", sent="maybe")
    return Response(status, headers, body.encode())


class Clock:
    """The time of the round."""

    now = 0.0
    passed = 0.0


async def _no_sleep(seconds: float) -> None:
    await asyncio.sleep(0)


def outcome(error: Exception | None, tally: Counter[str]) -> None:
    """Count how a call ended."""
    if error is None:
        tally["ok"] += 1
    elif isinstance(error, SignedOutError):
        tally["out"] += 1
    else:
        tally[type(error).__name__] += 1


def work(user: User, calls: int) -> tuple[Counter[str], str]:
    """Make so many calls, then one that succeeds; how they ended, and the token at the end."""
    tally: Counter[str] = Counter()
    for number in range(calls):
        try:
            _ = user.get_user() if number % 8 == 0 else user.access_token()
        except errors.UserPoolError as error:
            outcome(error, tally)
        else:
            outcome(None, tally)
    while True:
        try:
            return tally, user.access_token()
        except SignedOutError:
            return tally + Counter(out=1), ""
        except errors.UserPoolError as error:
            outcome(error, tally)


async def awork(user: AsyncUser, calls: int) -> tuple[Counter[str], str]:
    """The same for tasks."""
    tally: Counter[str] = Counter()
    for number in range(calls):
        try:
            _ = await user.get_user() if number % 8 == 0 else await user.access_token()
        except errors.UserPoolError as error:
            outcome(error, tally)
        else:
            outcome(None, tally)
        await asyncio.sleep(0)
    while True:
        try:
            return tally, await user.access_token()
        except SignedOutError:
            return tally + Counter(out=1), ""
        except errors.UserPoolError as error:
            outcome(error, tally)


def told(results: list[tuple[Counter[str], str]]) -> dict[str, Any]:
    """What a program says of a round."""
    tally: Counter[str] = Counter()
    for one, _ in results:
        tally += one
    return {"tally": dict(tally), "tokens": sorted({token for _, token in results})}


def rounds() -> Iterator[int]:
    """The numbers of calls that are asked for, each with its time."""
    for line in sys.stdin:
        Clock.now, Clock.passed, calls = json.loads(line)
        yield calls


def by_threads(storage: Storage, port: int, pools: int, threads: int) -> None:
    """A program with threads that share the users of so many pools."""
    users: list[User] = []
    for _ in range(pools):
        pool = UserPool(
            POOL,
            CLIENT,
            transport=Wire(port),
            verify_tokens=False,
            storage=storage,
            clock=lambda: Clock.now,
        )
        world = pool._connection.world
        pool._connection.world = replace(world, monotonic=lambda: Clock.passed, sleep=lambda seconds: None)
        user = pool.current_user()
        assert user is not None
        users.append(user)
    with ThreadPoolExecutor(threads) as crowd:
        for calls in rounds():
            asked = [crowd.submit(work, users[number % pools], calls // threads) for number in range(threads)]
            print(json.dumps(told([future.result() for future in asked])), flush=True)


async def by_tasks(storage: Storage, port: int, tasks: int) -> None:
    """A program with tasks that share a user."""
    pool = AsyncUserPool(
        POOL, CLIENT, transport=Wire(port), verify_tokens=False, storage=storage, clock=lambda: Clock.now
    )
    world = pool._connection.world
    pool._connection.world = replace(world, monotonic=lambda: Clock.passed, sleep=_no_sleep)
    user = await pool.current_user()
    assert user is not None
    given = rounds()
    while (calls := await asyncio.to_thread(next, given, None)) is not None:
        results = await asyncio.gather(*(awork(user, calls // tasks) for _ in range(tasks)))
        print(json.dumps(told(list(results))), flush=True)


def main(kind: str, storage: str, folder: str, port: str) -> None:
    """One program."""
    kept = storage_at(storage, folder)
    if kind == "tasks":
        asyncio.run(by_tasks(kept, int(port), 16))
    else:
        by_threads(kept, int(port), 2 if kind == "two pools" else 1, 8)


if __name__ == "__main__":
    main(*sys.argv[1:])
