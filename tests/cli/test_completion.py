"""Shell completion: the script, and what it asks the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.requires import need_program
from userpool.cli import completion


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_a_script_is_printed_for_the_shell(shell: str) -> None:
    named = Shell().ok("completion", shell)
    assert f"_USERPOOL_COMPLETE={shell}_complete" in named
    assert Shell().ok("completion", SHELL=f"/usr/bin/{shell}") == named


def test_a_shell_that_is_not_known_is_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Name it: bash, zsh, fish." in Shell().fails(2, "completion", SHELL="/bin/tcsh")
    monkeypatch.setattr(completion, "get_completion_class", lambda _: None)
    assert "no completion for zsh" in Shell().fails(2, "completion", "zsh")


def completed(begun: str, **variables: str) -> list[str]:
    """What the shell offers when this has been typed."""
    words = begun.split(" ")
    asked = {"_USERPOOL_COMPLETE": "bash_complete", "COMP_WORDS": begun, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "userpool"],
        env={**variables, **asked},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(line.partition(",")[2] for line in done.stdout.splitlines() if line)


def test_commands_and_profiles_are_completed(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text("[profiles.work]\n[profiles.home]\n")
    assert completed("userpool pass") == ["passkeys", "password"]
    assert completed("userpool mfa set") == ["set-up"]
    assert completed("userpool whoami --profile w", USERPOOL_PROFILES=str(file)) == ["work"]
    file.write_text("no TOML")
    assert completed("userpool whoami --profile w", USERPOOL_PROFILES=str(file)) == []


def test_bash_takes_the_script() -> None:
    need_program("bash")
    script = Shell().ok("completion", "bash")
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
