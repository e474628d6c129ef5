"""`userpool devices`, against a service on a port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.cli.conftest import PASSWORD, Shell
from tests.client.helpers import fresh_name, totp_code
from userpool import Admin, MfaPreference, NewDevice, ProtocolError, SignedIn, User, UserPool
from userpool.client.credentials import no_credentials
from userpool.protocol import operations as ops
from userpool.protocol.shapes import idp

FLOWS = ("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")


@pytest.fixture(scope="module")
def variables(service: str) -> Mapping[str, str]:
    """Those of a pool that tracks devices, and asks which to remember."""
    with Admin(region="us-east-1", endpoint=service, credentials=no_credentials) as admin:
        pool = admin.create_user_pool(
            "devices",
            device_configuration=idp.DeviceConfigurationType(
                challenge_required_on_new_device=True, device_only_remembered_on_user_prompt=True
            ),
        ).id
        assert pool is not None
        admin.set_user_pool_mfa_config(
            user_pool_id=pool,
            mfa_configuration="OPTIONAL",
            software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
        )
        client = admin.create_user_pool_client("cli", explicit_auth_flows=FLOWS, user_pool_id=pool).client_id
        assert client is not None
    return {"USERPOOL_POOL_ID": pool, "USERPOOL_CLIENT_ID": client}


@pytest.fixture
def member(shell: Shell, variables: Mapping[str, str]) -> Shell:
    """The shell of a new user; the name is in the variable USER."""
    name = fresh_name()
    shell.variables |= {**variables, "USER": name}
    shell.ok("users", "create", name, "--no-invite")
    shell.ok("users", "set-password", name, USERPOOL_NEW_PASSWORD=PASSWORD)
    return shell


def sign_in(shell: Shell, **more: str) -> str:
    """Sign in; returns what is said beside the output."""
    done = shell("sign-in", shell.variables["USER"], USERPOOL_PASSWORD=PASSWORD, **more)
    assert done.exit_code == 0, done.output
    return done.stderr


def with_totp(shell: Shell) -> str:
    """Turn an authenticator app on for the user; returns its seed."""
    with UserPool(
        shell.variables["USERPOOL_POOL_ID"],
        shell.variables["USERPOOL_CLIENT_ID"],
        endpoint=shell.variables["USERPOOL_ENDPOINT"],
    ) as pool:
        user = pool.user(access_token=shell.ok("token").strip())
        seed = user.associate_software_token().secret_code
        user.verify_software_token(totp_code(seed))
        user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
    return seed


def test_a_machine_is_listed_remembered_and_forgotten(member: Shell) -> None:
    assert "userpool devices remember" in sign_in(member)
    (found,) = member.json("devices", "list")["devices"]
    assert found["here"]
    assert found["name"].startswith("userpool")
    listed = member.ok("devices", "list").splitlines()
    assert listed[0].split() == ["KEY", "NAME", "LAST", "ADDRESS", "LAST", "SIGN-IN"]
    assert listed[1].startswith(f"*  {found['key']}")
    seed = with_totp(member)
    assert f"{found['key']} is remembered" in member.ok("devices", "remember")
    assert sign_in(member) == "", "no code is asked for: the device has proved itself"
    assert "is not remembered" in member.ok("devices", "remember", "--not", found["key"])
    stopped = member.fails(5, "sign-in", member.variables["USER"], USERPOOL_PASSWORD=PASSWORD)
    assert "SOFTWARE_TOKEN_MFA" in stopped
    assert member.json("devices", "forget", "--yes") == {"key": found["key"], "forgotten": True}
    assert member.ok("devices", "list") == "There are no devices yet.\n"
    nameless = member.fails(1, "devices", "remember")
    assert "no device that the pool tracks" in nameless
    assert "userpool devices list" in nameless
    again = sign_in(member, USERPOOL_CODE=totp_code(seed, ahead=1))
    assert "userpool devices remember" in again


def test_forgetting_is_asked_about(member: Shell, terminal: None) -> None:
    sign_in(member)
    assert member("devices", "forget", typed="n\n").exit_code == 1
    assert len(member.json("devices", "list")["devices"]) == 1
    assert "is forgotten" in member.ok("devices", "forget", typed="y\n")


def test_what_the_service_has_forgotten_is_told(member: Shell, service: str) -> None:
    sign_in(member)
    (found,) = member.json("devices", "list")["devices"]
    with Admin(region="us-east-1", endpoint=service, credentials=no_credentials) as admin:
        request = ops.ADMIN_FORGET_DEVICE.input(
            user_pool_id=member.variables["USERPOOL_POOL_ID"],
            username=member.variables["USER"],
            device_key=found["key"],
        )
        admin.call(ops.ADMIN_FORGET_DEVICE, request)
    assert "has forgotten this machine" in sign_in(member)
    (new,) = member.json("devices", "list")["devices"]
    assert new["key"] != found["key"]


def test_a_device_that_was_not_taken_is_mentioned(member: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = UserPool.sign_in

    def untaken(*arguments: Any, **more: Any) -> SignedIn[User]:
        step = genuine(*arguments, **more)
        assert isinstance(step, SignedIn)
        return SignedIn(step.user, NewDevice("key", "group", error=ProtocolError("Not today.")))

    monkeypatch.setattr(UserPool, "sign_in", untaken)
    assert "has not taken this one: you may have to sign in more often. Not today." in sign_in(member)
