"""Commands of who is signed in: `whoami`, `refresh`, `sign-out`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from .output import json_option, note, show, when
from .target import Target, client_options, current_user

if TYPE_CHECKING:
    from userpool import User


@click.command()
@json_option
@client_options
def whoami(target: Target) -> None:
    """Show who is signed in, as the service has it now."""
    with target.open() as pool:
        profile = current_user(pool).get_user()
    attributes = dict(profile.attributes)
    width = max(map(len, attributes), default=0)
    show(
        {
            "username": profile.username,
            "attributes": attributes,
            "mfa_methods": list(profile.mfa_methods),
            "preferred_mfa": profile.preferred_mfa,
        },
        [
            profile.username,
            *(f"  {name:{width}}  {value}" for name, value in attributes.items()),
            *([f"  second factors: {', '.join(profile.mfa_methods)}"] if profile.mfa_methods else []),
        ],
    )


@click.command()
@json_option
@client_options
def refresh(target: Target) -> None:
    """Get new tokens now. Other commands do it by themselves when it is time."""
    with target.open() as pool:
        user = current_user(pool)
        user.refresh()
        tell_who(user)


@click.command()
@click.option("--everywhere", is_flag=True, help="On all devices.")
@json_option
@client_options
def sign_out(target: Target, everywhere: bool) -> None:
    """Forget the tokens, and have the service revoke them.

    The tokens are forgotten whether or not the service can be told.
    """
    with target.open() as pool:
        user = current_user(pool)
        name = user.username
        result = user.sign_out(everywhere=everywhere)
    if result.storage_error:
        raise result.storage_error
    if result.error and everywhere:
        note(f"{name} is signed out on this machine only.")
        raise result.error
    if result.error:
        note(f"The service could not be told, so that tokens copied elsewhere live on: {result.error}")
    where = " on all devices" if everywhere else ""
    show({"username": name, "revoked": result.revoked}, [f"{name} is signed out{where}."])


def tell_who(user: User) -> None:
    """Say who is signed in, and until when without a refresh."""
    until = expiry(user.access_token())
    show(
        {"username": user.username, "sub": user.sub, "expires_at": when(until)},
        [
            f"Signed in as {user.username}. The access token is good until "
            f"{until.astimezone():%Y-%m-%d %H:%M:%S %Z}, then it is refreshed."
        ],
    )


def expiry(token: str) -> datetime:
    """When a token ends, as it says itself."""
    from userpool.protocol.tokens import decode_unverified

    return datetime.fromtimestamp(decode_unverified(token)["exp"], UTC)
