"""Builds wheel and sdist, installs each into a fresh environment, and sees whether they do what they say.

The wheel without extras must import and start its command; with `service` it must serve. Dependencies are the
versions of uv.lock, so that a release of somebody else's does not decide whether ours is sound.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.setup import ROOT, VENV, venv_program

UV = str(venv_program(VENV, "uv"))
IMPORT_ALL = "import userpool; print(userpool.__version__); [getattr(userpool, n) for n in userpool.__all__]"
IN_THE_WHEEL = ("userpool/py.typed", "userpool/cli/__init__.py", "userpool/service/__init__.py")
NOT_IN_THE_WHEEL = ("tests/", "tools/", "benchmarks/", "docs/")
SERVICE_ONLY = ("sqlalchemy", "granian")


class NotSound(Exception):
    """The built distribution does not do what it should."""


def run(*command: str | Path) -> str:
    """Run a command outside of the checkout. Raises `NotSound` with what it said."""
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
    done = subprocess.run(
        [str(part) for part in command],
        cwd=tempfile.gettempdir(),
        env={name: value for name, value in os.environ.items() if name not in hidden},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    if done.returncode != 0:
        raise NotSound(f"`{' '.join(str(part) for part in command)}` said:\n{done.stdout}")
    return done.stdout


def build(out: Path) -> tuple[Path, Path]:
    """Build both. Returns wheel and sdist."""
    run(UV, "build", "--quiet", "--out-dir", out, ROOT)
    (wheel,) = out.glob("*.whl")
    (sdist,) = out.glob("*.tar.gz")
    return wheel, sdist


def constraints(out: Path) -> Path:
    """The locked versions, as constraints."""
    listed = out / "constraints.txt"
    run(
        *(UV, "export", "--quiet", "--locked", "--project", ROOT, "--all-extras", "--no-dev"),
        *("--no-emit-project", "--no-hashes", "--no-header", "--output-file", listed),
    )
    return listed


def install(venv: Path, what: str, locked: Path) -> Path:
    """A fresh environment with `what` in it. Returns its interpreter."""
    python = venv_program(venv, "python")
    run(UV, "venv", "--quiet", "--no-project", "--python", sys.executable, venv)
    run(UV, "pip", "install", "--quiet", "--python", python, "--constraints", locked, what)
    return python


def check_contents(wheel: Path, sdist: Path) -> None:
    """What must be in the archives, and what must not."""
    names = zipfile.ZipFile(wheel).namelist()
    absent = [name for name in IN_THE_WHEEL if name not in names]
    stray = [name for name in names if name.startswith(NOT_IN_THE_WHEEL)]
    if not any(name.endswith("licenses/LICENSE") for name in names):
        absent.append("LICENSE")
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "userpool").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    absent += sorted(sources - set(names))
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    absent += [f"{name} (sdist)" for name in ("LICENSE", "README.md", "pyproject.toml") if name not in inside]
    if absent or stray:
        raise NotSound(
            f"missing: {', '.join(absent) or 'nothing'}; should not be in: {', '.join(stray) or 'nothing'}"
        )


def check_base(python: Path) -> None:
    """The base install: imports, command, and nothing of the service's."""
    version = run(python, "-c", IMPORT_ALL).strip()
    command = venv_program(python.parent.parent, "userpool")
    if version not in run(command, "--version"):
        raise NotSound(f"`userpool --version` does not say {version}")
    run(command, "--help")
    listed = run(UV, "pip", "list", "--python", python).lower()
    heavy = [name for name in SERVICE_ONLY if name in listed]
    if heavy:
        raise NotSound(f"the base install brings {', '.join(heavy)}, which belong to the extra `service`")


def check_service(python: Path) -> None:
    """With the extra `service`: the command that serves is there and loads what it needs."""
    command = venv_program(python.parent.parent, "userpool")
    if "--database" not in run(command, "serve", "--help"):
        raise NotSound("`userpool serve --help` does not name --database")
    run(python, "-c", "import userpool.service.app, userpool.service.serve")


def main() -> int:
    """Build, install, check. Returns the exit code."""
    out = Path(tempfile.mkdtemp(prefix="userpool-dist-"))
    try:
        wheel, sdist = build(out)
        check_contents(wheel, sdist)
        locked = constraints(out)
        check_base(install(out / "base", str(wheel), locked))
        print(f"ok     {wheel.name}")
        check_service(install(out / "service", f"{wheel}[service]", locked))
        print(f"ok     {wheel.name}[service]")
        check_base(install(out / "sdist", str(sdist), locked))
        print(f"ok     {sdist.name}")
    except NotSound as fault:
        print(f"FAILED {fault}")
        return 1
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
