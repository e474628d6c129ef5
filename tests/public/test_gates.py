"""The project's own gates fail where they should."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.public.tree import ROOT
from tools import coverage_gate, interop_setup, lint, setup


def measured(covered: int, *, lines: list[int] | None = None, branches: list[list[int]] | None = None) -> Any:
    """One file of coverage's JSON report: ten lines, two branches, `covered` lines and both branches run."""
    return {
        "summary": {
            "num_statements": 10,
            "num_branches": 2,
            "covered_lines": covered,
            "covered_branches": 2 - len(branches or []),
        },
        "missing_lines": lines or [],
        "missing_branches": branches or [],
    }


def gate(tmp_path: Path, **changed: Any) -> int:
    files = {
        "src/userpool/__init__.py": measured(10),
        "src/userpool/protocol/srp.py": measured(10),
        "src/userpool/flows/sign_in.py": measured(10),
        "src/userpool/service/domain/codes.py": measured(10),
        "src/userpool/service/app.py": measured(10),
    }
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": files | changed}))
    return coverage_gate.main(str(report))


def test_full_coverage_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(tmp_path) == 0
    assert "as promised" in capsys.readouterr().out


def test_one_branch_missing_in_a_whole_room_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = "src/userpool/service/domain/codes.py"
    assert gate(tmp_path, **{path: measured(10, branches=[[3, 5]])}) == 1
    assert f"{path}: 3->5" in capsys.readouterr().out


def test_a_room_that_was_not_measured_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": {"src/userpool/protocol/srp.py": measured(10)}}))
    assert coverage_gate.main(str(report)) == 1
    assert "flows: nothing was measured" in capsys.readouterr().out


def test_missing_lines_are_told_as_ranges() -> None:
    assert coverage_gate.ranges([9, 3, 4, 5, 12, 13]) == ["3-5", "9", "12-13"]
    assert coverage_gate.ranges([]) == []
    room = coverage_gate.Tally()
    room.add("a.py", measured(8, lines=[3, 4], branches=[[3, 7], [9, 11]]))
    assert room.missing == ["a.py: 3-4, 9->11"]


def test_too_little_in_all_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(tmp_path, **{"src/userpool/service/app.py": measured(5, lines=[1, 2, 3, 4, 5])}) == 1
    assert "In all 91.67 % is covered" in capsys.readouterr().out


def test_lint_refuses_a_gate_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint.main(["stile"]) == 2
    assert "no gate stile" in capsys.readouterr().err


def test_a_gate_fails_with_its_command_and_shows_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    python = str(setup.venv_program(setup.VENV, "python"))
    assert not lint.passes("style", [[python, "-c", "print('too wide'); raise SystemExit(3)"]])
    assert "too wide" in capsys.readouterr().out
    assert lint.passes("style", [[python, "-c", "print('fine')"]])
    assert "fine" not in capsys.readouterr().out


def test_every_generator_is_a_gate() -> None:
    assert {path.name for path in (ROOT / "tools").glob("gen_*.py")} <= set(lint.GENERATORS)


def test_the_lock_names_the_tools_that_setup_installs_first() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", setup.locked_version("uv"))
    with pytest.raises(SystemExit, match="names no version of no-such-package"):
        setup.locked_version("no-such-package")


def test_a_failed_step_of_the_setup_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    python = str(setup.venv_program(setup.VENV, "python"))
    with pytest.raises(SystemExit, match="Try the other door"):
        setup.run([python, "-c", "print('locked'); raise SystemExit(1)"], failure="Try the other door.")
    assert "locked" in capsys.readouterr().err


def test_a_foreign_package_that_cannot_be_installed_is_told_with_its_reason() -> None:
    python = str(setup.venv_program(setup.VENV, "python"))
    with pytest.raises(interop_setup.CannotInstall, match="no network"):
        interop_setup.run([python, "-c", "print('no network'); raise SystemExit(1)"])


@pytest.mark.parametrize("listed", sorted(interop_setup.SERVERS.glob("*.txt")), ids=lambda path: path.stem)
def test_foreign_servers_are_pinned_exactly(listed: Path) -> None:
    lines = [line for line in listed.read_text().splitlines() if line and not line.startswith("#")]
    assert lines
    assert [
        line for line in lines if not re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[0-9][\w.]*\b", line)
    ] == []
