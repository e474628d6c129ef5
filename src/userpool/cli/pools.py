"""`userpool pools`: make and list user pools."""

from __future__ import annotations

import click

from .output import json_option, show, table, when
from .target import AdminTarget, admin_options


@click.group(short_help="Make and list user pools.")
def pools() -> None:
    """Make and list user pools, as their administrator.

    AWS credentials, or the admin keys of a service of your own, come from AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY; otherwise boto3 is asked for them, where it is installed.
    """


@pools.command()
@click.argument("name")
@click.option(
    "--username",
    "username_attributes",
    multiple=True,
    type=click.Choice(["email", "phone_number"]),
    help="Users sign in with this in place of a user name.",
)
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    type=click.Choice(["email", "phone_number", "preferred_username"]),
    help="Users may also sign in with this.",
)
@click.option(
    "--verify",
    "verified",
    multiple=True,
    type=click.Choice(["email", "phone_number"]),
    default=["email"],
    show_default=True,
    help="Where sign-up codes go.",
)
@click.option(
    "--totp",
    type=click.Choice(["off", "optional", "on"]),
    default="off",
    show_default=True,
    help="Authenticator apps as a second factor.",
)
@json_option
@admin_options
def create(
    target: AdminTarget,
    name: str,
    username_attributes: tuple[str, ...],
    aliases: tuple[str, ...],
    verified: tuple[str, ...],
    totp: str,
) -> None:
    """Make a pool. All else has the defaults of Cognito's API."""
    from userpool.protocol.shapes import idp

    if username_attributes and aliases:
        raise click.UsageError("A pool has --username or --alias, not both.")
    with target.open() as admin:
        pool = admin.create_user_pool(
            name,
            username_attributes=username_attributes or None,
            alias_attributes=aliases or None,
            auto_verified_attributes=verified,
        )
        if totp != "off":
            admin.set_user_pool_mfa_config(
                user_pool_id=pool.id,
                software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
                mfa_configuration=totp.upper(),
            )
    show(
        {"id": pool.id, "name": pool.name},
        [f"{pool.id}", f"Next: userpool clients create NAME --pool {pool.id}"],
    )


@pools.command("list")
@json_option
@admin_options
def list_(target: AdminTarget) -> None:
    """List all pools."""
    with target.open() as admin:
        found = [(pool.id or "", pool.name or "", when(pool.creation_date)) for pool in admin.user_pools()]
    names = ("id", "name", "created_at")
    show(
        {"pools": [dict(zip(names, row, strict=True)) for row in found]},
        table(["ID", "NAME", "MADE"], found),
    )
