"""`userpool clients`: make and list the app clients of a pool."""

from __future__ import annotations

import click

from .output import json_option, show, table
from .target import AdminTarget, admin_options, pool_option

FLOWS = ("ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")


@click.group(short_help="Make and list the app clients of a pool.")
def clients() -> None:
    """Make and list the app clients of a pool, as its administrator (see userpool pools --help)."""


@clients.command()
@click.argument("name")
@pool_option
@click.option("--secret", is_flag=True, help="Give it a secret, which is printed; for servers only.")
@click.option(
    "--flow",
    "flows",
    multiple=True,
    metavar="ALLOW_…",
    default=FLOWS,
    show_default=True,
    help="How its users may sign in.",
)
@json_option
@admin_options
def create(target: AdminTarget, name: str, pool_id: str, secret: bool, flows: tuple[str, ...]) -> None:
    """Make an app client."""
    with target.open(pool_id) as admin:
        client = admin.create_user_pool_client(
            name, generate_secret=secret or None, explicit_auth_flows=flows
        )
    data = {"id": client.client_id, "name": client.client_name, "pool_id": pool_id}
    lines = [client.client_id or ""]
    if client.client_secret:
        data["secret"] = client.client_secret
        lines.append(f"Secret, for USERPOOL_CLIENT_SECRET: {client.client_secret}")
    show(data, [*lines, f"Next: userpool sign-up NAME --pool {pool_id} --client-id {client.client_id}"])


@clients.command("list")
@pool_option
@json_option
@admin_options
def list_(target: AdminTarget, pool_id: str) -> None:
    """List the app clients of a pool."""
    with target.open(pool_id) as admin:
        found = [(client.client_id or "", client.client_name or "") for client in admin.user_pool_clients()]
    show({"clients": [{"id": id_, "name": name} for id_, name in found]}, table(["ID", "NAME"], found))
