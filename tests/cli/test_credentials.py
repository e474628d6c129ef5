"""`userpool credentials`, with an identity pool that is played."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PASSWORD, Shell
from tests.requires import need_module

IDENTITY_POOL = "us-east-1:0a1b2c3d-4e5f-6789-abcd-ef0123456789"
IDENTITY = "us-east-1:11111111-4e5f-6789-abcd-ef0123456789"
HELD = {"AccessKeyId": "ASIA7", "SecretKey": "hidden's", "SessionToken": "token", "Expiration": 1_999_999_999}


class Desk(BaseHTTPRequestHandler):
    """Answers GetId and GetCredentialsForIdentity."""

    asked: list[tuple[str, dict[str, Any]]] = []

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        self.asked.append((operation, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        answers = {"GetId": {"IdentityId": IDENTITY}}
        body = json.dumps(answers.get(operation, {"IdentityId": IDENTITY, "Credentials": HELD})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def desk() -> Iterator[str]:
    """The address of the identity pool's service."""
    Desk.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ada(member: Shell, desk: str) -> Shell:
    """The shell with ada signed in, and an identity pool."""
    member.variables |= {"USERPOOL_IDENTITY_POOL_ID": IDENTITY_POOL, "USERPOOL_IDENTITY_ENDPOINT": desk}
    member.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    return member


def test_a_users_credentials_are_printed_as_aws_takes_them(ada: Shell) -> None:
    printed = json.loads(ada.ok("credentials", "--role", "arn:aws:iam::123456789012:role/reader"))
    ends = datetime.fromisoformat(printed.pop("Expiration")).timestamp()
    assert abs(ends - HELD["Expiration"]) < 60  # type: ignore[operator]  # it is the number of that table
    assert printed == {
        "Version": 1,
        "AccessKeyId": "ASIA7",
        "SecretAccessKey": "hidden's",
        "SessionToken": "token",
    }
    (first, one), (second, other) = Desk.asked
    assert (first, second) == ("GetId", "GetCredentialsForIdentity")
    pool = ada.variables["USERPOOL_POOL_ID"]
    assert list(one["Logins"]) == [f"cognito-idp.us-east-1.amazonaws.com/{pool}"]
    assert other["CustomRoleArn"] == "arn:aws:iam::123456789012:role/reader"
    ada.ok("credentials")
    assert [name for name, _ in Desk.asked[2:]] == ["GetCredentialsForIdentity"], "the identity's id is kept"


def test_a_shell_takes_them_as_variables(ada: Shell) -> None:
    assert ada.ok("credentials", "--format", "env").splitlines() == [
        "export AWS_ACCESS_KEY_ID=ASIA7",
        """export AWS_SECRET_ACCESS_KEY='hidden'"'"'s'""",
        "export AWS_SESSION_TOKEN=token",
        "export AWS_REGION=us-east-1",
    ]


def test_a_guest_need_not_sign_in(shell: Shell, desk: str) -> None:
    options = ("--guest", "--identity-pool", IDENTITY_POOL, "--identity-endpoint", desk)
    assert json.loads(shell.ok("credentials", *options))["AccessKeyId"] == "ASIA7"
    assert "Logins" not in Desk.asked[0][1]
    assert "names roles" in shell.fails(2, "credentials", *options, "--role", "arn:aws:iam::1:role/x")


def test_who_is_not_signed_in_or_names_no_pool_is_told(member: Shell, desk: str) -> None:
    assert "Give --identity-pool" in member.fails(2, "credentials")
    named = {"USERPOOL_IDENTITY_POOL_ID": IDENTITY_POOL, "USERPOOL_IDENTITY_ENDPOINT": desk}
    assert "userpool sign-in" in member.fails(3, "credentials", **named)


def test_a_profile_names_the_identity_pool(ada: Shell, tmp_path: Path) -> None:
    named = {name: ada.variables.pop(name) for name in list(ada.variables) if "IDENTITY" in name}
    ada.variables["USERPOOL_PROFILES"] = str(tmp_path / "profiles.toml")
    ada.ok("profiles", "add", "work", **named)
    assert json.loads(ada.ok("credentials", "--profile", "work"))["AccessKeyId"] == "ASIA7"


def test_botocore_takes_them_by_credential_process(ada: Shell, tmp_path: Path) -> None:
    need_module("botocore", "AWS's own library")
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = {sys.executable} -m userpool credentials\n")
    program = (
        "import botocore.session\n"
        "print(botocore.session.get_session().get_credentials().get_frozen_credentials().access_key)"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **ada.variables,
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "ASIA7\n"), done.stderr
