"""`userpool passkeys`: the passkeys of who is signed in."""

from __future__ import annotations

import click

from . import asking
from .output import json_option, show, table, when
from .security_key import security_key
from .target import Target, client_options, current_user


@click.group(short_help="Make, list and delete your passkeys.")
def passkeys() -> None:
    """Make, list and delete the passkeys of who is signed in.

    The pool must allow WEB_AUTHN as a first factor, and the app client ALLOW_USER_AUTH.
    """


@passkeys.command("list")
@json_option
@client_options
def list_(target: Target) -> None:
    """List your passkeys."""
    with target.open() as pool:
        found = list(current_user(pool).web_authn_credentials())
    rows = [
        (one.credential_id, one.friendly_name, one.relying_party_id, when(one.created_at)) for one in found
    ]
    members = ("id", "name", "relying_party_id", "created_at")
    show(
        {"passkeys": [dict(zip(members, row, strict=True)) for row in rows]},
        table(["ID", "NAME", "RELYING PARTY", "CREATED"], rows) if rows else ["There are no passkeys yet."],
    )


@passkeys.command()
@json_option
@asking.no_input_option
@client_options
def register(target: Target) -> None:
    """Make a passkey on the security key that is plugged in, and register it.

    It needs the extra fido2: pip install 'userpool[fido2]'.
    """
    with target.open() as pool:
        user = current_user(pool)
        credential_id = user.register_passkey(security_key("the security key"))
    show(
        {"id": credential_id},
        [
            f"The passkey {credential_id} is registered.",
            f"Next: userpool sign-in {user.username} --flow choice --factor WEB_AUTHN",
        ],
    )


@passkeys.command()
@click.argument("credential_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do it without being asked.")
@json_option
@asking.no_input_option
@client_options
def delete(target: Target, credential_id: str, yes: bool) -> None:
    """Delete a passkey, by the ID that the list gives.

    What is on the security key itself stays there: the service no longer takes it.
    """
    with target.open() as pool:
        user = current_user(pool)
        if not yes:
            asking.confirmed(f"Delete the passkey {credential_id}?", step="the deletion of a passkey")
        user.delete_web_authn_credential(credential_id)
    show({"id": credential_id, "deleted": True}, [f"The passkey {credential_id} is deleted."])
