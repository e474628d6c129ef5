"""Runs every measurement of this folder, one after the other, each in a process of its own.

python -m benchmarks                       all
python -m benchmarks srp tokens            these
python -m benchmarks --record srp tokens   and write what they print into docs/performance.md
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
LIBRARIES = ("cryptography", "gmpy2", "granian", "msgspec", "httpx2")


def main(arguments: list[str]) -> int:
    """Run what is wanted (nothing named: everything). Returns the exit code."""
    record = "--record" in arguments
    wanted = [name for name in arguments if name != "--record"]
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if not path.stem.startswith("_")}
    unknown = sorted(set(wanted) - set(scripts))
    if unknown:
        print(f"There is no {', '.join(unknown)}. There are: {', '.join(scripts)}", file=sys.stderr)
        return 2
    failed = []
    for name in wanted or scripts:
        print(f"== {name}", flush=True)
        printed = run(scripts[name])
        if printed is None:
            failed.append(name)
        elif record:
            write_down(name, printed)
        print(flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(script: Path) -> str | None:
    """Run a measurement and show what it prints as it comes; all of it, or nothing where it failed."""
    lines = []
    with subprocess.Popen(
        [sys.executable, "-u", str(script)], cwd=HERE.parent, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    return "\n".join(lines).strip("\n") if process.returncode == 0 else None


def write_down(name: str, printed: str) -> None:
    """Put what a measurement printed into its place on the page, with the day and the machine."""
    place = re.compile(rf"(<!-- measured: {name} -->\n).*?(<!-- end of measurement -->)", re.DOTALL)
    page = PAGE.read_text("utf-8")
    if not place.search(page):
        print(f"{PAGE.name} has no place for {name}: write `<!-- measured: {name} -->` where it belongs.")
        return
    made = f"\n`python -m benchmarks {name}`, {machine()}:\n\n```text\n{printed}\n```\n\n"
    PAGE.write_text(place.sub(lambda found: found[1] + made + found[2], page), "utf-8")


def machine() -> str:
    """The day, and what the figures depend on."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, {processor()}, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}"
    )


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
