"""`userpool demo`: every step comes to what it should on both faces, and a step that does not is told."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from click.testing import CliRunner

from tests.requires import need_module
from userpool import NotAuthorizedException, User
from userpool.cli.app import userpool
from userpool.client._async.user import AsyncUser
from userpool.flows import sign_in as flows
from userpool.flows.config import ClientConfig

need_module("sqlalchemy", "the demo's pool needs the extra `service`")


def test_the_demo_as_a_person_runs_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "userpool", "demo"], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    lines = done.stdout.splitlines()
    steps = [line for line in lines if line.startswith("  ✓ ")]
    assert len(steps) == 24
    assert [line.rsplit(" ", 2)[0] for line in steps[:12]] == [line.rsplit(" ", 2)[0] for line in steps[12:]]
    assert sum("NotAuthorizedException: Incorrect username or password." in line for line in lines) == 2
    assert sum("Access Token has been revoked" in line for line in lines) == 2
    assert lines[-1].startswith("All 24 steps came to what they should")


def test_a_terminal_without_ticks_gets_words(monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner(charset="ascii").invoke(userpool, ["demo"])
    assert done.exit_code == 0
    assert done.stdout.count("\n  ok ") == 24


@pytest.mark.parametrize("face", [User, AsyncUser], ids=["sync", "async"])
def test_a_step_that_differs_ends_the_demo(face: type, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_new_tokens(self: User) -> object:
        return self.tokens()

    monkeypatch.setattr(face, "refresh", no_new_tokens)
    done = CliRunner().invoke(userpool, ["demo"])
    assert done.exit_code == 1
    assert "✗ Her tokens are refreshed" in done.stdout
    assert "came to what they should" not in done.stdout
    assert done.stderr.startswith("userpool: The demo stopped at 'Her tokens are refreshed': Differs: ")


def test_a_wrong_password_that_passes_ends_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = flows.sign_in

    def careless(config: ClientConfig, username: str, password: str, **more: Any) -> Any:
        return genuine(config, username, "Correct-horse-7", **more)

    monkeypatch.setattr(flows, "sign_in", careless)
    done = CliRunner().invoke(userpool, ["demo"])
    assert done.exit_code == 1
    assert "✗ A wrong password is refused" in done.stdout


def test_an_access_token_that_outlives_its_sign_out_ends_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = User.get_user

    def careless(self: User) -> Any:
        with suppress(NotAuthorizedException):
            return genuine(self)
        return None

    monkeypatch.setattr(User, "get_user", careless)
    done = CliRunner().invoke(userpool, ["demo"])
    assert done.exit_code == 1
    assert "✗ She signs out" in done.stdout
