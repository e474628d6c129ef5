"""The files of the checkout, as the tests that judge it as a whole see them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.requires import need

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "userpool"
GENERATED = SOURCE / "protocol" / "_generated"


def committed() -> list[Path]:
    """Every file that git keeps or would keep, that is there."""
    need((ROOT / ".git").exists(), "only a git checkout can be judged as a whole")
    listed = subprocess.run(
        [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def handwritten() -> list[Path]:
    """Every Python file of the package that a person wrote."""
    return [path for path in sorted(SOURCE.rglob("*.py")) if GENERATED not in path.parents]


def shown(path: Path) -> str:
    """The path as a person writes it."""
    return path.relative_to(ROOT).as_posix()
