"""`userpool password`: a new one, for who is signed in and for who has forgotten it."""

from __future__ import annotations

import click

from . import asking
from .accounts import delivery_data, sent
from .output import json_option, show
from .target import Target, client_options, current_user


@click.group(short_help="Change a password, or reset a forgotten one.")
def password() -> None:
    """Change a password, or reset a forgotten one.

    The new password is asked for, or taken from USERPOOL_NEW_PASSWORD.
    """


@password.command()
@click.option("--first", is_flag=True, help="You have no password yet.")
@json_option
@asking.no_input_option
@client_options
def change(target: Target, first: bool) -> None:
    """Replace the password of who is signed in.

    The present one is asked for, or taken from USERPOOL_PASSWORD.
    """
    with target.open() as pool:
        user = current_user(pool)
        present = (
            None
            if first
            else asking.secret("Present password", step="the present password", variable=asking.PASSWORD)
        )
        user.change_password(present, _new_password())
    show({"username": user.username, "changed": True}, [f"The password of {user.username} is changed."])


@password.command()
@click.argument("username")
@json_option
@client_options
def forgot(target: Target, username: str) -> None:
    """Have a code sent that allows a new password."""
    with target.open() as pool:
        delivery = pool.forgot_password(username)
    show(
        {"delivery": delivery_data(delivery)},
        [sent(delivery), f"Next: userpool password reset {username}"],
    )


@password.command()
@click.argument("username")
@json_option
@asking.no_input_option
@client_options
def reset(target: Target, username: str) -> None:
    """Set a new password with the code that was sent.

    The code is asked for, or taken from USERPOOL_CODE.
    """
    with target.open() as pool:
        code = asking.secret("Code", step="the code for a new password", variable=asking.CODE)
        pool.confirm_forgot_password(username, code.strip(), _new_password())
    show(
        {"username": username, "reset": True},
        [f"The password of {username} is set.", f"Next: userpool sign-in {username}"],
    )


def _new_password() -> str:
    return asking.secret("New password", step="the new password", variable=asking.NEW_PASSWORD, twice=True)
