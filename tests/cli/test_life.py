"""The command against a service, from an empty one to a user who has signed out."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PASSWORD, Shell, with_pool
from userpool import FileStorage, SignUpResult, StorageError, Tokens, User, UserPool
from userpool.protocol.tokens import decode_unverified


def test_from_an_empty_service_to_a_sign_out(shell: Shell) -> None:
    assert "Next: userpool clients create" in shell.ok("pools", "create", "shop")
    with_pool(shell)
    pool, client = shell.variables["USERPOOL_POOL_ID"], shell.variables["USERPOOL_CLIENT_ID"]
    assert pool in shell.ok("pools", "list")
    assert [one["name"] for one in shell.json("pools", "list")["pools"] if one["id"] == pool] == ["cli"]
    assert shell.json("clients", "list") == {"clients": [{"id": client, "name": "cli"}]}
    said = shell.ok("sign-up", "ada", "-a", "email=ada@example.com", USERPOOL_PASSWORD=PASSWORD)
    assert said.splitlines() == [
        "ada is signed up.",
        "A code went by EMAIL to a***@e***.",
        "Next: userpool confirm ada",
    ]
    refused = shell.fails(1, "sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    assert "UserNotConfirmedException" in refused
    assert "userpool confirm USERNAME" in refused
    shell.ok("confirm", "ada", "--resend")
    code = shell.ok("outbox", "--to", "ada@example.com", "--code").strip()
    assert code in shell.ok("outbox")
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert "CodeMismatchException" in shell.fails(1, "confirm", "ada", USERPOOL_CODE=wrong)
    assert "Next: userpool sign-in ada" in shell.ok("confirm", "ada", USERPOOL_CODE=code)

    said = shell.fails(1, "sign-in", "ada", USERPOOL_PASSWORD="wrong-horse-7")
    assert "NotAuthorizedException: Incorrect username or password." in said
    assert "Check the user name and the password." in said
    assert "wrong-horse-7" not in said
    assert "Nobody is signed in" in shell.fails(3, "whoami")
    assert shell.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD).startswith("Signed in as ada.")
    who = shell.ok("whoami").splitlines()
    assert who[0] == "ada"
    assert "  email           ada@example.com" in who
    sub = shell.json("whoami")["attributes"]["sub"]

    access, identity = shell.ok("token").strip(), shell.ok("token", "--id").strip()
    assert decode_unverified(access)["token_use"] == "access"
    assert decode_unverified(identity)["email"] == "ada@example.com"
    told = shell.json("token")
    assert told["token"] == access
    assert datetime.fromisoformat(told["expires_at"]).timestamp() == decode_unverified(access)["exp"]
    assert shell.json("refresh")["sub"] == sub
    assert shell.ok("token").strip() != access
    assert shell.ok("sign-out") == "ada is signed out.\n"
    for command in ("whoami", "token", "refresh", "sign-out"):
        assert "Sign in first: userpool sign-in USERNAME." in shell.fails(3, command)


def test_tokens_are_kept_for_their_owner_alone(member: Shell) -> None:
    member.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    folder = Path(member.variables["USERPOOL_STORAGE"])
    files = list(folder.iterdir())
    assert files
    if os.name == "posix":
        assert {file.stat().st_mode & 0o077 for file in [folder, *files]} == {0}


def test_the_clear_password_flow_is_asked_for_by_name(member: Shell) -> None:
    member.ok("sign-in", "ada", "--flow", "password", USERPOOL_PASSWORD=PASSWORD)
    assert member.json("whoami")["username"] == "ada"


def test_a_factor_is_one_of_a_choice(member: Shell) -> None:
    said = member.fails(2, "sign-in", "ada", "--factor", "EMAIL_OTP")
    assert "--flow choice" in said


@pytest.mark.parametrize(
    ("options", "auth_flow", "factor", "password"),
    [
        ([], "USER_SRP_AUTH", None, PASSWORD),
        (["--flow", "choice"], "USER_AUTH", None, None),
        (["--flow", "choice", "--factor", "EMAIL_OTP"], "USER_AUTH", "EMAIL_OTP", None),
        (["--flow", "choice", "--factor", "PASSWORD"], "USER_AUTH", "PASSWORD", PASSWORD),
        (["--flow", "custom"], "CUSTOM_AUTH", None, None),
        (["--flow", "custom-srp"], "CUSTOM_AUTH", None, PASSWORD),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_the_flow_decides_whether_the_password_is_wanted(
    member: Shell,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    auth_flow: str,
    factor: str | None,
    password: str | None,
) -> None:
    genuine = UserPool.sign_in
    asked: list[Any] = []

    def sign_in(pool: UserPool, username: str, given: str | None, **more: Any) -> Any:
        asked.append((username, given, more["auth_flow"], more["preferred_challenge"]))
        return genuine(pool, username, PASSWORD)

    monkeypatch.setattr(UserPool, "sign_in", sign_in)
    member.ok("sign-in", "ada", *options, USERPOOL_PASSWORD=PASSWORD)
    assert asked == [("ada", password, auth_flow, factor)]


def test_signing_out_everywhere_ends_other_sign_ins(member: Shell, tmp_path: Path) -> None:
    elsewhere = Shell({**member.variables, "USERPOOL_STORAGE": str(tmp_path / "elsewhere")})
    for one in (member, elsewhere):
        one.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    assert member.json("sign-out", "--everywhere") == {"username": "ada", "revoked": True}
    assert "Sign in again: userpool sign-in" in elsewhere.fails(3, "whoami")
    assert "sign in again" in elsewhere.fails(3, "refresh")


def test_a_sign_out_without_the_service_is_one_all_the_same(member: Shell) -> None:
    member.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    done = member("sign-out", "--json", USERPOOL_ENDPOINT="http://127.0.0.1:1")
    assert done.exit_code == 0
    assert '"revoked": false' in done.stdout
    assert "The service could not be told" in done.stderr
    member.fails(3, "whoami")


def test_other_sign_ins_that_could_not_be_ended_are_told(member: Shell) -> None:
    member.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    said = member.fails(4, "sign-out", "--everywhere", USERPOOL_ENDPOINT="http://127.0.0.1:1")
    assert "ada is signed out on this machine only." in said
    member.fails(3, "whoami")


def test_tokens_that_could_not_be_forgotten_are_told(member: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    member.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)

    def stuck(*_: object) -> None:
        raise StorageError("The tokens are still in the folder.")

    monkeypatch.setattr(FileStorage, "delete", stuck)
    assert "still in the folder" in member.fails(6, "sign-out")


def test_a_client_with_a_secret_takes_it_from_the_environment(member: Shell) -> None:
    made = member.json("clients", "create", "server", "--secret")
    printed = member.ok("clients", "create", "another", "--secret")
    assert "USERPOOL_CLIENT_SECRET" in printed
    member.variables["USERPOOL_CLIENT_ID"] = made["id"]
    refused = member.fails(1, "sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    assert "Set USERPOOL_CLIENT_SECRET" in refused
    member.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD, USERPOOL_CLIENT_SECRET=made["secret"])


def test_users_are_made_and_listed(shell: Shell) -> None:
    with_pool(shell, "--alias", "email")
    made = shell.ok("users", "create", "ada", "-a", "email=ada@example.com")
    assert made == "ada is made, with the status FORCE_CHANGE_PASSWORD.\n"
    invitation = shell.json("outbox", "--to", "ada@example.com")["messages"][-1]
    assert (invitation["username"], invitation["purpose"]) == ("ada", "invitation")
    shell.ok("users", "create", "bob", "--no-invite", USERPOOL_TEMPORARY_PASSWORD=PASSWORD)
    unknown = shell("users", "create", "carl")
    assert "userpool users set-password carl" in unknown.stderr
    assert len(shell.json("users", "list", "--limit", "2")["users"]) == 2
    found = shell.json("users", "list", "--filter", 'email ^= "ada"')["users"]
    assert [(one["username"], one["status"]) for one in found] == [("ada", "FORCE_CHANGE_PASSWORD")]
    listed = shell.ok("users", "list").splitlines()
    assert listed[0].split() == ["USERNAME", "STATUS", "E-MAIL"]
    assert {line.split()[0] for line in listed[1:]} == {"ada", "bob", "carl"}


def test_pools_may_want_e_mail_addresses_as_names_or_as_aliases(shell: Shell) -> None:
    with_pool(shell, "--username", "email")
    shell.ok("sign-up", "ada@example.com", USERPOOL_PASSWORD=PASSWORD)
    both = shell.fails(2, "pools", "create", "x", "--username", "email", "--alias", "email")
    assert "not both" in both


def test_an_attribute_is_a_name_and_a_value(member: Shell) -> None:
    for wrong in ("email", "=x"):
        said = member.fails(2, "sign-up", "bob", "-a", wrong, USERPOOL_PASSWORD=PASSWORD)
        assert "is not NAME=VALUE" in said


def test_a_taken_name_and_a_weak_password_are_told(member: Shell) -> None:
    taken = member.fails(1, "sign-up", "ada", USERPOOL_PASSWORD=PASSWORD)
    assert "UsernameExistsException" in taken
    weak = member.fails(1, "sign-up", "bob", USERPOOL_PASSWORD="weak")
    assert "Choose a password that keeps to this rule." in weak


def test_errors_as_json_say_all_that_is_known(member: Shell) -> None:
    said = json.loads(member.fails(1, "sign-in", "ada", "--json", USERPOOL_PASSWORD="wrong-horse-7"))
    error = said["error"]
    assert (error["code"], error["reason"]) == ("NotAuthorizedException", "bad_credentials")
    assert (error["exit_code"], error["advice"]) == (1, "Check the user name and the password.")
    assert error["request_id"]
    said = json.loads(member.fails(3, "whoami", "--json"))
    assert said["error"]["exit_code"] == 3


def test_a_sign_up_says_what_comes_next(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with_pool(shell, "--verify", "phone_number")
    said = shell.ok("sign-up", "ada", "-a", "email=ada@example.com", USERPOOL_PASSWORD=PASSWORD)
    assert "It waits for an administrator: userpool users confirm ada" in said
    assert shell.ok("users", "confirm", "ada") == "ada is confirmed.\n"
    shell.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    at_once = SignUpResult("bob", "sub", confirmed=True)
    monkeypatch.setattr(UserPool, "sign_up", lambda *_, **__: at_once)
    assert "Next: userpool sign-in bob" in shell.ok("sign-up", "bob", USERPOOL_PASSWORD=PASSWORD)
    assert shell.json("sign-up", "bob", USERPOOL_PASSWORD=PASSWORD) == {
        "user_sub": "sub",
        "confirmed": True,
        "delivery": None,
    }


def test_no_id_token_is_told(member: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    member.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    monkeypatch.setattr(User, "tokens", lambda _: Tokens(access_token="a.b.c"))
    assert "There is no ID token." in member.fails(1, "token", "--id")
