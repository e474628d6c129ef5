"""Which libraries each room may know. Who of ours may import whom is import-linter's to say (`make lint`)."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.public.tree import ROOT, SOURCE

LIBRARIES: dict[str, set[str]] = {
    "": set(),
    "protocol": {"msgspec"},
    "crypto": {"cryptography", "gmpy2", "msgspec"},
    "flows": set(),
    "transports": {"anyio", "httpcore2", "httpx2", "pyreqwest"},
    "storage": {"filelock", "keyring", "platformdirs"},
    "authenticators": {"fido2"},
    "verify": set(),
    "client": {"boto3", "botocore", "segno"},
    "http_auth": {"aiohttp", "httpx", "httpx2", "requests"},
    "identity": {"boto3", "botocore"},
    "cli": {"click", "platformdirs", "rich", "segno"},
    "testing": {"pytest"},
    "service": {"fido2", "granian", "msgspec"},
    "service/domain": set(),
    "service/store": {"alembic", "msgspec", "psycopg", "sqlalchemy"},
}
"""Room → libraries beside Python's own. The innermost room that is named here counts."""

UNDECLARED = {"aiohttp", "botocore", "httpx", "pytest", "requests"}
"""botocore comes with boto3; who uses `userpool.testing` or `userpool.http_auth` has the library."""


def imported(path: Path) -> Iterator[str]:
    """The top-level names of everything that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def libraries(path: Path) -> set[str]:
    return set(imported(path)) - set(sys.stdlib_module_names) - {"userpool"}


def room_of(path: Path) -> str:
    inside = path.relative_to(SOURCE).parent
    named = [room.as_posix() for room in (inside, *inside.parents) if room.as_posix() in LIBRARIES]
    return named[0] if named else ""


@pytest.mark.parametrize("room", LIBRARIES, ids=lambda room: room or "top")
def test_a_room_knows_its_own_libraries_only(room: str) -> None:
    files = [path for path in SOURCE.rglob("*.py") if room_of(path) == room]
    assert files
    strangers = {
        (path.relative_to(SOURCE).as_posix(), name)
        for path in files
        for name in libraries(path) - LIBRARIES[room]
    }
    assert strangers == set()


def test_every_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    declared = {
        re.split(r"[^A-Za-z0-9_-]", line)[0].replace("-", "_").lower()
        for line in project["dependencies"] + extras
    }
    used = set().union(*(libraries(path) for path in SOURCE.rglob("*.py")))
    assert used - declared == UNDECLARED & used
