"""The command as a whole: help, version, usage errors, exit codes, and what it costs to start."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.cli.conftest import PASSWORD, Shell
from tests.public.test_import import HEAVY, loaded_by
from userpool import __version__, errors
from userpool.cli import app, output
from userpool.cli.failures import Failure, explain, service_errors
from userpool.verify import KeysUnavailable

POOL = ("--pool", "us-east-1_aB12cDe34", "--client-id", "client")


def test_the_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "userpool", "--version"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"userpool, version {__version__}\n", "")


def test_no_command_loads_what_it_does_not_use() -> None:
    bare = loaded_by("pass")
    statement = "from userpool.cli.app import userpool\nuserpool(['--help'], standalone_mode=False)"
    loaded = loaded_by(statement) - bare
    assert loaded & {"userpool.service", "userpool.embedded", "userpool.client", "segno", *HEAVY} == set()


@pytest.mark.parametrize("file", sorted(set(app.COMMANDS.values())))
def test_a_command_is_loaded_before_what_it_needs(file: str) -> None:
    loaded = loaded_by(f"import userpool.cli.{file}") - loaded_by("pass")
    assert loaded & {"userpool.service", "userpool.embedded", "userpool.client", "segno", *HEAVY} == set()


def test_a_code_and_a_profile_need_no_connection(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text('[profiles.work]\nuser_pool_id = "us-east-1_aB12cDe34"\nclient_id = "client"\n')
    statement = f"""
import os
os.environ["USERPOOL_PROFILES"] = {str(file)!r}
os.environ["USERPOOL_TOTP_SEED"] = "JBSWY3DPEHPK3PXP"
from userpool.cli.app import userpool
sys.stdout = open(os.devnull, "w")
userpool(["totp"], standalone_mode=False)
userpool(["profiles", "list"], standalone_mode=False)
sys.stdout = sys.__stdout__
"""
    loaded = loaded_by(statement) - loaded_by("pass")
    assert loaded & {"userpool.service", "userpool.embedded", "segno", *HEAVY} == set()


def test_help_lists_every_command_and_the_exit_codes() -> None:
    shell = Shell()
    said = shell.ok("--help")
    assert [name for name in app.COMMANDS if f"  {name} " not in said] == []
    assert "Exit codes: 0 done" in said
    assert "..." not in said.partition("Commands:")[2], "a summary was cut off"
    for name in app.COMMANDS:
        assert "Usage: " in shell.ok(name, "--help")


def test_an_unknown_command_is_a_usage_error() -> None:
    assert "No such command" in Shell().fails(2, "sing-in")


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    found: dict[tuple[str, ...], click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= every_command(command, (*path, name))
        else:
            found[(*path, name)] = command
    return found


def test_no_secret_is_an_option_or_an_argument() -> None:
    suspicious = {
        (*path, parameter.name)
        for path, command in every_command(app.userpool).items()
        for parameter in command.params
        if re.search("password|secret|token|code", parameter.name or "")
        and not (isinstance(parameter, click.Option) and parameter.is_flag)
    }
    assert suspicious == set()


def test_every_option_says_what_it_is_for() -> None:
    plain = {"--host", "--region"}
    silent = {
        (*path, parameter.opts[0])
        for path, command in every_command(app.userpool).items()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help and parameter.opts[0] not in plain
    }
    assert silent == set()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotAuthorizedException("Incorrect username or password."), 1),
        (errors.ServiceError("", code="Unheard"), 1),
        (errors.TokenVerificationError("no", check="signature"), 1),
        (errors.ChallengeError("no"), 1),
        (errors.ParameterError("no"), 2),
        (errors.SignedOutError("no"), 3),
        (errors.SessionExpired("no"), 3),
        (errors.TransportError("no"), 4),
        (errors.DeadlineExceeded("no"), 4),
        (errors.ProtocolError("no"), 4),
        (KeysUnavailable("no"), 4),
        (errors.StorageError("no"), 6),
        (errors.ClockSkewError(400), 6),
        (errors.MissingExtra("service", "it"), 6),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_kind_of_error_has_its_exit_code(error: Exception, code: int) -> None:
    failure = explain(error)
    assert failure is not None
    assert failure.exit_code == code
    assert failure.message


def test_a_bug_is_not_explained_away(monkeypatch: pytest.MonkeyPatch) -> None:
    assert explain(KeyError("x")) is None

    def broken(self: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("userpool.cli.target.Target.open", broken)
    with pytest.raises(KeyError):
        CliRunner().invoke(app.userpool, ["whoami"], catch_exceptions=False)


@pytest.mark.parametrize("code", sorted(errors.BY_CODE))
def test_every_refusal_says_what_to_do_in_terms_of_the_command(code: str) -> None:
    failure = explain(errors.BY_CODE[code]("It was refused."))
    assert isinstance(failure, Failure)
    assert failure.advice
    assert re.search(r"[a-z]_[a-z]", failure.advice) is None, "names a method of the library"


def test_what_is_not_said_is_asked_for(tmp_path: Path) -> None:
    shell = Shell({"USERPOOL_STORAGE": str(tmp_path)})
    assert "Give --pool, or set USERPOOL_POOL_ID." in shell.fails(2, "whoami")
    assert "Give --client-id, or set USERPOOL_CLIENT_ID." in shell.fails(2, "whoami", *POOL[:2])
    assert "not a user pool id" in shell.fails(2, "whoami", "--pool", "x", *POOL[2:])
    assert "Give --region" in shell.fails(2, "pools", "list")
    assert "--pool" in shell.fails(2, "users", "list")
    assert "in the clear" in shell.fails(2, "whoami", *POOL, "--endpoint", "http://example.com")
    assert "Nobody is signed in" in shell.fails(
        3, "whoami", *POOL, "--endpoint", "http://example.com", "--allow-insecure-http"
    )


def test_a_service_out_of_reach_is_told(tmp_path: Path) -> None:
    shell = Shell({"USERPOOL_STORAGE": str(tmp_path), "USERPOOL_PASSWORD": PASSWORD})
    said = shell.fails(4, "sign-in", "ada", *POOL, "--endpoint", "http://127.0.0.1:1")
    assert "127.0.0.1" in said
    assert PASSWORD not in said


def test_tokens_that_cannot_be_kept_are_a_failure(member: Shell, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    member.variables["USERPOOL_STORAGE"] = str(blocked)
    assert "is a file" in member.fails(2, "sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    member.variables["USERPOOL_STORAGE"] = str(blocked / "folder")
    said = member.fails(6, "sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    assert str(blocked) in said


def test_a_module_of_our_own_that_is_missing_is_no_extra() -> None:
    with pytest.raises(ModuleNotFoundError, match="nowhere"), service_errors("a test"):
        raise ModuleNotFoundError("No module named 'userpool.nowhere'", name="userpool.nowhere")


def test_what_others_wrote_does_not_steer_the_terminal() -> None:
    assert (
        output.clean("a\x1b[31m\r\nb\u202e")
        == "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}\nb\N{REPLACEMENT CHARACTER}"
    )
    assert output.table(["A", "B"], [["\x07", "b"], ["ccc", ""]]) == [
        "A    B",
        "\N{REPLACEMENT CHARACTER}    b",
        "ccc",
    ]
