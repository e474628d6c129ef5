"""`userpool serve`: as operators and developers start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Shell, start, stop
from userpool.service.__main__ import main
from userpool.service.app import Service
from userpool.service.context import Settings
from userpool.service.keyfile import KeySet
from userpool.service.serve import Options, ServeError

SEED = """
[[pool]]
id = "us-east-1_aB12cDe34"
name = "shop"
[pool.settings]
AutoVerifiedAttributes = ["email"]
[[pool.client]]
id = "7ghr5379orhbo88d52vphda6s9"
name = "web"
[pool.client.settings]
ExplicitAuthFlows = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
[[pool.user]]
username = "ada"
password = "Correct-horse-7"
[pool.user.attributes]
email = "ada@example.com"
email_verified = true
"""


def test_a_service_with_keys_and_a_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("seed.toml").write_text(SEED)
    shell = Shell({"USERPOOL_STORAGE": str(tmp_path / "tokens")})
    admin = shell.json("keys", "create", "--admin", "ops")["admin"]
    process = start(
        environment={**os.environ, "USERPOOL_SEED": "seed.toml", "USERPOOL_PORT": "0"}, cwd=tmp_path
    )
    try:
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/health") as health:
            assert health.status == 200
        shell.variables |= {
            "USERPOOL_ENDPOINT": url,
            "USERPOOL_POOL_ID": "us-east-1_aB12cDe34",
            "USERPOOL_CLIENT_ID": "7ghr5379orhbo88d52vphda6s9",
        }
        shell.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
        assert "AWS_ACCESS_KEY_ID" in shell.fails(1, "users", "list")
        shell.variables |= {
            "AWS_ACCESS_KEY_ID": admin["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": admin["secret_access_key"],
        }
        assert [one["username"] for one in shell.json("users", "list")["users"]] == ["ada"]

        shell.ok("sign-up", "bob", "-a", "email=bob@example.com", USERPOOL_PASSWORD=PASSWORD)
        shows_none = shell.fails(4, "outbox", "--to", "bob@example.com")
        assert "in development mode only" in shows_none
        operator = ("outbox", "--database", "sqlite:///userpool.db")
        code = shell.ok(*operator, "--to", "bob@example.com", "--code").strip()
        assert [one["code"] for one in shell.json(*operator)["messages"]] == [code]
        shell.ok("confirm", "bob", USERPOOL_CODE=code)
        nobody = (*operator, "--to", "nobody@example.com")
        assert "There is no message to nobody@example.com." in shell.fails(1, *nobody, "--code")
        assert shell.ok(*nobody) == "There are no messages.\n"
    finally:
        assert stop(process) == (0, "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "There is no sealing key"),
        (["--keys", "none.keys"], "There is no key file none.keys"),
        (["--development", "--database", "nonsense"], "database URL"),
        (["--development", "--seed", "bad.toml"], "bad.toml: the file has 'pools'"),
    ],
    ids=["no keys", "no key file", "database", "seed"],
)
def test_what_keeps_it_from_starting_is_told(
    options: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text("[[pools]]\n")
    assert said in Shell().fails(6, "serve", "--port", "0", *options)


def test_a_port_that_is_taken_is_told(service: str) -> None:
    port = service.rpartition(":")[2]
    said = Shell().fails(6, "serve", "--development", "--database", "sqlite:///:memory:", USERPOOL_PORT=port)
    assert f"Cannot listen on 127.0.0.1 port {port}" in said


def test_options_come_from_the_environment_too() -> None:
    said = Shell().fails(2, "serve", USERPOOL_PORT="many")
    assert "USERPOOL_PORT" in said or "--port" in said


@pytest.mark.parametrize("command", ["userpool", "python -m userpool.service"])
def test_how_passkeys_are_taken_reaches_the_service(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a key is made for it, beside the database that it would have
    opened: list[Settings] = []

    def note(options: Options, keys: KeySet, settings: Settings) -> Service:
        opened.append(settings)
        raise ServeError("seen enough")

    monkeypatch.setattr("userpool.service.serve._opened", note)
    origins = ("https://app.example.com", "android:apk-key-hash:AbC")
    arguments = ["--port", "0", "--development", "--passkey-fresh", "300"]
    for origin in origins:
        arguments += ["--passkey-origin", origin]
    if command == "userpool":
        assert "seen enough" in Shell().fails(6, "serve", *arguments)
        variables = {"USERPOOL_PASSKEY_ORIGINS": " ".join(origins), "USERPOOL_PASSKEY_FRESH": "300"}
        Shell().fails(6, "serve", *arguments[:3], **variables)
    else:
        assert main(arguments) == 1
    assert {(one.passkey_origins, one.passkey_fresh_seconds) for one in opened} == {(origins, 300.0)}


@pytest.mark.parametrize("command", ["userpool", "python -m userpool.service"])
def test_triggers_are_named_by_module_and_object(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--port", "0", "--development", "--database", "sqlite:///:memory:"]
    if command == "userpool":
        said = Shell().fails(6, "serve", *arguments, "--triggers", "no_such_module:mine")
        assert "no_such_module" in said
        assert Shell().fails(6, "serve", *arguments, USERPOOL_TRIGGERS="no_such_module:mine") == said
    else:
        assert main([*arguments, "--triggers", "no_such_module:mine"]) == 1
        assert "No module named 'no_such_module'" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="there are no signals to send")
def test_ctrl_c_stops_it_as_cleanly() -> None:
    process = start("--development", "--database", "sqlite:///:memory:")
    try:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        output, said = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, output, said) == (0, "", "")


@pytest.mark.parametrize(
    ("command", "library"),
    [("serve", "sqlalchemy"), ("serve", "granian"), ("keys", "sqlalchemy"), ("outbox", "sqlalchemy")],
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    command: str, library: str, tmp_path: Path
) -> None:
    (tmp_path / "userpool.db").touch()
    options = {
        "serve": ["--port", "0", "--development", "--database", "sqlite:///:memory:"],
        "keys": ["list"],
        "outbox": [],
    }
    # In a process of its own: modules that are taken out of this one do not come back whole.
    program = f"import sys; sys.modules[{library!r}] = None; from userpool.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, command, *options[command]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 6, done.stderr
    assert "pip install 'userpool[service]'" in done.stderr
