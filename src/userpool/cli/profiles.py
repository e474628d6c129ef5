"""`userpool profiles`: the pools that a person signs in to, each by a name."""

from __future__ import annotations

import functools

import click

from . import asking
from .failures import BadUsage
from .output import json_option, show, table
from .profile_file import Profile, ProfileFile
from .target import CLIENT_SECRET, Target, client_options, identity_options


@click.group(short_help="Give pools names, for --profile.")
def profiles() -> None:
    """Give pools names, for --profile NAME or USERPOOL_PROFILE.

    They are kept in a file among this user's settings (USERPOOL_PROFILES names another). The first one is the
    default: it counts where neither a pool nor an app client is named.
    """


@profiles.command("list")
@json_option
def list_() -> None:
    """List the profiles; the default is marked."""
    file = ProfileFile()
    found = {name: file.read(name).config for name in file.names}
    show(
        {
            "profiles": [
                {
                    "name": name,
                    "pool": config.user_pool_id,
                    "client_id": config.client_id,
                    "endpoint": config.endpoint,
                    "identity_pool": config.identity_pool_id,
                    "has_secret": config.client_secret is not None,
                    "default": name == file.default,
                }
                for name, config in found.items()
            ],
            "file": str(file.path),
        },
        table(
            ["", "NAME", "POOL", "CLIENT", "ENDPOINT"],
            [
                (
                    "*" if name == file.default else "",
                    name,
                    one.user_pool_id,
                    one.client_id,
                    one.endpoint or "",
                )
                for name, one in found.items()
            ],
        )
        if found
        else ["There are no profiles yet."],
    )


@profiles.command()
@click.argument("name")
@click.option(
    "--with-secret",
    is_flag=True,
    help=f"The app client has a secret: it is asked for, or taken from {CLIENT_SECRET}, and kept.",
)
@click.option("--replace", is_flag=True, help="Put it in the place of the profile that has this name.")
@json_option
@asking.no_input_option
@identity_options
@functools.partial(client_options, default=False)
def add(
    target: Target,
    name: str,
    with_secret: bool,
    replace: bool,
    identity_pool_id: str | None,
    identity_endpoint: str | None,
) -> None:
    """Add a profile, of the options, or of the file that --config names. Comments in the file are lost."""
    from userpool import PoolConfig
    from userpool.protocol.endpoints import parse_pool_id

    file = ProfileFile()
    if name in file.names and not replace:
        raise BadUsage(f"There is a profile {name} already.", "Give --replace, or another name.")
    pool, client = target.names()
    parse_pool_id(pool)
    secret = (
        asking.secret("Client secret", step="the client secret", variable=CLIENT_SECRET)
        if with_secret
        else None
    )
    config = PoolConfig(
        user_pool_id=pool,
        client_id=client,
        client_secret=secret,
        endpoint=target.endpoint,
        issuer=target.issuer,
        allow_insecure_http=target.allow_insecure_http,
        identity_pool_id=identity_pool_id or target.identity_pool_id,
        identity_endpoint=identity_endpoint or target.identity_endpoint,
        password_policy=target.password_policy,
    )
    file.put(name, Profile(config, target.storage))
    file.save()
    show(
        {"name": name, "default": file.default == name, "file": str(file.path)},
        [f"The profile {name} is in {file.path}.", f"Next: userpool sign-in USERNAME --profile {name}"],
    )


@profiles.command()
@click.argument("name")
@json_option
def use(name: str) -> None:
    """Make a profile the default."""
    file = ProfileFile()
    file.use(name)
    file.save()
    show({"name": name, "default": True}, [f"{name} is the default now."])


@profiles.command()
@click.argument("name")
@json_option
def remove(name: str) -> None:
    """Remove a profile. Who is signed in with it stays so: sign out first."""
    file = ProfileFile()
    file.remove(name)
    file.save()
    show({"name": name, "removed": True}, [f"The profile {name} is removed."])
