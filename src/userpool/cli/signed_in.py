"""`userpool accounts`: everybody who is signed in on this machine."""

from __future__ import annotations

import click

from .failures import NotSignedIn
from .output import json_option, show, table
from .target import Target, client_options


@click.group(short_help="List who is signed in here, and switch between them.")
def accounts() -> None:
    """List who is signed in on this machine to the app client, and switch between them.

    Other commands act for the current one: who signed in last, or was switched to.
    """


@accounts.command("list")
@json_option
@client_options
def list_(target: Target) -> None:
    """List who is signed in; the current one is marked."""
    with target.open() as pool:
        now = pool.current_user()
        rows = [
            (
                now is not None and one.sub == now.sub,
                one.username,
                str(one.id_claims.get("email", "")),
                one.sub,
            )
            for one in pool.users()
        ]
    members = ("current", "username", "email", "sub")
    show(
        {"accounts": [dict(zip(members, row, strict=True)) for row in rows]},
        table(["", "USERNAME", "E-MAIL", "SUB"], [("*" if current else "", *row) for current, *row in rows])
        if rows
        else ["Nobody is signed in."],
    )


@accounts.command()
@click.argument("username")
@json_option
@client_options
def switch(target: Target, username: str) -> None:
    """Make another account the current one, by its user name, e-mail address or sub."""
    with target.open() as pool:
        user = pool.switch_user(username)
    show({"username": user.username, "sub": user.sub}, [f"{user.username} is the current account."])


@accounts.command()
@click.argument("username")
@json_option
@client_options
def remove(target: Target, username: str) -> None:
    """Drop an account's tokens from this machine. The service is told nothing: see userpool sign-out."""
    with target.open() as pool:
        if not pool.remove_user(username):
            raise NotSignedIn(f"{username} is not signed in here.", "See who is: userpool accounts list.")
    show({"username": username, "removed": True}, [f"{username} is removed from this machine."])
