"""`userpool accounts`: several people on one machine."""

from __future__ import annotations

from tests.cli.conftest import PASSWORD, Shell, with_ada


def test_accounts_are_listed_switched_and_removed(shell: Shell) -> None:
    with_ada(shell)
    assert shell.ok("accounts", "list") == "Nobody is signed in.\n"
    shell.ok("users", "create", "bob", "-a", "email=bob@example.com", "--no-invite")
    shell.ok("users", "set-password", "bob", USERPOOL_NEW_PASSWORD=PASSWORD)
    for name in ("ada", "bob"):
        shell.ok("sign-in", name, USERPOOL_PASSWORD=PASSWORD)
    listed = shell.ok("accounts", "list").splitlines()
    assert listed[0].split() == ["USERNAME", "E-MAIL", "SUB"]
    assert listed[1].split()[:2] == ["ada", "ada@example.com"]
    assert listed[2].split()[:3] == ["*", "bob", "bob@example.com"]
    ada = shell.json("accounts", "list")["accounts"][0]
    assert (ada["username"], ada["current"]) == ("ada", False)
    assert shell.ok("accounts", "switch", ada["sub"]) == "ada is the current account.\n"
    assert shell.json("whoami")["username"] == "ada"
    assert shell.json("accounts", "remove", "bob") == {"username": "bob", "removed": True}
    assert [one["username"] for one in shell.json("accounts", "list")["accounts"]] == ["ada"]
    assert "userpool accounts list" in shell.fails(3, "accounts", "remove", "bob")
    assert "bob" in shell.fails(3, "accounts", "switch", "bob")
