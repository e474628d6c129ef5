"""The commands, each loaded when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from userpool import __version__

from .failures import Failure, explain
from .output import AS_JSON

COMMANDS = {
    "demo": "demo",
    "serve": "serve",
    "keys": "keys",
    "outbox": "outbox",
    "pools": "pools",
    "clients": "clients",
    "users": "users",
    "profiles": "profiles",
    "sign-up": "accounts",
    "confirm": "accounts",
    "sign-in": "sign_in",
    "whoami": "session",
    "attributes": "attributes",
    "password": "password",
    "mfa": "mfa",
    "passkeys": "passkeys",
    "devices": "devices",
    "sessions": "sessions",
    "token": "token",
    "totp": "seed",
    "credentials": "credentials",
    "refresh": "session",
    "accounts": "signed_in",
    "sign-out": "session",
    "completion": "completion",
}
"""Which file of this folder each command is in, in the order that help lists them."""


class Commands(click.Group):
    """Loads a command when it is called, and tells expected errors in plain words."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".{COMMANDS[cmd_name]}", __package__)
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was called."""
        try:
            return super().invoke(ctx)
        except (click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            failure = error if isinstance(error, Failure) else explain(error)
            if failure is None:
                raise
            failure.as_json = bool(ctx.meta.get(AS_JSON))
            if failure is error:
                raise
            raise failure from error


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 refused, 2 called wrongly, 3 not signed in, 4 no answer from the service, "
    "5 a step needs a person and there is no terminal, 6 something on this machine (a file, a key, a port).",
)
@click.version_option(__version__, prog_name="userpool")
def userpool() -> None:
    """Amazon Cognito user pools: sign in to one, or run your own.

    Commands that talk to a pool take it from --pool, --client-id and --endpoint, or from USERPOOL_POOL_ID,
    USERPOOL_CLIENT_ID and USERPOOL_ENDPOINT, from --config FILE, or from --profile NAME. Secrets are never
    options: they are asked for, or taken from the environment (USERPOOL_PASSWORD, USERPOOL_CLIENT_SECRET …).
    """


def main() -> None:
    """Run the command `userpool`, and end this process."""
    userpool(prog_name="userpool")
