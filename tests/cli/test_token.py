"""`userpool token` with `--decode`, `--verify` and `--from`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Shell


@pytest.fixture
def ada(member: Shell) -> Shell:
    """The shell with ada signed in."""
    member.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    return member


def test_what_a_token_says(ada: Shell) -> None:
    done = ada("token", "--decode")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["token_use"] == "access"
    assert "nobody has verified it" in done.stderr
    told = ada.json("token", "--id", "--decode")
    assert (told["verified"], told["claims"]["email"]) == (False, "ada@example.com")


def test_a_token_is_verified(ada: Shell) -> None:
    said = ada.ok("token", "--verify")
    assert said.startswith("The access token of ada is genuine, and good until 20")
    assert json.loads(ada.ok("token", "--id", "--verify", "--decode"))["token_use"] == "id"
    assert ada.json("token", "--verify")["verified"]


def test_a_token_from_elsewhere_is_verified(ada: Shell, tmp_path: Path) -> None:
    token = ada.ok("token")
    file = tmp_path / "token"
    file.write_text(token)
    ada.ok("sign-out")
    assert "is genuine" in ada.ok("token", "--verify", "--from", str(file))
    assert "is genuine" in ada.ok("token", "--verify", "--from", "-", typed=token)
    assert ada.ok("token", "--from", str(file)) == token


def test_a_token_that_was_changed_is_refused_unseen(ada: Shell) -> None:
    head, body, signature = ada.ok("token").strip().split(".")
    forged = f"{head}.{body}.{signature[:-8]}AAAAAAAA"
    said = ada.fails(1, "token", "--verify", "--from", "-", typed=forged)
    assert body not in said
    genuine = f"{head}.{body}.{signature}"
    ada.fails(1, "token", "--verify", "--client-id", "another", "--from", "-", typed=genuine)


@pytest.mark.parametrize("how", [(), ("--decode",), ("--verify",)])
def test_what_is_no_token_is_refused_unseen(member: Shell, how: tuple[str, ...]) -> None:
    said = member.fails(1, "token", "--from", "-", *how, typed="hush-1890")
    assert "hush" not in said
