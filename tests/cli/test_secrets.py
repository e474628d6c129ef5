"""No command shows a secret that it was given: not when all is well, not when it fails, not as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.canary import assert_hidden, canary, found_in
from tests.cli.conftest import PASSWORD, Shell
from userpool import PoolConfig
from userpool.cli.profile_file import Profile, ProfileFile
from userpool.cli.seed import AppSeed
from userpool.cli.target import Target

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

COMMANDS = (
    ("sign-in", "ada"),
    ("sign-in", "ada", "--flow", "password"),
    ("sign-in", "nobody"),
    ("sign-up", "ada", "-a", "email=ada@example.com"),
    ("confirm", "ada"),
    ("password", "reset", "ada"),
    ("password", "change"),
    ("attributes", "verify", "email"),
    ("mfa", "show"),
    ("token", "--verify", "--from", "-"),
    ("credentials", "--identity-pool", "us-east-1:0a1b2c3d-4e5f-6789-abcd-ef0123456789"),
    ("profiles", "list"),
    ("users", "set-password", "nobody"),
)


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["lines", "json, and a wrong client secret"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_that_fails_shows_no_secret(
    member: Shell, command: tuple[str, ...], form: tuple[str, ...]
) -> None:
    secrets = {
        "USERPOOL_PASSWORD": canary("password"),
        "USERPOOL_NEW_PASSWORD": canary("new"),
        "USERPOOL_CODE": canary("code"),
        "USERPOOL_TOTP_SEED": SEED,
    }
    if form:
        secrets["USERPOOL_CLIENT_SECRET"] = canary("client")
    token = canary("token")
    done = member(*command, *form, typed=token, **secrets)
    assert done.exit_code != 0 or command[0] == "profiles", done.output
    assert not found_in(done.output, *secrets.values(), token)


def test_a_sign_in_and_a_change_show_no_secret(member: Shell) -> None:
    done = member("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    token = member.ok("token").strip()
    shown = done.output + member("whoami").output + member("accounts", "list").output
    assert not found_in(shown, PASSWORD, token)


def test_no_value_of_the_command_shows_a_secret(tmp_path: Path) -> None:
    secret = canary("client")
    config = PoolConfig(user_pool_id="us-east-1_aB12cDe34", client_id="client", client_secret=secret)
    file = ProfileFile(tmp_path / "profiles.toml")
    file.put("work", Profile(config))
    for value in (Target(client_secret=secret), Profile(config), file):
        assert secret not in repr(value)
    assert_hidden(AppSeed(SEED), SEED)
