"""`userpool serve`: run a user pool service."""

from __future__ import annotations

import click

from .failures import service_errors


@click.command(short_help="Run a user pool service.")
@click.option("--host", envvar="USERPOOL_HOST", default="127.0.0.1", show_default=True, show_envvar=True)
@click.option(
    "--port",
    envvar="USERPOOL_PORT",
    type=click.IntRange(0, 65535),
    default=9339,
    show_default=True,
    show_envvar=True,
    help="0 takes any that is free.",
)
@click.option(
    "--database",
    envvar="USERPOOL_DATABASE",
    default="sqlite:///userpool.db",
    show_default=True,
    show_envvar=True,
    help="sqlite:///PATH, sqlite:///:memory: or postgresql://…",
)
@click.option(
    "--issuer",
    envvar="USERPOOL_ISSUER",
    metavar="URL",
    show_envvar=True,
    help="What tokens say issued them; by default AWS's form.",
)
@click.option(
    "--seed",
    envvar="USERPOOL_SEED",
    type=click.Path(exists=True, dir_okay=False),
    show_envvar=True,
    help="A TOML file with pools, app clients and users to make.",
)
@click.option(
    "--keys",
    "keys_file",
    envvar="USERPOOL_KEYS",
    type=click.Path(),
    show_envvar=True,
    help="The key file; by default userpool.keys, where it is there.",
)
@click.option("--region", envvar="USERPOOL_REGION", default="us-east-1", show_default=True, show_envvar=True)
@click.option(
    "--threads",
    envvar="USERPOOL_THREADS",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    show_envvar=True,
    help="Requests that are worked on at once.",
)
@click.option(
    "--passkey-origin",
    "passkey_origins",
    envvar="USERPOOL_PASSKEY_ORIGINS",
    multiple=True,
    metavar="ORIGIN",
    show_envvar=True,
    help="Take passkeys from this origin only, such as https://app.example.com; may be given several times. "
    "By default from the relying party's host and the hosts below it.",
)
@click.option(
    "--passkey-fresh",
    "passkey_fresh_seconds",
    envvar="USERPOOL_PASSKEY_FRESH",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    show_envvar=True,
    help="Let users register a passkey for so long after they signed in; by default for as long as their "
    "tokens last.",
)
@click.option(
    "--triggers",
    envvar="USERPOOL_TRIGGERS",
    metavar="MODULE:OBJECT",
    show_envvar=True,
    help="Functions of yours that take part in sign-ups and sign-ins: a userpool.service.triggers.Triggers "
    "in a module of the working directory, or wherever Python finds modules.",
)
@click.option(
    "--development",
    envvar="USERPOOL_DEVELOPMENT",
    is_flag=True,
    show_envvar=True,
    help="Anybody who reaches the port is an administrator, reads the outbox and moves the clock.",
)
def serve(
    host: str,
    port: int,
    database: str,
    issuer: str | None,
    seed: str | None,
    keys_file: str | None,
    region: str,
    threads: int,
    passkey_origins: tuple[str, ...],
    passkey_fresh_seconds: float | None,
    triggers: str | None,
    development: bool,
) -> None:
    """Run a user pool service, until it is told to stop by SIGTERM or Ctrl-C.

    Prints one line with its URL when it is ready; GET /health then answers 200. Point this command, Amplify,
    boto3 or any other client of Cognito at the URL. Without --development it wants keys first: userpool keys
    create --admin NAME.
    """
    with service_errors("serving a user pool"):
        import logging
        import sys

        from userpool.service.serve import Options
        from userpool.service.serve import serve as run

        logging.basicConfig(
            level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
        )
        run(
            Options(
                host=host,
                port=port,
                database=database,
                issuer=issuer,
                seed=seed,
                development=development,
                keys_file=keys_file,
                region=region,
                threads=threads,
                passkey_origins=passkey_origins,
                passkey_fresh_seconds=passkey_fresh_seconds,
                triggers=triggers,
            )
        )
