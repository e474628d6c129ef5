"""All cheap gates, each under its name; the last line says which failed. `make lint` and CI run it.

python tools/lint.py                 every gate
python tools/lint.py style generated only these
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.setup import ROOT, VENV, venv_program

GENERATORS = ("gen_contract.py", "gen_sync.py", "gen_docs.py")


def gates() -> dict[str, list[list[str]]]:
    """The gates and their commands, the quickest first."""
    python = str(venv_program(VENV, "python"))
    ruff, mypy, imports, uv = (
        str(venv_program(VENV, name)) for name in ("ruff", "mypy", "lint-imports", "uv")
    )
    present = [ROOT / "tools" / name for name in GENERATORS if (ROOT / "tools" / name).exists()]
    return {
        "style": [[ruff, "check", "--quiet", "."], [ruff, "format", "--check", "--quiet", "."]],
        "generated": [[python, str(tool), "--check"] for tool in present],
        "imports": [[imports, "--no-logo"]],
        "lock": [[uv, "lock", "--check", "--quiet", "--python", python]],
        "types": [[mypy]],
    }


def passes(name: str, commands: list[list[str]]) -> bool:
    """Run one gate; show what its commands say only where one fails."""
    start = time.monotonic()
    good = True
    for command in commands:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != 0:
            good = False
            shown = " ".join(part.replace(f"{VENV}/bin/", "").replace(f"{ROOT}/", "") for part in command)
            print(f"{done.stdout.rstrip() or f'exit code {done.returncode}'}\n  ^ {shown}", flush=True)
    took = time.monotonic() - start
    print(f"{'ok    ' if good else 'FAILED'} {name:<10} {took:6.1f} s", flush=True)
    return good


def main(wanted: list[str]) -> int:
    """Run the gates that are wanted (none named: all). Returns the exit code."""
    known = gates()
    unknown = set(wanted) - set(known)
    if unknown:
        print(
            f"There is no gate {', '.join(sorted(unknown))}. The gates: {', '.join(known)}", file=sys.stderr
        )
        return 2
    failed = [
        name for name, commands in known.items() if name in (wanted or known) and not passes(name, commands)
    ]
    if failed:
        print(
            f"Failed: {', '.join(failed)}. `make format` mends style, `make generate` writes generated files."
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
