"""`userpool passkeys`, with a security key that is none, against a service of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.authenticators.fake_key import FakeKey
from tests.cli.conftest import PASSWORD, Shell
from tests.client.helpers import fresh_name
from userpool import Admin
from userpool.cli import asking
from userpool.client.credentials import no_credentials
from userpool.protocol.shapes import idp

RP = "auth.example.com"
FLOWS = ("ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")


@pytest.fixture(scope="module")
def variables(service: str) -> Mapping[str, str]:
    """Those of a pool that takes passkeys."""
    policy = idp.SignInPolicyType(allowed_first_auth_factors=["PASSWORD", "WEB_AUTHN"])
    with Admin(region="us-east-1", endpoint=service, credentials=no_credentials) as admin:
        pool = admin.create_user_pool("passkeys", policies=idp.UserPoolPolicyType(sign_in_policy=policy)).id
        assert pool is not None
        admin.set_user_pool_mfa_config(
            user_pool_id=pool, web_authn_configuration=idp.WebAuthnConfigurationType(relying_party_id=RP)
        )
        client = admin.create_user_pool_client("cli", explicit_auth_flows=FLOWS, user_pool_id=pool).client_id
        assert client is not None
    return {"USERPOOL_POOL_ID": pool, "USERPOOL_CLIENT_ID": client}


@pytest.fixture
def member(shell: Shell, variables: Mapping[str, str]) -> Shell:
    """The shell of a new user, who is signed in; the name is in the variable USER."""
    name = fresh_name()
    shell.variables |= {**variables, "USER": name}
    shell.ok("users", "create", name, "--no-invite")
    shell.ok("users", "set-password", name, USERPOOL_NEW_PASSWORD=PASSWORD)
    shell.ok("sign-in", name, USERPOOL_PASSWORD=PASSWORD)
    return shell


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> FakeKey:
    """The one that is plugged in, in front of a person at a terminal."""
    plugged = FakeKey(pin="1234")
    monkeypatch.setattr("fido2.hid.CtapHidDevice.list_devices", lambda: iter([plugged]))
    monkeypatch.setattr(asking, "has_terminal", lambda: True)
    return plugged


def test_a_key_is_registered_signs_in_and_is_deleted(member: Shell, key: FakeKey) -> None:
    assert member.ok("passkeys", "list") == "There are no passkeys yet.\n"
    made = member("passkeys", "register", typed="1234\n")
    assert made.exit_code == 0, made.output
    assert "Touch the security key." in made.stderr
    assert "1234" not in made.output
    (held,) = key.inside.credentials
    (listed,) = member.json("passkeys", "list")["passkeys"]
    assert listed["relying_party_id"] == held.rp_id == RP
    assert f"The passkey {listed['id']} is registered." in made.stdout
    assert listed["id"] in member.ok("passkeys", "list")

    signed = member(
        "sign-in", member.variables["USER"], "--flow", "choice", "--factor", "WEB_AUTHN", typed="1234\n"
    )
    assert signed.exit_code == 0, signed.output
    assert f"Signed in as {member.variables['USER']}" in signed.stdout

    assert member.json("passkeys", "delete", listed["id"], "--yes") == {"id": listed["id"], "deleted": True}
    assert member.json("passkeys", "list") == {"passkeys": []}


def test_a_wrong_pin_is_told(member: Shell, key: FakeKey) -> None:
    done = member("passkeys", "register", typed="4321\n")
    assert (done.exit_code, done.stdout) == (6, "")
    assert "The PIN is wrong" in done.stderr
    assert "4321" not in done.output
    assert key.inside.credentials == []


def test_no_key_is_told(member: Shell, key: FakeKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fido2.hid.CtapHidDevice.list_devices", lambda: iter(()))
    assert "There is no security key" in member.fails(6, "passkeys", "register")


def test_without_a_person_nothing_is_begun(member: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fido2.hid.CtapHidDevice.list_devices", lambda: pytest.fail("a key was looked for"))
    assert "Stopped at: the security key" in member.fails(5, "passkeys", "register")
    assert "Give --yes" in member.fails(5, "passkeys", "delete", "AQID")


def test_the_person_may_say_no(member: Shell, key: FakeKey) -> None:
    member.ok("passkeys", "register", typed="1234\n")
    (listed,) = member.json("passkeys", "list")["passkeys"]
    done = member("passkeys", "delete", listed["id"], typed="n\n")
    assert done.exit_code == 1
    assert len(member.json("passkeys", "list")["passkeys"]) == 1
    member.ok("passkeys", "delete", listed["id"], typed="y\n")


def test_a_passkey_that_is_not_there(member: Shell) -> None:
    assert "ResourceNotFoundException" in member.fails(1, "passkeys", "delete", "AQID", "--yes")


def test_who_is_not_signed_in_is_told_what_to_do(shell: Shell, variables: Mapping[str, str]) -> None:
    shell.variables |= variables
    assert "userpool sign-in" in shell.fails(3, "passkeys", "list")


def test_without_python_fido2_the_extra_is_named(member: Shell) -> None:
    program = """
import sys
sys.modules["fido2"] = None
from userpool.cli import asking, main
asking.has_terminal = lambda: True
sys.argv = ["userpool", "passkeys", "register"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=member.variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (6, "")
    assert "pip install 'userpool[fido2]'" in done.stderr
