"""`userpool attributes`, `password` and `sessions`, against a service on a port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.cli.conftest import PASSWORD, Shell, with_pool
from tests.client.helpers import fresh_name
from userpool import CodeDelivery, User, UserPool, UserSession
from userpool.flows.results import Page

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


HERE = UserSession(session_id="one", is_current=True, device_type="Linux", city="Bern", country="CH")
THERE = UserSession(session_id="two", last_ip_address="192.0.2.7")


def test_sessions_are_listed_and_ended(
    member: Shell, monkeypatch: pytest.MonkeyPatch, terminal: None
) -> None:
    ended: list[Any] = []
    monkeypatch.setattr(User, "list_user_sessions", lambda *_, **__: Page((HERE, THERE)))
    monkeypatch.setattr(User, "revoke_user_session", lambda _, one, **more: ended.append((one, more)))
    listed = member.ok("sessions", "list").splitlines()
    assert listed[1].split() == ["*", "one", "Linux", "Bern,", "CH"]
    assert listed[2].split() == ["two", "192.0.2.7"]
    assert [one["here"] for one in member.json("sessions", "list")["sessions"]] == [True, False]
    assert member("sessions", "revoke", "two", typed="n\n").exit_code == 1
    assert ended == []
    assert member.json("sessions", "revoke", "two", "--yes", "--linked") == {"id": "two", "revoked": True}
    member.ok("sessions", "revoke", "two", typed="y\n")
    assert ended == [
        ("two", {"revoke_associated_sessions": "LINKED"}),
        ("two", {"revoke_associated_sessions": None}),
    ]
    monkeypatch.setattr(User, "list_user_sessions", lambda *_, **__: Page(()))
    assert member.ok("sessions", "list") == "There are no sessions.\n"
