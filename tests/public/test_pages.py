"""What the documents point at is there, and what they show beside Python is good."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.public.tree import ROOT, SOURCE, committed, shown
from userpool import Admin, User
from userpool.embedded import EmbeddedUserPool
from userpool.protocol import operations
from userpool.service.app import Service
from userpool.service.seed import parse_seed

PAGES = [page for page in committed() if page.suffix == ".md"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SERVED, TESTS = (
    re.compile(rf"^<!-- {mark} -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for mark in ("served", "tests")
)
TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DEVELOPMENT = (ROOT / "docs" / "local-development.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def anchors(page: Path) -> set[str]:
    """What can be linked to on a page, by GitHub's rule."""
    headings = HEADING.findall(FENCED.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCED.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


def test_the_walk_names_functions_that_are_there() -> None:
    walk = ARCHITECTURE.split("## One sign-in, through all rooms")[1].split("\n## ")[0]
    source = "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    named = set(re.findall(r"`(?:[A-Za-z]+\.)?([A-Za-z_]+)`", FENCED.sub("", walk))) - {"py", "pow"}
    assert len(named) > 20
    assert sorted(name for name in named if not re.search(rf"\b{name}\b", source)) == []


def test_the_walk_names_files_that_are_there() -> None:
    there = [path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py")]
    named = set(re.findall(r"`([a-z_/]+\.py)`", ARCHITECTURE)) - {
        "tools/gen_sync.py",
        "tools/gen_contract.py",
    }
    assert len(named) > 25
    assert [
        name for name in sorted(named) if not any(f"/{path}".endswith(f"/{name}") for path in there)
    ] == []


def test_the_seed_file_that_is_shown_can_be_planted() -> None:
    (text,) = TOML.findall(DEVELOPMENT)
    seed = parse_seed(tomllib.loads(text))
    with Service.open() as service:
        seed.plant(service.context)
        assert service.context.store.read(lambda reader: reader.count_users("us-east-1_aB12cDe34")) == 1


def run(*arguments: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_on_local_development_can_be_followed(tmp_path: Path) -> None:
    (program,), (seed,) = SERVED.findall(DEVELOPMENT), TOML.findall(DEVELOPMENT)
    (tmp_path / "seed.toml").write_text(seed)
    run("-c", program, folder=tmp_path)


SHOWN_TESTS = [(page, text) for page in PAGES for text in TESTS.findall(page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "text"), SHOWN_TESTS, ids=[shown(page) for page, _ in SHOWN_TESTS])
def test_the_tests_that_are_shown_pass(page: Path, text: str, tmp_path: Path) -> None:
    (tmp_path / "test_shown.py").write_text(text)
    run("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", "--rootdir", ".", folder=tmp_path)


def test_nothing_of_pycognitos_is_missing_from_the_page_about_it() -> None:
    pytest.importorskip("pycognito")
    from pycognito import AWSSRP, Cognito, GroupObj, UserObj, exceptions

    page = (ROOT / "docs" / "coming-from-pycognito.md").read_text("utf-8")
    theirs = {
        name
        for each in (Cognito, UserObj, GroupObj, AWSSRP)
        for name, value in vars(each).items()
        if not name.startswith("_") and not isinstance(value, str)
    }
    theirs |= {name for name, value in vars(exceptions).items() if isinstance(value, type)}
    assert len(theirs) > 60
    in_code = " ".join(re.findall(r"`([^`\n]+)`", FENCED.sub("", page)))
    assert sorted(name for name in theirs if not re.search(rf"\b{name}\b", in_code)) == []


def test_the_page_about_pycognito_names_what_is_here() -> None:
    page = (ROOT / "docs" / "coming-from-pycognito.md").read_text("utf-8")
    owners = {"user": User, "pool": EmbeddedUserPool, "admin": Admin, "ops": operations}
    named = re.findall(r"\b(user|pool|admin|ops)\.([A-Za-z_]+)", page.replace("pool.admin", "admin"))
    assert len(set(named)) > 40
    assert sorted({f"{owner}.{name}" for owner, name in named if not hasattr(owners[owner], name)}) == []
