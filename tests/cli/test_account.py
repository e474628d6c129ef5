"""`userpool attributes`, `password` and `sessions`, against a service on a port."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PASSWORD, Shell, with_pool
from tests.client.helpers import fresh_name
from userpool import Admin, CodeDelivery, User, UserPool
from userpool.client.credentials import no_credentials
from userpool.flows.results import Page
from userpool.protocol import operations as ops
from userpool.protocol.shapes import idp

ANOTHER = "Another-horse-8"


@pytest.fixture(scope="module")
def variables(service: str) -> Mapping[str, str]:
    """Those of a pool whose users these tests change."""
    return with_pool(Shell({"USERPOOL_ENDPOINT": service})).variables


@pytest.fixture
def member(shell: Shell, variables: Mapping[str, str]) -> Shell:
    """The shell of a new user, who is signed in; the name is in the variable USER."""
    name = fresh_name()
    shell.variables |= {**variables, "USER": name}
    shell.ok("users", "create", name, "-a", f"email={name}@example.com", "--no-invite")
    shell.ok("users", "set-password", name, USERPOOL_NEW_PASSWORD=PASSWORD)
    shell.ok("sign-in", name, USERPOOL_PASSWORD=PASSWORD)
    return shell


def newest_code(shell: Shell, address: str) -> str:
    """The code of the last message to an address."""
    return shell.ok("outbox", "--to", address, "--code").strip()


def test_attributes_are_set_verified_and_deleted(member: Shell) -> None:
    address = f"{fresh_name()}@example.com"
    done = member("attributes", "set", f"email={address}", "name=Ada=Lovelace")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == "email, name: set."
    assert "A code went by EMAIL to " in done.stdout
    assert "Next: userpool attributes verify email" in done.stderr
    found = member.json("attributes", "list")["attributes"]
    assert (found["name"], found["email"], found["email_verified"]) == ("Ada=Lovelace", address, "false")
    code = newest_code(member, address)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert "CodeMismatch" in member.fails(1, "attributes", "verify", "email", USERPOOL_CODE=wrong)
    said = member.ok("attributes", "verify", "email", USERPOOL_CODE=f" {code} ")
    assert said == "email is verified.\n"
    assert ["email_verified", "true"] in [
        line.split() for line in member.ok("attributes", "list").splitlines()
    ]
    assert member.json("attributes", "delete", "name") == {"deleted": ["name"]}
    assert "name" not in member.json("attributes", "list")["attributes"]


def test_another_code_is_sent_and_given_by_a_person(member: Shell, terminal: None) -> None:
    address = f"{member.variables['USER']}@example.com"
    sent = member.ok("attributes", "verify", "email", "--send").splitlines()
    assert sent[-1] == "Next: userpool attributes verify email"
    code = newest_code(member, address)
    done = member("attributes", "verify", "email", typed=f"{code}\n")
    assert done.exit_code == 0
    assert code not in done.output, "it is typed unseen"


def test_what_is_no_attribute_is_told(member: Shell) -> None:
    assert "NAME=VALUE" in member.fails(2, "attributes", "set", "name")
    assert "Missing argument" in member.fails(2, "attributes", "delete")
    assert "Stopped at: the code for email" in member.fails(5, "attributes", "verify", "email")


def test_a_delivery_that_names_no_attribute_has_no_next_step(
    member: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(User, "update_user_attributes", lambda *_, **__: (CodeDelivery("SMS", "+*9"),))
    done = member("attributes", "set", "name=Ada")
    assert (done.exit_code, done.stderr) == (0, "")


def test_a_password_is_changed(member: Shell) -> None:
    name = member.variables["USER"]
    wrong = {"USERPOOL_PASSWORD": "wrong-horse-7", "USERPOOL_NEW_PASSWORD": ANOTHER}
    assert "NotAuthorized" in member.fails(1, "password", "change", **wrong)
    said = member.ok("password", "change", USERPOOL_PASSWORD=PASSWORD, USERPOOL_NEW_PASSWORD=ANOTHER)
    assert said == f"The password of {name} is changed.\n"
    member.fails(1, "sign-in", name, USERPOOL_PASSWORD=PASSWORD)
    member.ok("sign-in", name, USERPOOL_PASSWORD=ANOTHER)


def test_a_first_password_needs_no_present_one(member: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    monkeypatch.setattr(User, "change_password", lambda _, *passwords: given.append(passwords))
    member.ok("password", "change", "--first", USERPOOL_NEW_PASSWORD=ANOTHER)
    assert given == [(None, ANOTHER)]


def test_a_forgotten_password_is_reset_by_a_code(member: Shell) -> None:
    name, address = member.variables["USER"], f"{member.variables['USER']}@example.com"
    member.ok("attributes", "verify", "email", "--send")
    member.ok("attributes", "verify", "email", USERPOOL_CODE=newest_code(member, address))
    said = member.ok("password", "forgot", name).splitlines()
    assert said[0].startswith("A code went by EMAIL to ")
    assert said[1] == f"Next: userpool password reset {name}"
    code = newest_code(member, address)
    done = member.ok("password", "reset", name, USERPOOL_CODE=code, USERPOOL_NEW_PASSWORD=ANOTHER)
    assert done.splitlines()[-1] == f"Next: userpool sign-in {name}"
    member.ok("sign-in", name, USERPOOL_PASSWORD=ANOTHER)
    again = member.fails(1, "password", "reset", name, USERPOOL_CODE=code, USERPOOL_NEW_PASSWORD=PASSWORD)
    assert "userpool password forgot USERNAME" in again


def test_without_a_person_the_step_is_named(member: Shell) -> None:
    name = member.variables["USER"]
    assert "Set USERPOOL_PASSWORD" in member.fails(5, "password", "change")
    assert "Set USERPOOL_NEW_PASSWORD" in member.fails(5, "password", "change", USERPOOL_PASSWORD=PASSWORD)
    assert "Set USERPOOL_CODE" in member.fails(5, "password", "reset", name)


def test_a_code_that_went_nobody_says_where(member: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserPool, "forgot_password", lambda *_, **__: None)
    assert member.json("password", "forgot", "ada") == {"delivery": None}
    assert member.ok("password", "forgot", "ada").startswith("A code was sent.\n")


@pytest.fixture
def elsewhere(member: Shell, service: str, tmp_path: Path) -> Shell:
    """The same user's shell on another machine; the pool keeps track of both."""
    with Admin(region="us-east-1", endpoint=service, credentials=no_credentials) as admin:
        request = ops.SET_USER_POOL_SESSION_CONFIGURATION.input(
            user_pool_id=member.variables["USERPOOL_POOL_ID"],
            user_session_tracking="ENABLED",
            token_session=idp.UserPoolTokenSessionConfigType(max_per_user=20),
        )
        admin.call(ops.SET_USER_POOL_SESSION_CONFIGURATION, request)
    there = Shell({**member.variables, "USERPOOL_STORAGE": str(tmp_path / "elsewhere")})
    for one in (member, there):
        one.ok("sign-in", member.variables["USER"], USERPOOL_PASSWORD=PASSWORD)
    return there


def test_sessions_are_listed_and_ended(member: Shell, elsewhere: Shell, terminal: None) -> None:
    found = {one["here"]: one for one in member.json("sessions", "list")["sessions"]}
    here, there = found[True]["id"], found[False]["id"]
    assert elsewhere.json("sessions", "list")["sessions"] != list(found.values())
    listed = member.ok("sessions", "list").splitlines()
    assert listed[0].split()[:2] == ["ID", "DEVICE"]
    assert {tuple(line.split()[:2]) for line in listed[1:]} >= {("*", here)}
    assert member("sessions", "revoke", there, typed="n\n").exit_code == 1
    assert len(member.json("sessions", "list")["sessions"]) == 2
    assert member.ok("sessions", "revoke", there, typed="y\n") == f"The session {there} is over.\n"
    assert [one["id"] for one in member.json("sessions", "list")["sessions"]] == [here]
    elsewhere.fails(3, "refresh")
    again = member.fails(1, "sessions", "revoke", there, "--yes", "--linked")
    assert "ResourceNotFoundException" in again


def test_no_sessions_are_told(member: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "list_user_sessions", lambda *_, **__: Page(()))
    assert member.ok("sessions", "list") == "There are no sessions.\n"
