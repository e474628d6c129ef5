"""The programs in the documents run.

A block fenced as ```python right after the line `<!-- runs -->` is a program of its own; one that follows
`<!-- runs on -->` goes on where the block before it ended. Each program runs in a fresh interpreter, in an
empty folder, with warnings as errors.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.public.tree import ROOT, shown

BLOCK = re.compile(r"^<!-- (runs(?: on)?) -->\n+```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 120


@dataclass
class Program:
    page: Path
    line: int
    text: str

    @property
    def name(self) -> str:
        return f"{shown(self.page)}:{self.line}"


def programs(page: Path, text: str) -> list[Program]:
    found: list[Program] = []
    for block in BLOCK.finditer(text):
        kind, code = block.groups()
        if kind == "runs":
            found.append(Program(page, text.count("\n", 0, block.start(2)) + 1, code))
        elif not found:
            raise ValueError(f"{shown(page)}: `<!-- runs on -->` stands before any `<!-- runs -->`")
        else:
            found[-1].text += code
    return found


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROGRAMS = [program for page in PAGES for program in programs(page, page.read_text())]


def test_the_readme_has_a_program_that_runs() -> None:
    assert any(program.page.name == "README.md" for program in PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_program_of_the_documents_runs(program: Program, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program.text],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, f"{program.name}\n{done.stdout}{done.stderr}"


def test_blocks_are_found_and_joined() -> None:
    page = "# a\n<!-- runs -->\n```python\nx = 1\n```\nwords\n```python\nnot_run\n```\n\n"
    page += "<!-- runs on -->\n\n```python\nprint(x)\n```\n<!-- runs -->\n```python\ny = 2\n```\n"
    found = programs(ROOT / "README.md", page)
    assert [(program.line, program.text) for program in found] == [(4, "x = 1\nprint(x)\n"), (18, "y = 2\n")]
    with pytest.raises(ValueError, match="stands before any"):
        programs(ROOT / "README.md", "<!-- runs on -->\n```python\nx\n```\n")
