"""`userpool credentials`: AWS credentials of who is signed in, for AWS's own tools."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import click

from .failures import BadUsage
from .target import Target, client_options, current_user, identity_options

if TYPE_CHECKING:
    from userpool import AwsCredentials, IdentityPool


@click.command(short_help="Print AWS credentials from an identity pool.")
@identity_options
@click.option("--role", metavar="ARN", help="Which of the roles that the token names.")
@click.option("--guest", is_flag=True, help="Those of a guest: nobody needs to be signed in.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["process", "env"]),
    default="process",
    show_default=True,
    help="JSON for credential_process, or lines for eval in a shell.",
)
@client_options
def credentials(
    target: Target,
    identity_pool_id: str | None,
    identity_endpoint: str | None,
    role: str | None,
    guest: bool,
    form: str,
) -> None:
    """Print AWS credentials of who is signed in, from an identity pool.

    AWS's tools call it themselves, and again when the credentials end, with this in ~/.aws/config:
    credential_process = userpool credentials --profile NAME
    """
    if guest and role:
        raise click.BadParameter("A guest has no token that names roles.", param_hint="--role")
    identities = _identity_pool(target, identity_pool_id, identity_endpoint)
    with identities:
        if guest:
            found = identities.guest().credentials()
        else:
            with target.open() as pool:
                found = identities.of_user(current_user(pool), role_arn=role).credentials()
    click.echo(json.dumps(_process(found)) if form == "process" else _lines(found, identities.config.region))


def _identity_pool(target: Target, named: str | None, endpoint: str | None) -> IdentityPool:
    from userpool import FileStorage, IdentityPool

    pool_id = named or target.identity_pool_id
    if pool_id is None:
        raise BadUsage(
            "It is not said which identity pool is meant.",
            "Give --identity-pool, or set USERPOOL_IDENTITY_POOL_ID, or name it in the profile.",
        )
    return IdentityPool(
        pool_id,
        endpoint=endpoint or target.identity_endpoint,
        allow_insecure_http=target.allow_insecure_http,
        storage=FileStorage(target.storage),
    )


def _process(found: AwsCredentials) -> dict[str, str | int]:
    """As AWS's tools take it from a `credential_process`."""
    return {
        "Version": 1,
        "AccessKeyId": found.access_key_id,
        "SecretAccessKey": found.secret_access_key,
        "SessionToken": found.session_token,
        "Expiration": found.expires_at.isoformat(timespec="seconds"),
    }


def _lines(found: AwsCredentials, region: str) -> str:
    variables = {
        "AWS_ACCESS_KEY_ID": found.access_key_id,
        "AWS_SECRET_ACCESS_KEY": found.secret_access_key,
        "AWS_SESSION_TOKEN": found.session_token,
        "AWS_REGION": region,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
