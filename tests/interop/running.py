"""Starts foreign programs and our own service for the tests, and ends them by their process id."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NODE_PROJECT = ROOT / "tests" / "interop" / "node"
START_SECONDS = 180.0
"""How long a program may take until it answers, on a machine with other work."""
END_SECONDS = 20.0


class DidNotStart(Exception):
    """A program ended, or was not ready in time; the text has the end of what it wrote."""


@dataclass(frozen=True)
class Program:
    """A program that runs, with the file that takes what it writes to standard error."""

    process: subprocess.Popen[str]
    log: Path

    def fail(self, problem: str) -> DidNotStart:
        """An error that shows the end of the log."""
        return DidNotStart(f"{problem}\n{self.log.read_text('utf-8', 'replace')[-4000:]}")

    def line(self, seconds: float = START_SECONDS) -> str:
        """The next line that the program writes to standard output.

        Raises:
            DidNotStart: it ended first, or wrote none in time.
        """
        pipe = self.process.stdout
        if pipe is None:
            raise ValueError("this program's standard output goes to its log")
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise self.fail(f"it wrote nothing in {seconds} s")
        text = pipe.readline()
        if not text:
            raise self.fail(f"it ended with code {self.process.wait(END_SECONDS)}")
        return text


def environment(**more: str) -> dict[str, str]:
    """The environment for a program: nothing of this machine's own AWS account or settings, and `more`."""
    keep = {"USERPOOL_TEST_RUN", "USERPOOL_REQUIRE_ALL", "USERPOOL_VECTORS"}
    private = ("AWS_", "USERPOOL_", "VIRTUAL_ENV", "PYTHONPATH")
    here = {name: value for name, value in os.environ.items() if name in keep or not name.startswith(private)}
    return {**here, **more}


@contextmanager
def program(
    command: Sequence[str | Path],
    folder: Path,
    *,
    env: Mapping[str, str] | None = None,
    pipes: bool = False,
) -> Iterator[Program]:
    """Run a program in `folder`, and end it by its process id.

    Args:
        command: the program and its arguments.
        folder: where it runs; its log goes there too.
        env: its environment; by default that of `environment`.
        pipes: give it pipes for standard input and output; otherwise it has no input, and its output goes to
            the log.
    """
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=dict(environment() if env is None else env),
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else written,
            stderr=written,
            text=True,
            encoding="utf-8",
            bufsize=1,
        )
    try:
        yield Program(process, log)
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> int:
    """End a program: politely, then for good. Returns its exit code."""
    if process.poll() is None:
        process.terminate()
    try:
        code = process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait(END_SECONDS)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    return code


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, running: Program, seconds: float = START_SECONDS) -> None:
    """Ask `url` until it answers 200.

    Raises:
        DidNotStart: the program has ended, or did not answer in time.
    """
    until = time.monotonic() + seconds
    while not _answers(url):
        if running.process.poll() is not None:
            raise running.fail(f"it ended with code {running.process.returncode}")
        if time.monotonic() > until:
            raise running.fail(f"{url} did not answer in {seconds} s")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@contextmanager
def server(
    command: Callable[[int], Sequence[str | Path]],
    ready: str,
    folder: Path,
    env: Callable[[int], Mapping[str, str]],
) -> Iterator[str]:
    """Run a foreign server on a free loopback port; gives its base URL.

    Args:
        command: the command line for a port.
        ready: the path that answers 200 once the server is up.
        folder: where it runs and keeps what it keeps.
        env: its environment for a port.
    """
    port = free_port()
    with program(command(port), folder, env=env(port)) as running:
        url = f"http://127.0.0.1:{port}"
        wait_for(url + ready, running)
        yield url


@contextmanager
def our_service(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run `userpool serve` on any free port; gives the URL that it prints."""
    command = [
        *(sys.executable, "-m", "userpool", "serve"),
        *("--port", "0", "--database", f"sqlite:///{folder / 'users.db'}"),
        *arguments,
    ]
    with program(command, folder, env=environment(**(env or {})), pipes=True) as running:
        yield running.line().strip()
