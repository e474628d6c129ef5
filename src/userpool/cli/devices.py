"""`userpool devices`: the devices that the pool tracks for who is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import asking
from .failures import Failure
from .output import json_option, note, show, table, when
from .target import Target, client_options, current_user

if TYPE_CHECKING:
    from userpool import SignedIn, User

device_argument = click.argument("device_key", metavar="[KEY]", required=False)


@click.group(short_help="List, remember and forget your devices.")
def devices() -> None:
    """List, remember and forget the devices of who is signed in.

    The pool must track devices (DeviceConfiguration). Without a KEY, this machine is meant.
    """


@devices.command("list")
@json_option
@client_options
def list_(target: Target) -> None:
    """List your devices; this machine is marked."""
    with target.open() as pool:
        user = current_user(pool)
        found, here = list(user.devices()), user.device_key
    rows = [(one.key, one.name or "", one.last_ip or "", when(one.last_authenticated_at)) for one in found]
    members = ("key", "name", "last_ip", "last_authenticated_at")
    marked = [("*" if row[0] == here else "", *row) for row in rows]
    show(
        {"devices": [{**dict(zip(members, row, strict=True)), "here": row[0] == here} for row in rows]},
        table(["", "KEY", "NAME", "LAST ADDRESS", "LAST SIGN-IN"], marked)
        if rows
        else ["There are no devices yet."],
    )


@devices.command()
@device_argument
@click.option("--not", "negated", is_flag=True, help="The other way: know it, and ask for the code again.")
@json_option
@client_options
def remember(target: Target, device_key: str | None, negated: bool) -> None:
    """Let a device stand for the second factor, where the pool is set so."""
    with target.open() as pool:
        user = current_user(pool)
        key = _meant(user, device_key)
        user.update_device_status(not negated, key)
    show(
        {"key": key, "remembered": not negated},
        [f"The device {key} is {'not remembered' if negated else 'remembered'}."],
    )


@devices.command()
@device_argument
@click.option("--yes", is_flag=True, help="Do it without being asked.")
@json_option
@asking.no_input_option
@client_options
def forget(target: Target, device_key: str | None, yes: bool) -> None:
    """Forget a device: its tokens are refreshed no more, and its next sign-in is one from a new device."""
    with target.open() as pool:
        user = current_user(pool)
        key = _meant(user, device_key)
        if not yes:
            asking.confirmed(f"Forget the device {key}?", step="the forgetting of a device")
        user.forget_device(key)
    show({"key": key, "forgotten": True}, [f"The device {key} is forgotten."])


def tell_device(step: SignedIn[User]) -> None:
    """Say what a sign-in has made of this machine, where the pool tracks devices."""
    if step.device_forgotten:
        note("The pool has forgotten this machine, and takes it for a new device.")
    new = step.new_device
    if new is None:
        return
    if not new.confirmed:
        note(
            "The pool tracks devices, and has not taken this one: you may have to sign in more often. "
            f"{new.error or ''}".rstrip()
        )
    elif new.user_confirmation_necessary:
        note("If this machine may stand for your second factor: userpool devices remember")


def _meant(user: User, device_key: str | None) -> str:
    key = device_key or user.device_key
    if key is None:
        raise Failure(
            "This machine is no device that the pool tracks.",
            "Name one: userpool devices list shows their keys.",
        )
    return key
