"""Writes `src/userpool/protocol/_generated` from the pinned service model, or checks what is there.

python tools/gen_contract.py            # write
python tools/gen_contract.py --check    # compare whole files; exit 1 on any difference or stray file
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import botocore

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # `tools` is a package only from the root of the checkout

from tools.contract import errors, limits, operations, shapes  # noqa: E402 - see above
from tools.contract.layout import HEADER, quoted  # noqa: E402 - see above
from tools.contract.model import SERVICES, Service  # noqa: E402 - see above

PINNED = "1.44.5"
TARGET = ROOT / "src" / "userpool" / "protocol" / "_generated"


def render() -> tuple[dict[str, str], dict[str, int]]:
    """Every generated file by its path below `_generated`, and the counts of the model."""
    idp, identity = (Service.load(key) for key in SERVICES)
    files: dict[str, str] = {}
    counts: dict[str, int] = {}
    for service in (idp, identity):
        counts[f"{service.key} operations"] = len(service.operations)
        counts[f"{service.key} shapes"] = len(service.shapes)
        counts[f"{service.key} structures"] = len(service.structures)
        counts[f"{service.key} errors"] = len(service.exceptions)
        files[f"{service.key}/__init__.py"] = shapes.shapes_index(service)
        for family in sorted(set(service.homes.values())):
            files[f"{service.key}/{family}.py"] = shapes.shapes_module(service, family)
            files[f"limits/{service.key}_{family}.py"] = limits.structures_module(service, family)
        files[f"limits/{service.key}_types.py"] = limits.types_module(service)
        first = idp if service is identity else None
        files[f"{service.key}_operations.py"] = operations.operations_module(service, first)
    files["exceptions.py"] = errors.exceptions_module([idp, identity])
    files["enums.py"] = errors.enums_module([idp, identity])
    files["limits/__init__.py"] = HEADER + '"""The limits of the contract."""\n'
    files["__init__.py"] = package_module(counts)
    return files, counts


def package_module(counts: dict[str, int]) -> str:
    """The package: what it was made from, and how much of it there is."""
    table = "".join(f"    {quoted(name)}: {number},\n" for name, number in counts.items())
    return f'''{HEADER}"""The contract as data, made from the published service model."""

MODEL = "botocore {botocore.__version__}"

COUNTS: dict[str, int] = {{
{table}}}
"""How much of each kind the model holds."""
'''


def present() -> set[str]:
    """The files that are there now."""
    return {path.relative_to(TARGET).as_posix() for path in TARGET.rglob("*.py")}


def differences(files: dict[str, str]) -> list[str]:
    """What is stray, missing or different."""
    found = [f"stray: {name}" for name in sorted(present() - set(files))]
    for name, text in sorted(files.items()):
        path = TARGET / name
        if not path.exists():
            found.append(f"missing: {name}")
        elif path.read_text(encoding="utf-8") != text:
            found.append(f"differs: {name}")
    return found


def write(files: dict[str, str]) -> None:
    """Make the folder hold exactly `files`."""
    for name in present() - set(files):
        (TARGET / name).unlink()
    for name, text in files.items():
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where the files differ")
    options = parser.parse_args(arguments)
    if botocore.__version__ != PINNED:
        print(
            f"The contract is pinned to botocore {PINNED}, but {botocore.__version__} is installed. Install "
            "the pinned one, or raise PINNED in tools/gen_contract.py and review what changes.",
            file=sys.stderr,
        )
        return 1
    files, counts = render()
    if options.check:
        if found := differences(files):
            print("\n".join(found), file=sys.stderr)
            print("Run `python tools/gen_contract.py` and commit what it writes.", file=sys.stderr)
            return 1
    else:
        write(files)
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
