"""The checkout as a whole: sizes, homes, no trace of the machine that it was made on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.public.tree import ROOT, SOURCE, committed, handwritten, shown

LONGEST = 600
"""Lines. A file beyond it wants to be two."""
TEXT_BYTES = 2 * 1024 * 1024
INDEX = ("pypi" + ".org", "files.python" + "hosted.org")
REGISTRIES = (*INDEX, "registry.npm" + "js.org", "test.pypi" + ".org")
MACHINE = re.compile(
    r"(?<![\w.$}-])/(?:" + "|".join(("work", "root", "opt/pypi", "opt/wheels")) + r")(?:/|\b)"
)
SUPPRESSION = re.compile(
    r"#\s*(?:type:\s*ignore|noqa|pragma: no (?:cover|branch))\b(?:\[[^\]]*\]|:\s*[A-Z0-9, ]+)?(.*)"
)
"""A suppressed finding; what follows it is the reason."""


def texts() -> Iterator[tuple[Path, str]]:
    for path in committed():
        if path.stat().st_size <= TEXT_BYTES:
            raw = path.read_bytes()
            if b"\0" not in raw:
                yield path, raw.decode("utf-8")


def test_every_text_is_utf_8_with_unix_line_ends() -> None:
    assert [shown(path) for path, text in texts() if "\r\n" in text] == []


def test_no_source_file_is_too_long_to_be_read() -> None:
    lengths = {shown(path): len(path.read_text().splitlines()) for path in handwritten()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    here = Path(__file__).resolve()
    found = {
        f"{shown(path)}: {line.strip()[:80]}"
        for path, text in texts()
        if path != here
        for line in text.splitlines()
        if MACHINE.search(line)
    }
    assert found == set()


def test_the_lock_names_the_public_index_and_nothing_else() -> None:
    hosts = set(re.findall(r"https?://([^/\"\s]+)", (ROOT / "uv.lock").read_text()))
    assert hosts == set(INDEX)
    assert re.findall(r'(?:path|directory|find-links) = "[^"]+"', (ROOT / "uv.lock").read_text()) == []


def test_no_other_file_names_a_package_registry() -> None:
    here = Path(__file__).resolve()
    found = {
        (shown(path), host)
        for path, text in texts()
        if path not in {here, ROOT / "uv.lock"}
        for host in REGISTRIES
        if host in text
    }
    assert found == set()


def test_every_room_has_its_import_rules() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(rule for rule in rules if rule["type"] == "layers")["layers"]
    named = {name.strip() for layer in layers for name in layer.split("|")}
    rooms = {f"userpool.{path.parent.name}" for path in SOURCE.glob("*/__init__.py")}
    assert rooms - named == set()


def bare_suppressions(text: str) -> list[int]:
    """The lines that silence a tool with no reason beside them, above them or on the line they follow."""
    bare: list[int] = []
    explained = False
    for number, line in enumerate(text.splitlines(), start=1):
        found = SUPPRESSION.search(line)
        if found and not explained and not re.search(r"\w", found.group(1)):
            bare.append(number)
        explained = line.lstrip().startswith("#") or (found is not None and number not in bare)
    return bare


def test_a_finding_is_suppressed_with_a_reason_only() -> None:
    # Tests give wrong types on purpose: there the code in the brackets says enough.
    ours = [path for path in committed() if path.suffix == ".py" and not path.is_relative_to(ROOT / "tests")]
    bare = [f"{shown(path)}:{line}" for path in ours for line in bare_suppressions(path.read_text())]
    assert [place for place in bare if "/_generated/" not in place] == []


def test_a_suppression_without_a_reason_is_found() -> None:
    assert bare_suppressions("a = 1  # noqa: E501") == [1]
    assert bare_suppressions("a = 1  # type: ignore[misc]\nb = 2  # type: ignore[misc]") == [1, 2]
    assert bare_suppressions("a = 1  # type: ignore[misc]  # the stub is wrong\nb = 2  # noqa: E501") == []
    assert bare_suppressions("# The link is long.\na = 1  # noqa: E501\n\nb = 1  # noqa: E501") == [4]


def test_the_type_marker_is_shipped() -> None:
    assert (SOURCE / "py.typed").is_file()
