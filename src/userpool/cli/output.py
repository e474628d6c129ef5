"""What the command prints: lines for people, or JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

AS_JSON = "userpool.as_json"
"""The key in click's context that says whether JSON was asked for."""


def json_option(command: F) -> F:
    """Give a command the option `--json`; what it prints goes through `show`."""

    def remember(context: click.Context, _: click.Parameter, value: bool) -> None:
        context.meta[AS_JSON] = value

    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=remember,
        is_eager=True,
        help="Print JSON, errors too.",
    )(command)


def wants_json() -> bool:
    """Whether the running command was called with `--json`."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(AS_JSON))


def show(data: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print `data` as JSON where that was asked for, otherwise `lines`."""
    if wants_json():
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for line in lines:
        click.echo(clean(line))


def note(text: str) -> None:
    """Tell the person something beside the output: on standard error."""
    click.echo(clean(text), err=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table with aligned columns."""
    lines = [headings, *([clean(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def clean(text: str) -> str:
    """`text` without what a terminal would act upon: others have written a part of it."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def when(at: datetime | float | None) -> str:
    """A time in UTC, to the second; empty where there is none. Numbers are seconds since the epoch."""
    if not at:
        return ""
    time = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def can_show(text: str) -> bool:
    """Whether standard output has the characters of `text`."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
