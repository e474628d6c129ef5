"""`userpool serve` as a process of its own, on a port of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from userpool.protocol.wire import CONTENT_TYPE

START_SECONDS = 60


class Served:
    """A service that runs. It is ended at the end, come what may.

    Args:
        arguments: of `python -m userpool.service`, besides the port.
        directory: where it runs, so that its files lie there.
        environment: variables to set.
    """

    def __init__(self, *arguments: str, directory: Path, environment: dict[str, str] | None = None) -> None:
        self.errors = directory / f"stderr-{os.urandom(4).hex()}"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "userpool.service", "--port", "0", *arguments],
                cwd=directory,
                env={**os.environ, **(environment or {})},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.line = self._first_line()
        self.url = self.line.strip()
        self.port = int(self.url.rpartition(":")[2] or 0)

    def _first_line(self) -> str:
        """The line that says it is ready; empty if it ends before, or takes too long."""
        timer = threading.Timer(START_SECONDS, self.process.kill)
        timer.start()
        try:
            assert self.process.stdout is not None
            return self.process.stdout.readline()
        finally:
            timer.cancel()

    def __enter__(self) -> Self:
        assert self.line, self.errors.read_text()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def stop(self, number: int = signal.SIGTERM, seconds: float = 30) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def call(
        self, operation: str, connection: http.client.HTTPConnection | None = None, **members: Any
    ) -> tuple[int, dict[str, Any]]:
        """Call an operation; status and body of the answer."""
        used = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
        }
        try:
            used.request("POST", "/", json.dumps(members), headers)
            response = used.getresponse()
            body: dict[str, Any] = json.loads(response.read() or b"{}")
        except BaseException:
            used.close()
            raise
        if connection is None:
            used.close()
        return response.status, body

    def get(self, path: str, method: str = "GET", body: str | None = None) -> tuple[int, dict[str, Any]]:
        """Ask for a path; status and body of the answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read() or b"{}")
            return response.status, answer


def failed(*arguments: str, directory: Path, environment: dict[str, str] | None = None) -> str:
    """What a service says that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "userpool.service", "--port", "0", *arguments],
        cwd=directory,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr
