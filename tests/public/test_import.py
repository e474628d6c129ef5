"""What `import userpool` costs: nothing that a program does not use is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "httpx2",
    "httpcore2",
    "pyreqwest",
    "msgspec",
    "gmpy2",
    "boto3",
    "botocore",
    "cryptography",
    "fido2",
    "sqlalchemy",
)
ASYNC = ("asyncio", "ssl")


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `statement`."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys\n{statement}\nprint(*sorted(sys.modules), sep='\\n')"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def bare() -> set[str]:
    """What is loaded anyway: by the interpreter, by a coverage run, by other packages' start files."""
    return loaded_by("pass")


def test_import_loads_neither_the_service_nor_anything_heavy(bare: set[str]) -> None:
    loaded = loaded_by("import userpool") - bare
    assert "userpool" in loaded
    assert loaded & {"userpool.service", "userpool.embedded", *HEAVY, *ASYNC} == set()


@pytest.mark.parametrize(
    ("room", "allowed"),
    [
        ("crypto", set()),
        ("storage", set()),
        ("transports", set()),
        ("flows", set()),
        ("verify", {"msgspec"}),  # whose strict JSON reader every verification needs
    ],
)
def test_a_room_is_light_until_it_is_used(room: str, allowed: set[str], bare: set[str]) -> None:
    loaded = loaded_by(f"import userpool.{room}") - bare
    heavy = loaded & {"userpool.service", "userpool.embedded", "userpool.client", *HEAVY}
    assert heavy <= allowed


def test_operations_and_errors_need_no_shapes(bare: set[str]) -> None:
    loaded = loaded_by("import userpool.protocol.operations, userpool.protocol.errors") - bare
    assert loaded & set(HEAVY) == set()


def test_the_command_starts_without_client_or_service(bare: set[str]) -> None:
    loaded = loaded_by("import userpool.cli") - bare
    assert loaded & {"userpool.service", "userpool.embedded", "userpool.client", "segno", *HEAVY} == set()
