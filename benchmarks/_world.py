"""What `service.py` measures with: a database with users, servers on one core, callers on the other."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from userpool.protocol import sigv4
from userpool.protocol.http import Request
from userpool.protocol.sigv4 import Credentials
from userpool.protocol.wire import CONTENT_TYPE

START_SECONDS = 60.0
TARGET = "AWSCognitoIdentityProviderService."
REGION = "us-east-1"
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def cores() -> tuple[set[int], set[int]]:
    """The core of the servers and those of the callers; the same one where there is only one."""
    there = sorted(os.sched_getaffinity(0))
    return {there[0]}, set(there[1:]) or {there[0]}


@contextlib.contextmanager
def on_cores(wanted: set[int]) -> Iterator[None]:
    """Keep this thread, and what it starts, on some cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """A program on the servers' core that prints its URL when it answers.

    Args:
        command: what to run, after the interpreter.
        folder: where it runs.
        environment: variables to set.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, environment: dict[str, str] | None = None
    ) -> None:
        started = time.perf_counter()
        with on_cores(cores()[0]):
            self._process = subprocess.Popen(
                [sys.executable, *command],
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdout=subprocess.PIPE,
                text=True,
            )
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        line = self._process.stdout.readline() if self._process.stdout else ""
        timer.cancel()
        if not line:
            raise SystemExit(f"{command[0]} did not start")
        self.started_in = time.perf_counter() - started
        self.url = line.strip()

    def cpu(self) -> float:
        """Seconds of processor time so far, all threads."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """MiB that it holds (resident)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


class Caller:
    """One connection that is kept open: as little client as can be."""

    def __init__(self, url: str, credentials: Credentials | None = None) -> None:
        parts = urlsplit(url)
        self._url, self._host = url, parts.netloc
        self._credentials = credentials
        self._socket = socket.create_connection((parts.hostname, parts.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def post(self, path: str, body: bytes, headers: str = "") -> bytes:
        """Send a body, and give the body that came back; anything but 200 ends the measurement."""
        head = f"POST {path} HTTP/1.1\r\nhost: {self._host}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        self._socket.sendall(head.encode() + body)
        while b"\r\n\r\n" not in self._rest:
            self._read()
        answer, _, self._rest = self._rest.partition(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].split()[0])
        while len(self._rest) < length:
            self._read()
        text, self._rest = self._rest[:length], self._rest[length:]
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"refused: {text[:300]!r}")
        return text

    def call(self, operation: str, *, signed: bool = False, **members: Any) -> dict[str, Any]:
        """Call an operation."""
        body = json.dumps(members).encode()
        headers = {"content-type": CONTENT_TYPE, "x-amz-target": TARGET + operation}
        if signed and self._credentials is not None:
            request = Request("POST", self._url + "/", headers, body)
            headers |= sigv4.sign(
                request, self._credentials, region=REGION, service="cognito-idp", at=time.time()
            )
            del headers["host"]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        answer: dict[str, Any] = json.loads(self.post("/", body, lines))
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _read(self) -> None:
        data = self._socket.recv(262144)
        if not data:
            raise SystemExit("the server hung up")
        self._rest += data


@dataclass(frozen=True)
class Measured:
    """What some seconds of calling came to."""

    calls: int
    wall: float
    cpu: float
    """Seconds of the server's processor time."""
    own_cpu: float
    """Seconds of the callers' own."""

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.wall

    @property
    def cost(self) -> float:
        """Seconds of the server's processor time for one call."""
        return self.cpu / self.calls


def drive(server: Server, works: Sequence[Callable[[], object]], seconds: float) -> Measured:
    """Let each of `works` run in a thread of its own, again and again, all at once."""
    counts = [0] * len(works)
    failures: list[BaseException] = []
    begin = threading.Barrier(len(works) + 1)
    ends = [0.0]

    def run(number: int) -> None:
        os.sched_setaffinity(0, cores()[1])
        begin.wait()
        try:
            while time.perf_counter() < ends[0]:
                works[number]()
                counts[number] += 1
        except BaseException as failure:  # noqa: BLE001 - raised below, in the thread that measures
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    cpu, own, started = server.cpu(), time.process_time(), time.perf_counter()
    ends[0] = started + seconds
    begin.wait()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - started
    if failures:
        raise failures[0]
    return Measured(sum(counts), wall, server.cpu() - cpu, time.process_time() - own)


def on_server_core(work: Callable[[], object], batch: int) -> float:
    """Seconds of processor time of `work`, done here on the servers' core."""
    with on_cores(cores()[0]):
        started = time.thread_time()
        for _ in range(batch):
            work()
        return (time.thread_time() - started) / batch
