"""Runs every measurement of this folder, one after the other, each in a process of its own.

python -m benchmarks              all
python -m benchmarks srp tokens   these
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(wanted: list[str]) -> int:
    """Run what is wanted (nothing named: everything). Returns the exit code."""
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if not path.stem.startswith("_")}
    unknown = sorted(set(wanted) - set(scripts))
    if unknown:
        print(f"There is no {', '.join(unknown)}. There are: {', '.join(scripts)}", file=sys.stderr)
        return 2
    failed = []
    for name in wanted or scripts:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, str(scripts[name])], cwd=HERE.parent, check=False).returncode:
            failed.append(name)
        print(flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
