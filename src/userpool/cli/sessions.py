"""`userpool sessions`: where who is signed in is signed in."""

from __future__ import annotations

import click

from . import asking
from .output import json_option, show, table, when
from .target import Target, client_options, current_user


@click.group(short_help="List where you are signed in, and end it.")
def sessions() -> None:
    """List where who is signed in is signed in, and end it.

    The pool must keep track of sessions.
    """


@sessions.command("list")
@json_option
@client_options
def list_(target: Target) -> None:
    """List where you are signed in; this place is marked."""
    with target.open() as pool:
        found = list(current_user(pool).user_sessions())
    show(
        {
            "sessions": [
                {
                    "id": one.session_id,
                    "type": one.session_type,
                    "client_id": one.client_id,
                    "device": one.device_type,
                    "last_ip": one.last_ip_address,
                    "city": one.city,
                    "country": one.country,
                    "created_at": when(one.created_at),
                    "last_active_at": when(one.last_active_at),
                    "here": one.is_current,
                }
                for one in found
            ]
        },
        table(
            ["", "ID", "DEVICE", "LAST ADDRESS", "PLACE", "LAST ACTIVE"],
            [
                (
                    "*" if one.is_current else "",
                    one.session_id,
                    one.device_type or "",
                    one.last_ip_address or "",
                    ", ".join(filter(None, (one.city, one.country))),
                    when(one.last_active_at),
                )
                for one in found
            ],
        )
        if found
        else ["There are no sessions."],
    )


@sessions.command()
@click.argument("session_id", metavar="ID")
@click.option("--linked", is_flag=True, help="The sessions that belong together with it as well.")
@click.option("--yes", is_flag=True, help="Do it without being asked.")
@json_option
@asking.no_input_option
@client_options
def revoke(target: Target, session_id: str, linked: bool, yes: bool) -> None:
    """End a session, by the ID that the list gives. To end this one: userpool sign-out."""
    with target.open() as pool:
        user = current_user(pool)
        if not yes:
            asking.confirmed(f"End the session {session_id}?", step="the end of a session")
        user.revoke_user_session(session_id, revoke_associated_sessions="LINKED" if linked else None)
    show({"id": session_id, "revoked": True}, [f"The session {session_id} is over."])
