"""Public types, as a checker sees them: each line of the programs in tests/typing may say what it expects.

    reveal_type(pool.sign_in("a", "b"))  # reveals: userpool.SignedIn | ...
    pool.sign_in(1)                      # error: arg-type

All other lines must be without a finding under `mypy --strict`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.public.tree import ROOT

SAMPLES = sorted((ROOT / "tests" / "typing").glob("*.py"))
EXPECTED = re.compile(r"#\s*(reveals|error):\s*(.+?)\s*$")
FOUND = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): (?P<kind>error|note): (?P<text>.*)$")
REVEALED = re.compile(r'Revealed type is "(.*)"')
CODE = re.compile(r"\[([a-z-]+)\]$")

Finding = tuple[int, str, str]


def expected(sample: Path) -> set[Finding]:
    found = set()
    for number, line in enumerate(sample.read_text().splitlines(), start=1):
        if said := EXPECTED.search(line):
            found.add((number, said.group(1), said.group(2)))
    return found


@pytest.fixture(scope="module")
def findings() -> dict[str, set[Finding]]:
    """What mypy says about every sample, in one run, on the cache that `make lint` leaves."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--no-error-summary", "--no-pretty", "--exclude", "^$"),
            *map(str, SAMPLES),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    said: dict[str, set[Finding]] = {sample.name: set() for sample in SAMPLES}
    for line in done.stdout.splitlines():
        if (match := FOUND.match(line)) is None:
            continue
        name, number, text = Path(match["file"]).name, int(match["line"]), match["text"]
        if revealed := REVEALED.search(text):
            said[name].add((number, "reveals", revealed.group(1)))
        elif match["kind"] == "error":
            code = CODE.search(text)
            said.setdefault(name, set()).add((number, "error", code.group(1) if code else text))
    return said


@pytest.mark.xdist_group("typing")  # on one worker, so that mypy runs once
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_checker_sees_what_the_sample_says(sample: Path, findings: dict[str, set[Finding]]) -> None:
    assert findings[sample.name] == expected(sample)
