"""What the tests show of the parity with amazon-cognito-identity-js and Amplify v6, for `gen_docs`.

A test says in its name what it shows: `js07` is the seventh use case, `am12` the twelfth row of the table of
Amplify v6, `bug05` the fifth known bug of amazon-cognito-identity-js, `amx03` the third defect of Amplify.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
USE_CASES: Final = ROOT / "tests/parity/test_use_cases_sync.py"
BUGS: Final = tuple(sorted((ROOT / "tests/parity").glob("test_known_bugs_async.py")))
LISTS: Final = {"js": 32, "am": 23, "bug": 21, "amx": 14}
"""How long each list is that a test's name may point into."""
_NUMBER: Final = re.compile(r"(js|amx|am|bug)(\d\d)_")
_OURS: Final = frozenset(
    {
        "pool",
        "user",
        "admin",
        "first",
        "again",
        "current",
        "step",
        "on_device",
        "asking_pool",
        "identity",
        "identities",
    }
)


@dataclass(frozen=True)
class Shown:
    """One test."""

    name: str
    points: tuple[tuple[str, int], ...]
    """The lists and numbers in its name."""
    title: str
    """The rest of its name, in words."""
    about: str
    """What its docstring says: the names on the other side."""
    body: str
    """Its code, without the docstring."""
    path: str

    def numbers(self, kind: str) -> tuple[int, ...]:
        """The numbers of one list that it shows."""
        return tuple(number for each, number in self.points if each == kind)


def shown_in(path: Path) -> Iterator[Shown]:
    """The tests in a file that show something of the lists, in its order."""
    source = path.read_text("utf-8")
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        points, title = _read(node.name.removeprefix("test_"))
        if not points:
            continue
        documented = ast.get_docstring(node) is not None
        first = node.body[1] if documented and len(node.body) > 1 else node.body[0]
        body = textwrap.dedent("\n".join(lines[first.lineno - 1 : node.end_lineno]))
        about = " ".join(inspect.cleandoc(ast.get_docstring(node) or "").split())
        yield Shown(node.name, points, title, about, body, path.relative_to(ROOT).as_posix())


def _read(name: str) -> tuple[tuple[tuple[str, int], ...], str]:
    points = []
    while match := _NUMBER.match(name):
        points.append((match[1], int(match[2])))
        name = name[match.end() :]
    return tuple(points), re.sub(r"\b(mfa|sms)\b", lambda word: word[0].upper(), name.replace("_", " "))


def methods(shown: Shown) -> list[str]:
    """The methods of ours that a test's code calls, as it writes them."""
    found = {}
    for node in ast.walk(ast.parse(shown.body)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            root = owner.value if isinstance(owner, ast.Attribute) else owner
            if isinstance(root, ast.Name) and root.id in _OURS:
                found[node.lineno, node.col_offset] = ast.unparse(node.func)
    return list(dict.fromkeys(found[place] for place in sorted(found)))
