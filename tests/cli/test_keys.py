"""`userpool keys`: made once, listed without secrets, revoked by name; `userpool outbox` opens with them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell
from userpool.service import keyfile


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in an empty folder, without a service."""
    monkeypatch.chdir(tmp_path)
    return Shell()


def listed(shell: Shell) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shell.json("keys", "list")["keys"]
    return found


def test_one_command_makes_all_that_a_service_wants(shell: Shell) -> None:
    done = shell("keys", "create", "--admin", "ops", "--allow", "List*", "--allow", "DescribeUserPool")
    assert done.exit_code == 0
    assert "Keep a copy of it" in done.stderr
    if os.name == "posix":
        assert Path("userpool.keys").stat().st_mode & 0o777 == 0o600
    keys = keyfile.load("userpool.keys")
    (admin,) = keys.admin
    assert (admin.name, admin.operations) == ("ops", ("List*", "DescribeUserPool"))
    assert f"AWS_ACCESS_KEY_ID={admin.access_key_id}" in done.stdout
    assert f"AWS_SECRET_ACCESS_KEY={admin.secret}" in done.stdout
    assert keys.sealing[0].text not in done.output


def test_a_list_shows_no_secret(shell: Shell) -> None:
    shell.ok("keys", "create", "--admin", "ops")
    keys = keyfile.load("userpool.keys")
    for output in (shell.ok("keys", "list"), shell.ok("keys", "list", "--json")):
        assert keys.admin[0].access_key_id in output
        assert keys.admin[0].secret not in output
        assert keys.sealing[0].text[:6] not in output
    assert [(one["kind"], one["state"]) for one in listed(shell)] == [
        ("sealing", "in use"),
        ("admin", "in use"),
    ]


def test_an_empty_list_says_how_to_begin(shell: Shell) -> None:
    assert "userpool keys create --admin NAME" in shell.ok("keys", "list")
    assert listed(shell) == []


def test_a_second_sealing_key_is_made_on_demand_only(shell: Shell) -> None:
    shell.ok("keys", "create")
    assert "--sealing" in shell.fails(2, "keys", "create")
    first = keyfile.load("userpool.keys")
    done = shell("keys", "create", "--sealing", "--json")
    assert "says when older keys can be revoked" in done.stderr
    made = json.loads(done.stdout)["sealing"]["id"]
    second = keyfile.load("userpool.keys")
    assert second.sealing[:1] == first.sealing
    assert [one["state"] for one in listed(shell)] == ["opens only", "in use"]
    assert listed(shell)[1]["id"] == made


def test_an_admin_key_is_revoked_and_remembered(shell: Shell) -> None:
    made = shell.json("keys", "create", "--admin", "ops")["admin"]
    assert made["name"] == "ops"
    assert "Restart the service" in shell.ok("keys", "revoke", made["access_key_id"], "--yes")
    assert keyfile.load("userpool.keys").admin_keys_in_use == ()
    assert listed(shell)[1]["state"].startswith("revoked ")
    assert "no admin key" in shell.fails(6, "keys", "revoke", made["access_key_id"], "--yes")


def test_a_sealing_key_in_use_cannot_be_revoked(shell: Shell) -> None:
    shell.ok("keys", "create")
    (only,) = listed(shell)
    assert "in use" in shell.fails(6, "keys", "revoke", only["id"], "--yes")
    shell.ok("keys", "create", "--sealing")
    shell.ok("keys", "revoke", only["id"], "--yes")
    assert only["id"] not in {one["id"] for one in listed(shell)}


def test_a_revocation_is_asked_about(shell: Shell) -> None:
    made = shell.json("keys", "create", "--admin", "ops")["admin"]["access_key_id"]
    assert "Give --yes" in shell.fails(5, "keys", "revoke", made)
    assert keyfile.load("userpool.keys").admin_keys_in_use


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("answer", "in_use"), [("y", 0), ("n", 1)])
def test_the_answer_counts(shell: Shell, answer: str, in_use: int) -> None:
    made = shell.json("keys", "create", "--admin", "ops")["admin"]["access_key_id"]
    done = shell("keys", "revoke", made, typed=f"{answer}\n")
    assert done.exit_code == in_use
    assert len(keyfile.load("userpool.keys").admin_keys_in_use) == in_use


def test_variables_can_be_printed_in_place_of_a_file(shell: Shell) -> None:
    variables = shell.json("keys", "create", "--print", "--admin", "ops")
    assert not Path("userpool.keys").exists()
    keys = keyfile.from_environment(variables)
    assert (len(keys.sealing), len(keys.admin)) == (1, 1)
    lines = shell.ok("keys", "create", "--print").splitlines()
    assert [line.partition("=")[0] for line in lines] == [keyfile.SEALING_KEY]
    shell.variables |= variables
    more = shell.json("keys", "create", "--print", "--admin", "two")
    assert set(more) == {keyfile.ADMIN_KEY_ID, keyfile.ADMIN_KEY_SECRET}
    assert "already" in shell.fails(2, "keys", "create", "--print")
    newer = shell("keys", "create", "--print", "--sealing")
    assert newer.stdout.startswith("USERPOOL_SEALING_KEY=")
    assert "with a comma between" in newer.stderr
    assert [one["note"] for one in listed(shell)] == ["", "environment: *"]
    shell.ok("keys", "create", "--admin", "more")
    assert keyfile.load("userpool.keys").sealing == (), "there is one in the environment"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["create", "--allow", "List*"], 2, "--allow goes with --admin"),
        (["create", "--keys", "nowhere/x.keys"], 6, "cannot be written"),
        (["revoke", "x", "--yes"], 6, "There is no key file"),
    ],
)
def test_what_cannot_be_done_is_told(shell: Shell, arguments: list[str], code: int, said: str) -> None:
    assert said in shell.fails(code, "keys", *arguments)


def test_a_broken_key_file_is_told_not_shown(shell: Shell) -> None:
    Path("userpool.keys").write_text('{"secret": "xyzzy"')
    Path("userpool.keys").chmod(0o600)
    said = shell.fails(6, "keys", "list")
    assert "is not a key file" in said
    assert "xyzzy" not in said


def test_help_explains_what_losing_a_key_means(shell: Shell) -> None:
    said = " ".join(shell.ok("keys", "--help").split())
    assert "Lose it, and the database is worth nothing" in said
    assert "Lose it, and you make another and revoke the old one" in said


def test_the_outbox_wants_a_database_and_its_keys(shell: Shell, tmp_path: Path) -> None:
    assert "There is no database userpool.db" in shell.fails(6, "outbox")
    assert not Path("userpool.db").exists()
    assert "database URL" in shell.fails(6, "outbox", "--database", "nonsense")
    Path("empty.db").touch()
    assert "There is no sealing key" in shell.fails(6, "outbox", "--database", "sqlite:///empty.db")


def test_an_outbox_over_http_is_for_development(shell: Shell) -> None:
    said = json.loads(shell.fails(4, "outbox", "--endpoint", "http://127.0.0.1:1", "--json"))
    assert said["error"]["exit_code"] == 4
    assert "http://" in shell.fails(2, "outbox", "--endpoint", "http://example.com")
