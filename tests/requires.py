"""What a test needs of the machine: missing, it is skipped with a reason; in CI that is a failure.

`USERPOOL_REQUIRE_ALL=1` (set by `.ci/run`) says that everything is meant to be there, so that nothing falls
out of the suite unseen.
"""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path
from types import ModuleType

import pytest

REQUIRE_ALL = "USERPOOL_REQUIRE_ALL"


def need(condition: object, reason: str) -> None:
    """Skip the running test (or the module that is being collected) where `condition` is false.

    `reason` says what is missing and how to get it. With `USERPOOL_REQUIRE_ALL=1` the test fails instead.
    """
    if condition:
        return
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"{REQUIRE_ALL}=1, and this is missing: {reason}", pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def need_module(name: str, reason: str = "") -> ModuleType:
    """Import `name`, or skip: for what is not in the development group."""
    try:
        return importlib.import_module(name)
    except ImportError:
        need(False, reason or f"the module {name} is not installed: `make setup` installs it")
        raise


def need_program(name: str, reason: str = "") -> Path:
    """Find the program `name` on the PATH, or skip."""
    found = shutil.which(name)
    need(found, reason or f"the program {name} is not on the PATH")
    return Path(found or name)


def need_path(path: Path, reason: str) -> Path:
    """Take `path` if it exists, or skip."""
    need(path.exists(), reason)
    return path
