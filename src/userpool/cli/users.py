"""`userpool users`: make and list the users of a pool."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import click

from . import asking
from .accounts import attributes_of
from .output import json_option, note, show, table, when
from .target import AdminTarget, admin_options, pool_option

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.common import UserType

TEMPORARY_PASSWORD = "USERPOOL_TEMPORARY_PASSWORD"


@click.group(short_help="Make and list the users of a pool.")
def users() -> None:
    """Make and list the users of a pool, as its administrator (see userpool pools --help)."""


@users.command()
@click.argument("username")
@pool_option
@click.option("-a", "--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="Such as email=…")
@click.option("--invite/--no-invite", default=True, show_default=True, help="Send the temporary password.")
@json_option
@admin_options
def create(
    target: AdminTarget, username: str, pool_id: str, attributes: tuple[str, ...], invite: bool
) -> None:
    """Make a user, who chooses a password at the first sign-in.

    The temporary password comes from USERPOOL_TEMPORARY_PASSWORD; without it the service makes one.
    """
    given = attributes_of(attributes)
    password = os.environ.get(TEMPORARY_PASSWORD) or None
    with target.open(pool_id) as admin:
        user = admin.admin_create_user(
            username,
            given,
            temporary_password=password,
            desired_delivery_mediums=["EMAIL"] if invite and "email" in given else None,
            message_action=None if invite else "SUPPRESS",
        )
    show(_data(user), [f"{user.username} is made, with the status {user.user_status}."])
    invited = invite and not given.keys().isdisjoint({"email", "phone_number"})
    if not (password or invited):
        note(f"Nobody knows the password. Set one: userpool users set-password {username}")


@users.command("set-password")
@click.argument("username")
@pool_option
@click.option("--temporary", is_flag=True, help="To be replaced at the next sign-in.")
@json_option
@asking.no_input_option
@admin_options
def set_password(target: AdminTarget, username: str, pool_id: str, temporary: bool) -> None:
    """Set a user's password. It is asked for, or taken from USERPOOL_NEW_PASSWORD."""
    with target.open(pool_id) as admin:
        password = asking.secret(
            "New password", step="the new password", variable=asking.NEW_PASSWORD, twice=True
        )
        admin.admin_set_user_password(username, password, permanent=not temporary)
    show({"username": username, "temporary": temporary}, [f"The password of {username} is set."])


@users.command()
@click.argument("username")
@pool_option
@json_option
@admin_options
def confirm(target: AdminTarget, username: str, pool_id: str) -> None:
    """Confirm a user's sign-up without its code."""
    with target.open(pool_id) as admin:
        admin.admin_confirm_sign_up(username)
    show({"username": username, "confirmed": True}, [f"{username} is confirmed."])


@users.command("list")
@pool_option
@click.option(
    "--filter", "condition", metavar="TEXT", help="""Such as 'email ^= "ada"' or 'status = "Enabled"'."""
)
@click.option("--limit", type=click.IntRange(min=1), help="How many at most.")
@json_option
@admin_options
def list_(target: AdminTarget, pool_id: str, condition: str | None, limit: int | None) -> None:
    """List the users of a pool."""
    with target.open(pool_id) as admin:
        found = [_data(user) for user in itertools.islice(admin.users(filter=condition), limit)]
    rows = [
        [
            one["username"],
            one["status"],
            "" if one["enabled"] else "disabled",
            one["attributes"].get("email", ""),
        ]
        for one in found
    ]
    show({"users": found}, table(["USERNAME", "STATUS", "", "E-MAIL"], rows))


def _data(user: UserType) -> dict[str, Any]:
    return {
        "username": user.username or "",
        "status": user.user_status or "",
        "enabled": user.enabled is not False,
        "created_at": when(user.user_create_date),
        "attributes": {one.name: one.value or "" for one in user.attributes or ()},
    }
