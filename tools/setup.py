"""Makes `.venv` with exactly the versions that `uv.lock` names. Every `make` command runs it first.

Needs git's checkout and one CPython 3.11 or newer with the standard module venv; pip fetches uv, uv the rest.
Done once, it only compares a stamp. Other packages that you have put into `.venv` stay there.
"""

# This file is also read by Pythons that are too old, to tell so: no syntax newer than 3.8 in it.

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".userpool-setup"
OLDEST = (3, 11)
CANDIDATES = ("python3.14", "python3.13", "python3.12", "python3.11")


def venv_program(venv: Path, name: str) -> Path:
    """Where a virtual environment keeps its program `name` on this system."""
    return venv / "Scripts" / (name + ".exe") if os.name == "nt" else venv / "bin" / name


def fingerprint() -> str:
    """What the environment is made from."""
    digest = hashlib.sha256()
    for name in ("uv.lock", "pyproject.toml", "tools/setup.py"):
        digest.update((ROOT / name).read_bytes())
    return f"{ROOT}\n{digest.hexdigest()}"


def is_ready() -> bool:
    """Whether the environment is there, works and is made from today's lock."""
    try:
        if STAMP.read_text() != fingerprint():
            return False
        return venv_program(VENV, "python").exists()
    except OSError:
        return False


def locked_version(package: str) -> str:
    """The version of `package` in uv.lock (without tomllib, which older Pythons do not have)."""
    pattern = f'^name = "{re.escape(package)}"\nversion = "([^"]+)"'
    found = re.search(pattern, (ROOT / "uv.lock").read_text(), re.M)
    if found is None:
        raise SystemExit(f"uv.lock names no version of {package}: run `make lock` and commit the result.")
    return found.group(1)


def run(command: list[str], *, failure: str) -> None:
    """Run `command` and show what it says only where it fails, followed by `failure`: what to do next."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    # The Python at hand is used as it is: none is fetched.
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    done = subprocess.run(
        command,
        cwd=str(ROOT),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        raise SystemExit(f"`{' '.join(command)}` failed. {failure}")


def with_a_new_enough_python() -> None:
    """Start over with a newer Python where this one is too old, or say that there is none."""
    if sys.version_info >= OLDEST:
        return
    for name in CANDIDATES:
        found = shutil.which(name)
        # Asked first: it may be a stand-in of a version manager, with nothing behind it.
        if (
            found
            and subprocess.run([found, "-c", ""], stderr=subprocess.DEVNULL, check=False).returncode == 0
        ):
            raise SystemExit(subprocess.run([found, *sys.argv], check=False).returncode)
    raise SystemExit(
        f"userpool needs Python 3.11 or newer. This is {sys.version.split()[0]}, and the PATH has none of "
        f"{', '.join(CANDIDATES)}.\nInstall one, or name it: make PYTHON=/path/to/python3.11 ..."
    )


def works(python: Path) -> bool:
    """Whether this interpreter starts, is new enough, has pip, and was set up where the checkout lies."""
    if STAMP.exists() and STAMP.read_text().partition("\n")[0] != str(ROOT):
        return False  # moved or copied: the programs beside it still start the old one
    question = "import sys, pip; print(sys.version_info[:2] >= (3, 11) and sys.prefix)"
    try:
        answer = subprocess.run([str(python), "-c", question], stdout=subprocess.PIPE, check=False)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.decode().strip() == str(VENV)


def make() -> None:
    """Make or mend the environment."""
    python = venv_program(VENV, "python")
    if not works(python):
        shutil.rmtree(str(VENV), ignore_errors=True)
        run(
            [sys.executable, "-m", "venv", str(VENV)],
            failure="Python's own module venv is needed; on Debian and Ubuntu: apt install python3-venv.",
        )
    run(
        [str(python), "-m", "pip", "install", "--quiet", "uv==" + locked_version("uv")],
        failure="pip could not fetch uv: is there a network, and does pip reach its package index?",
    )
    run(
        [
            str(venv_program(VENV, "uv")),
            *("sync", "--locked", "--all-extras", "--inexact", "--no-progress"),
            *("--python", str(python)),
        ],
        failure="Either a package could not be fetched (no network?), or pyproject.toml has changed: "
        "then `make lock`.",
    )
    STAMP.write_text(fingerprint())


def main() -> None:
    """Do what is missing; say nothing where all is there."""
    with_a_new_enough_python()
    if is_ready():
        return
    print("Setting up .venv with the versions of uv.lock (a minute, the first time) ...", flush=True)
    make()
    print("Setting up .venv: done.", flush=True)


if __name__ == "__main__":
    main()
