"""Which tests call which operation: read from the tests, for `docs/operations.md`."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from userpool.protocol import operations as ops
from userpool.protocol.operations import Operation

TESTS = Path(__file__).resolve().parent.parent / "tests"
ROOMS = ("service", "interop")
"""Where the service is asked: by itself, and by foreign clients."""
SHOWN = 3
"""So many files are named; how many there are besides is told."""


@cache
def by_operation() -> dict[str, Counter[str]]:
    """How often each file calls each operation of user pools, by the operation's wire name.

    A call counts where the operation is named by it: as a method (`boto.get_user(…)`), or among its
    arguments, by the wire name (`call("GetUser", …)`) or the constant (`call(ops.GET_USER, …)`). What merely
    mentions an operation elsewhere, as an expected text does, counts for nothing.
    """
    names: dict[str, str] = {}
    for constant, value in vars(ops).items():
        if isinstance(value, Operation) and value.name in ops.IDP:
            names |= dict.fromkeys((constant, constant.lower(), value.name), value.name)
    found: dict[str, Counter[str]] = {name: Counter() for name in ops.IDP}
    for room in ROOMS:
        for path in sorted((TESTS / room).glob("test_*.py")):
            for word in _called(ast.parse(path.read_text("utf-8"))):
                if word in names:
                    found[names[word]][path.relative_to(TESTS.parent).as_posix()] += 1
    return found


def shown(operation: str) -> str:
    """The files that call an operation most, and how many others do."""
    files = by_operation()[operation]
    if not files:
        return "none"
    most = sorted(files, key=lambda path: (-files[path], path))
    text = ", ".join(f"`{path}`" for path in most[:SHOWN])
    return f"{text} and {len(most) - SHOWN} more" if len(most) > SHOWN else text


def _called(tree: ast.Module) -> Iterator[str]:
    """What the calls of a file name: their method, and their arguments by position."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for part in (node.func, *node.args):
            match part:
                case ast.Attribute(attr=name) | ast.Name(id=name):
                    yield name
                case ast.Constant(value=str(name)):
                    yield name
