"""Writes the tables of the documents from what they are about.

    python tools/gen_docs.py            # write
    python tools/gen_docs.py --check    # compare; exit 1 where a table is not what it should be

A table stands in a document between `<!-- table: NAME -->` and `<!-- end of table -->`; all around it is
written by hand.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from userpool import Admin, User, UserPool
from userpool.cli import app, failures
from userpool.protocol import errors
from userpool.protocol import operations as ops
from userpool.protocol._service_error import _REASONS, ADVICE
from userpool.protocol.errors import BY_CODE, NotAuthorizedReason, ServiceError
from userpool.protocol.operations import Auth, Operation
from userpool.service import operations as service_operations
from userpool.service.context import HANDLERS

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # `tools` is a package only from the root of the checkout

from tools import called, parity  # noqa: E402 - see above

DOCS = ROOT / "docs"
WIDTH = 120
BLOCK = re.compile(r"(<!-- table: ([a-z-]+) -->\n)(.*?)(<!-- end of table -->)", re.DOTALL)

CALLERS = {Auth.NONE: "anybody", Auth.ACCESS_TOKEN: "the user", Auth.SIGV4: "administrators"}
CONVERSATIONS = {
    "InitiateAuth": "UserPool.sign_in",
    "RespondToAuthChallenge": "UserPool.respond",
    "GetTokensFromRefreshToken": "User.refresh",
    "GetId": "Identity.identity_id",
    "GetCredentialsForIdentity": "Identity.credentials",
    "GetOpenIdToken": "Identity.open_id_token",
    "UnlinkIdentity": "Identity.unlink",
}
"""What the client does with operations that have no method of their own name."""

CASE = re.compile(r"([acikprstv])(\d\d)(?:_|$)", re.IGNORECASE)
"""The number of a bad case at the front of a test's name: `test_c01_…`, `test_A15_…`, `test_a03_a05_…`."""
GROUPS = {
    "A": "the service",
    "C": "the client's sign-in",
    "I": "identity pools",
    "K": "web back ends",
    "P": "passkeys",
    "R": "the client's refresh",
    "S": "storage of tokens",
    "T": "codes, authenticator apps and time",
    "V": "verification of tokens",
}


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def methods() -> dict[str, str]:
    """The client's methods, by the wire name of the operation that they are."""
    names = {
        constant.lower(): value.name for constant, value in vars(ops).items() if isinstance(value, Operation)
    }
    found = dict(CONVERSATIONS)
    for face in (UserPool, User, Admin):
        for name, _ in inspect.getmembers(face, inspect.isfunction):
            if name in names:
                found[names[name]] = f"{face.__name__}.{name}"
    return found


def operation_counts() -> str:
    """How many operations there are on each side."""
    service_operations.load()
    client, rows = methods(), []
    for title, there in (("user pools", ops.IDP), ("identity pools", ops.IDENTITY)):
        with_method = sum(one.name in client for one in there.values())
        served = sum(_served(one) == "yes" for one in there.values())
        rows.append((title, str(len(there)), str(with_method), str(served)))
    return table(("", "in the contract", "with a method of the client", "at the service"), rows)


def operation_matrix() -> str:
    """Every operation: who may call it, the client's method, whether the service has it, and its tests."""
    service_operations.load()
    client, text = methods(), ""
    for service in (ops.IDP, ops.IDENTITY):
        families: dict[str, list[Operation[Any, Any]]] = {}
        for one in service.values():
            families.setdefault(one.family, []).append(one)
        for family, members in families.items():
            title = family.replace("_", " ")
            if service is ops.IDENTITY:
                title = f"identity pools: {title}"
            text += f"\n### {title[0].upper()}{title[1:]}\n\n"
            text += table(
                ("operation", "who may call", "client", "service", "called by"),
                (
                    (one.name, CALLERS[one.auth], _method(one, client), _served(one), _tests(one))
                    for one in sorted(members, key=lambda one: one.name)
                ),
            )
    return text.lstrip("\n")


def _method(operation: Operation[Any, Any], client: dict[str, str]) -> str:
    if operation.name in client:
        return f"`{client[operation.name]}`"
    if operation.auth is Auth.SIGV4 and operation.service is ops.Service.IDP:
        return "`Admin.call`"
    return "not yet"


def _served(operation: Operation[Any, Any]) -> str:
    return "yes" if operation.service is ops.Service.IDP and operation.name in HANDLERS else "not yet"


def _tests(operation: Operation[Any, Any]) -> str:
    return called.shown(operation.name) if _served(operation) == "yes" else ""


def error_table() -> str:
    """Every error that a service answers, and what to do."""
    uses = Counter(
        code for service in (ops.IDP, ops.IDENTITY) for one in service.values() for code in one.errors
    )
    return table(
        ("class, and wire code", "status", "declared by operations", "what to do"),
        (
            (
                f"`{code}`",
                str(BY_CODE[code].default_status),
                str(uses[code]) if uses[code] else "the protocol",
                BY_CODE[code].hint,
            )
            for code in sorted(BY_CODE)
        ),
    )


def local_errors() -> str:
    """The errors that no service answers."""
    found = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value)
        and issubclass(value, errors.UserPoolError)
        and not issubclass(value, ServiceError)
        and value is not errors.UserPoolError
    ]
    return table(
        ("class", "is a", "when"),
        ((f"`{one.__name__}`", f"`{one.__bases__[0].__name__}`", _first(one)) for one in found),
    )


def _first(documented: object) -> str:
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


def reasons() -> str:
    """The finer reasons of `NotAuthorizedException`."""
    texts: dict[str, list[str]] = {}
    for part, reason in _REASONS:
        texts.setdefault(reason.name, []).append(part)
    return table(
        ("`reason`", "when the service's message holds", "what to do"),
        (
            (f"`{name}`", ", ".join(f"“{part}”" for part in parts), ADVICE[NotAuthorizedReason[name]])
            for name, parts in texts.items()
        ),
    )


def commands() -> str:
    """Every command with its options."""
    text = ""
    with click.Context(app.userpool, info_name="userpool") as parent:
        for name in app.COMMANDS:
            command = app.userpool.get_command(parent, name)
            if command is None:
                raise LookupError(name)
            text += "".join(_command(command, parent, name))
    return text


def _command(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    with click.Context(command, info_name=name, parent=parent) as context:
        usage = " ".join(command.collect_usage_pieces(context))
        yield f"### `{context.command_path} {usage}`\n\n{_prose(command.help)}\n\n"
        rows = [
            record
            for parameter in command.get_params(context)
            if isinstance(parameter, click.Option) and "--help" not in parameter.opts
            for record in [parameter.get_help_record(context)]
            if record
        ]
        if rows:
            yield (
                table(("option", ""), ((f"`{left}`", " ".join(right.split())) for left, right in rows)) + "\n"
            )
        if isinstance(command, click.Group):
            for below in command.list_commands(context):
                inner = command.get_command(context, below)
                if inner is not None:
                    yield from _command(inner, context, below)


def _prose(text: str | None) -> str:
    """Help as Markdown: paragraphs stay, marks for the terminal go."""
    parts = inspect.cleandoc((text or "").replace("\b", "")).split("\n\n")
    return "\n\n".join(textwrap.fill(" ".join(part.split()), WIDTH) for part in parts if part.strip())


def exit_codes() -> str:
    """The command's exit codes."""
    kinds = [
        kind
        for kind in vars(failures).values()
        if inspect.isclass(kind) and issubclass(kind, failures.Failure)
    ]
    lines = {kind.exit_code: _first(kind) for kind in reversed(kinds)}
    lines[failures.Failure.exit_code] = "The service refused."
    return table(("exit code", ""), [("0", "Done."), *((str(code), lines[code]) for code in sorted(lines))])


def cases() -> str:
    """The bad cases that are tested, by number."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted((ROOT / "tests").glob("*/test_*.py")):
        if "_sync" in path.name and path.with_name(path.name.replace("_sync", "_async")).exists():
            continue  # generated from the other
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                numbers, words = _case(node.name.removeprefix("test_"))
                for number in numbers:
                    found.setdefault(number, []).append((path.relative_to(ROOT).as_posix(), words))
    text = ""
    for letter, title in GROUPS.items():
        numbers = sorted(number for number in found if number.startswith(letter))
        if numbers:
            text += f"\n### {letter}: {title}\n\n"
            text += table(
                ("case", "what is shown", "in"), (_shown(number, found[number]) for number in numbers)
            )
    return text.lstrip("\n")


def _shown(number: str, tests: list[tuple[str, str]]) -> tuple[str, str, str]:
    files = dict.fromkeys(f"`{path}`" for path, _ in tests)
    return number, "; ".join(dict.fromkeys(words for _, words in tests)), ", ".join(files)


def _case(name: str) -> tuple[list[str], str]:
    """The numbers at the front of a test's name, and the rest of it in words."""
    numbers = []
    while match := CASE.match(name):
        numbers.append(f"{match[1].upper()}-{match[2]}")
        name = name[match.end() :]
    return numbers, name.replace("_", " ")


def use_cases() -> str:
    """The 32 use cases of amazon-cognito-identity-js, and the tests that show them."""
    return _shown_by("js", "use case", parity.shown_in(parity.USE_CASES))


def amplify_rows() -> str:
    """The 23 rows of its table of Amplify v6, likewise."""
    return _shown_by("am", "row", parity.shown_in(parity.USE_CASES))


def known_bugs() -> str:
    """Known bugs of amazon-cognito-identity-js and defects of Amplify v6, and the tests that we lack them."""
    found = [one for path in parity.BUGS for one in parity.shown_in(path)]
    return "\n".join(
        f"### {title}\n\n" + _shown_by(kind, "bug", found)
        for kind, title in (("bug", "amazon-cognito-identity-js"), ("amx", "Amplify v6"))
    )


def _shown_by(kind: str, heading: str, found: Iterable[parity.Shown]) -> str:
    pointing = [(number, one) for one in found for number in one.numbers(kind)]
    rows = []
    for number, one in sorted(pointing, key=lambda pair: pair[0]):
        calls = ", ".join(f"`{name}`" for name in parity.methods(one))
        rows.append((str(number), one.title, calls, f"`{one.name}`"))
    return table((heading, "what is shown", "with", "by the test"), rows)


def from_javascript() -> str:
    """Each use case as code: the body of its test."""
    parts = []
    for one in parity.shown_in(parity.USE_CASES):
        marks = [f"use case {number}" for number in one.numbers("js")]
        marks += [f"row {number}" for number in one.numbers("am")]
        about = textwrap.fill(f"{one.about} *({', '.join(marks)})*", WIDTH, break_long_words=False)
        title = one.title[0].upper() + one.title[1:]
        parts.append(f"### {title}\n\n{about}\n\n```python\n{one.body}\n```\n")
    return "\n".join(parts)


TABLES: dict[str, Callable[[], str]] = {
    "operation-counts": operation_counts,
    "operations": operation_matrix,
    "errors": error_table,
    "local-errors": local_errors,
    "reasons": reasons,
    "commands": commands,
    "exit-codes": exit_codes,
    "cases": cases,
    "use-cases": use_cases,
    "amplify-rows": amplify_rows,
    "known-bugs": known_bugs,
    "from-javascript": from_javascript,
}


def made(page: str) -> str:
    """A document with its tables as they should be."""
    return BLOCK.sub(lambda block: f"{block[1]}\n{TABLES[block[2]]().strip()}\n\n{block[4]}", page)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, or with `--check` compare. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the tables of the documents.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something differs")
    check = parser.parse_args(arguments).check
    stale = []
    for path in sorted(DOCS.rglob("*.md")):
        page = path.read_text("utf-8")
        wanted = made(page)
        if page == wanted:
            continue
        stale.append(path.relative_to(ROOT).as_posix())
        if not check:
            path.write_text(wanted, "utf-8")
    if stale and check:
        print(f"Tables are not up to date in {', '.join(stale)}: run `make generate`.", file=sys.stderr)
        return 1
    print(f"{len(stale)} documents written." if stale else "The documents' tables are up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
