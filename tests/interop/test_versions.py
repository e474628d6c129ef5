"""The page about interop names the versions that are pinned, and so tested."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest

from tests.interop.foreign import pinned
from tests.interop.running import NODE_PROJECT, ROOT

NODE = json.loads((NODE_PROJECT / "package.json").read_text("utf-8"))["dependencies"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        *NODE.items(),
        ("ministack", pinned("ministack", "ministack")),
        ("moto", pinned("moto", "moto")),
        ("boto3", version("boto3")),
        ("pycognito", version("pycognito")),
    ],
)
def test_the_page_names_what_is_tested(name: str, wanted: str) -> None:
    rows = [
        line for line in (ROOT / "docs" / "interop.md").read_text("utf-8").splitlines() if line[:1] == "|"
    ]
    own = [row for row in rows if row.split("|")[1].strip().startswith(name)]
    assert own, f"docs/interop.md has no row for {name}"
    assert all(row.split("|")[2].strip() == wanted for row in own)


def test_the_lock_names_no_host() -> None:
    """Whoever installs takes the registry of their own configuration."""
    lock = json.loads((NODE_PROJECT / "package-lock.json").read_text("utf-8"))
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
