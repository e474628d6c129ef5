"""`userpool completion`: what makes a shell complete commands, options and the names of profiles."""

from __future__ import annotations

import os
from pathlib import PurePath

import click
from click.shell_completion import get_completion_class

from .failures import BadUsage

SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Print what makes your shell complete commands.")
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def completion(shell: str | None) -> None:
    """Print what makes a shell complete commands, options and the names of profiles; by default for yours.

    Put this into ~/.bashrc or ~/.zshrc: eval "$(userpool completion)".
    For fish: userpool completion fish > ~/.config/fish/completions/userpool.fish
    """
    name = shell or PurePath(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise BadUsage("It is not known which shell this is.", f"Name it: {', '.join(SHELLS)}.")
    made = get_completion_class(name)
    if made is None:
        raise BadUsage(f"There is no completion for {name}.", f"Name another: {', '.join(SHELLS)}.")
    root = click.get_current_context().find_root().command
    click.echo(made(root, {}, "userpool", "_USERPOOL_COMPLETE").source())
