"""Holds measured branch coverage against what the project promises: `coverage_gate.py coverage.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SOURCE = "src/userpool/"
WHOLE = ("protocol", "flows", "service/domain")
"""Rooms of which every line and branch is run by a test."""
IN_ALL = 95.0
"""Percent of the lines and branches of the whole package."""


def ranges(lines: Iterable[int]) -> list[str]:
    """Line numbers as a person reads them: `3-5, 9`."""
    found: list[list[int]] = []
    for line in sorted(lines):
        if found and line - found[-1][1] <= 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return [f"{first}-{last}" if last > first else f"{first}" for first, last in found]


@dataclass
class Tally:
    """Lines and branches of one room: how many there are, how many ran, and where the rest is."""

    possible: int = 0
    run: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """Lines and branches that ran, of 100."""
        return 100.0 * self.run / self.possible if self.possible else 100.0

    def add(self, path: str, measured: dict[str, Any]) -> None:
        """Count one file in, as coverage's JSON report describes it."""
        summary = measured["summary"]
        self.possible += summary["num_statements"] + summary["num_branches"]
        self.run += summary["covered_lines"] + summary["covered_branches"]
        missed = set(measured["missing_lines"])
        # A branch out of a line that did not run at all says nothing new.
        branches = [f"{start}->{end}" for start, end in measured["missing_branches"] if start not in missed]
        if missed or branches:
            self.missing.append(f"{path}: {', '.join(ranges(missed) + branches)}")


def room_of(path: str) -> str:
    """The room a file belongs to, as the thresholds name rooms."""
    inside = path.replace("\\", "/").removeprefix(SOURCE)
    for room in WHOLE:
        if inside.startswith(f"{room}/"):
            return room
    first, slash, _ = inside.partition("/")
    return first if slash else "(top)"


def tally(files: dict[str, Any]) -> dict[str, Tally]:
    """What each room has."""
    rooms: dict[str, Tally] = {}
    for path in sorted(files):
        rooms.setdefault(room_of(path), Tally()).add(path, files[path])
    return rooms


def faults(rooms: dict[str, Tally]) -> Iterable[str]:
    """What is promised and not kept."""
    for room in WHOLE:
        if room not in rooms:
            yield f"{room}: nothing was measured; is it still there?"
        elif rooms[room].missing:
            yield f"{room} must be covered whole. Not run:"
            yield from (f"  {place}" for place in rooms[room].missing)
    whole = together(rooms)
    if whole.percent < IN_ALL:
        yield f"In all {whole.percent:.2f} % is covered, and {IN_ALL:g} % is promised: see `coverage html`."


def together(rooms: dict[str, Tally]) -> Tally:
    """All rooms in one."""
    return Tally(sum(room.possible for room in rooms.values()), sum(room.run for room in rooms.values()))


def main(report: str) -> int:
    """Print the table and every fault. Returns the exit code."""
    rooms = tally(json.loads(Path(report).read_text())["files"])
    print("branch coverage, percent")
    for name, room in sorted(rooms.items()):
        print(f"  {name:<16} {room.percent:6.2f}{'  (whole)' if name in WHOLE else ''}")
    print(f"  {'in all':<16} {together(rooms).percent:6.2f}")
    wrong = list(faults(rooms))
    print("\n".join(wrong) if wrong else "coverage: as promised")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
