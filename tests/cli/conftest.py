"""A service to talk to, and the command in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.requires import need_module
from userpool.cli import asking
from userpool.cli.app import userpool

need_module("granian", "`userpool serve` needs the extra `service`")

PASSWORD = "Correct-horse-7"


def start(*options: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> Any:
    """`userpool serve` on a port of its own, as a process whose first line of output is its URL."""
    return subprocess.Popen(
        [sys.executable, "-m", "userpool", "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment,
    )


def stop(process: Any) -> tuple[int, str]:
    """End it as an operator does; its exit code and what it said on standard error."""
    process.terminate()
    _, said = process.communicate(timeout=20)
    return process.returncode, said


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The URL of a service in development mode, with its users in memory."""
    process = start("--development", "--database", "sqlite:///:memory:")
    try:
        yield process.stdout.readline().strip()
    finally:
        code, said = stop(process)
        assert (code, said) == (0, "")


@pytest.fixture(autouse=True)
def no_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The profiles of whoever runs the tests do not count."""
    monkeypatch.setenv("USERPOOL_PROFILES", os.devnull)


@dataclass
class Shell:
    """The command, called as from one shell: its variables stay."""

    variables: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, typed: str | None = None, **variables: str) -> Result:
        """Run `userpool ARGUMENTS` with more variables for this once."""
        return CliRunner().invoke(
            userpool, arguments, input=typed, env={**self.variables, **variables}, catch_exceptions=False
        )

    def ok(self, *arguments: str, typed: str | None = None, **variables: str) -> str:
        """The same, where all must go well; returns its output."""
        done = self(*arguments, typed=typed, **variables)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *arguments: str, typed: str | None = None, **variables: str) -> Any:
        """The same with `--json`."""
        return json.loads(self.ok(*arguments, "--json", typed=typed, **variables))

    def fails(self, code: int, *arguments: str, typed: str | None = None, **variables: str) -> str:
        """The same, where it must end with `code` and without a result; returns what it said."""
        done = self(*arguments, typed=typed, **variables)
        assert (done.exit_code, done.stdout) == (code, ""), done.output
        assert "Traceback" not in done.stderr
        return done.stderr


@pytest.fixture
def shell(service: str, tmp_path: Path) -> Shell:
    """A shell of its own, pointed at the service."""
    return Shell({"USERPOOL_ENDPOINT": service, "USERPOOL_STORAGE": str(tmp_path / "tokens")})


@pytest.fixture(scope="session")
def shared_pool(service: str) -> Mapping[str, str]:
    """The variables of a pool with ada in it, whom all tests may sign in, and none changes."""
    return with_ada(Shell({"USERPOOL_ENDPOINT": service})).variables


@pytest.fixture
def member(shell: Shell, shared_pool: Mapping[str, str]) -> Shell:
    """The shell with that pool, an app client, and ada, who is confirmed."""
    return Shell({**shared_pool, **shell.variables})


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a person to ask."""
    monkeypatch.setattr(asking, "has_terminal", lambda: True)


def with_pool(shell: Shell, *options: str) -> Shell:
    """Make a pool and an app client, and point the shell at them."""
    pool = shell.json("pools", "create", "cli", *options)["id"]
    client = shell.json("clients", "create", "cli", "--pool", pool)["id"]
    shell.variables |= {"USERPOOL_POOL_ID": pool, "USERPOOL_CLIENT_ID": client}
    return shell


def with_ada(shell: Shell, *options: str) -> Shell:
    """The same, with ada in it."""
    with_pool(shell, *options)
    shell.ok("users", "create", "ada", "-a", "email=ada@example.com", "--no-invite")
    shell.ok("users", "set-password", "ada", USERPOOL_NEW_PASSWORD=PASSWORD)
    return shell
