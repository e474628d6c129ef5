"""Asking a person, on a terminal only; what is secret is not echoed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from .failures import NeedsPerson
from .output import clean

F = TypeVar("F", bound=Callable[..., Any])

PASSWORD = "USERPOOL_PASSWORD"
NEW_PASSWORD = "USERPOOL_NEW_PASSWORD"
CODE = "USERPOOL_CODE"
_NO_INPUT = "userpool.no_input"


def no_input_option(command: F) -> F:
    """Give a command the option `--no-input`."""

    def remember(context: click.Context, _: click.Parameter, value: bool) -> None:
        context.meta[_NO_INPUT] = value

    return click.option(
        "--no-input",
        is_flag=True,
        envvar="USERPOOL_NO_INPUT",
        expose_value=False,
        callback=remember,
        help="Never ask: fail where an answer is needed (so it is anyway without a terminal).",
    )(command)


def can_ask() -> bool:
    """Whether there is a person at a terminal who may be asked."""
    context = click.get_current_context(silent=True)
    forbidden = bool(context and context.meta.get(_NO_INPUT))
    return not forbidden and has_terminal()


def has_terminal() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin.isatty()


def secret(
    question: str,
    *,
    step: str,
    variable: str | None = None,
    twice: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> str:
    """A secret from the environment variable `variable`, or from the person.

    Args:
        question: what the person is asked.
        step: what needs the answer, named where nobody can be asked.
        variable: where else it may come from.
        twice: ask again, to be sure.
        environment: the variables.

    Raises:
        NeedsPerson: it is not set, and nobody can be asked.
    """
    given = environment.get(variable) if variable else None
    if given:
        return given
    _need_person(step, variable)
    answer: str = click.prompt(clean(question), hide_input=True, confirmation_prompt=twice, err=True)
    return answer


def text(question: str, *, step: str) -> str:
    """What the person types, in sight. Raises `NeedsPerson` as `secret`."""
    _need_person(step, None)
    answer: str = click.prompt(clean(question), err=True)
    return answer


def choice(question: str, options: Sequence[str], *, step: str) -> str:
    """One of `options`, chosen by its number. Raises `NeedsPerson` as `secret`."""
    _need_person(step, None)
    for number, option in enumerate(options, 1):
        click.echo(f"  {number}  {clean(option)}", err=True)
    chosen: int = click.prompt(clean(question), type=click.IntRange(1, len(options)), err=True)
    return options[chosen - 1]


def confirmed(question: str, *, step: str) -> None:
    """Go on only if the person says yes. Raises `NeedsPerson`, and `click.Abort` for a no."""
    _need_person(step, None, "Give --yes to do it without being asked.")
    click.confirm(clean(question), abort=True, err=True)


def need_person(step: str) -> None:
    """Go on only if there is a person: somebody has to do something. Raises `NeedsPerson`."""
    _need_person(step, None)


def _need_person(step: str, variable: str | None, otherwise: str = "") -> None:
    if can_ask():
        return
    set_it = f"Set {variable}, or run" if variable else "Run"
    advice = otherwise or f"{set_it} the command on a terminal, without --no-input."
    raise NeedsPerson(f"Stopped at: {step}. Nobody can be asked here.", advice, step=step)
