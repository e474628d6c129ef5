"""`userpool sign-in` at a real terminal: it prompts, echoes no secret, and draws the QR code."""

from __future__ import annotations

import codecs
import os
import re
import select
import subprocess
import sys
import time

from tests.cli.conftest import PASSWORD, Shell, with_ada
from tests.requires import need
from userpool.protocol import totp

need(os.name == "posix", "this system has no pseudo-terminals")

if sys.platform != "win32":
    import fcntl
    import pty
    import struct
    import termios

SECONDS = 30.0
"""How long one prompt may keep a busy machine."""


class Terminal:
    """A pseudo-terminal with the command on it; what it shows is kept."""

    def __init__(self, *arguments: str, environment: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "userpool", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # It becomes the terminal of the new session, so that Ctrl-C arrives.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm", "PYTHONUTF8": "1", **environment},
        )
        os.close(slave)
        self.shown = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._seen = 0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until it shows this, after what was expected before."""
        deadline = time.monotonic() + SECONDS
        while not (found := re.compile(pattern).search(self.shown, self._seen)):
            assert self._read(deadline - time.monotonic()), f"no {pattern!r} in {self.shown!r}"
        self._seen = found.end()
        return found

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._master, line.encode() + b"\n")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._master, b"\x03")

    def ends(self) -> int:
        """Wait for the end; the exit code."""
        deadline = time.monotonic() + SECONDS
        while self._read(deadline - time.monotonic()):
            pass
        return self._process.wait(timeout=SECONDS)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux tells the end like this
            return False
        self.shown += self._decoder.decode(data)
        return bool(data)


def test_a_first_sign_in_with_everything_that_can_come(shell: Shell) -> None:
    """A new password, an authenticator app by its QR code, a wrong code; then a sign-in with the app."""
    with_ada(shell, "--totp", "on")
    shell.ok("users", "set-password", "ada", "--temporary", USERPOOL_NEW_PASSWORD="Temporary-7")
    with Terminal("sign-in", "ada", environment=shell.variables) as terminal:
        terminal.expect("Password: ")
        terminal.type("Temporary-7")
        terminal.expect("choose one of your own")
        terminal.expect("New password: ")
        terminal.type(PASSWORD)
        terminal.expect("Repeat for confirmation: ")
        terminal.type(PASSWORD)
        terminal.expect("[▀▄█]{10}")
        seed = terminal.expect(r"\n +((?:[A-Z2-7]{4} )+[A-Z2-7]{1,4})\r").group(1)
        terminal.expect("authenticator app shows: ")
        code = totp.code(seed, time.time())
        wrong = f"{(int(code) + 500_000) % 10**6:06}"
        terminal.type(wrong)
        terminal.expect("authenticator app shows: ")
        terminal.type(totp.code(seed, time.time()))
        terminal.expect("Signed in as ada.")
        assert terminal.ends() == 0
        assert [secret for secret in ("Temporary-7", PASSWORD, wrong, code) if secret in terminal.shown] == []

    next_code = totp.code(seed, time.time() + totp.STEP_SECONDS)
    with Terminal("sign-in", "ada", "--json", environment=shell.variables) as terminal:
        terminal.expect("Password: ")
        terminal.type(PASSWORD)
        terminal.expect("authenticator app shows: ")
        terminal.type(next_code)
        terminal.expect('"username": "ada"')
        assert terminal.ends() == 0
    assert shell.json("whoami")["mfa_methods"] == ["SOFTWARE_TOKEN_MFA"]


def test_an_authenticator_app_is_set_up_by_its_qr_code(shell: Shell) -> None:
    with_ada(shell, "--totp", "optional")
    shell.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    with Terminal("mfa", "set-up", environment=shell.variables) as terminal:
        terminal.expect("[▀▄█]{10}")
        seed = terminal.expect(r"\n +((?:[A-Z2-7]{4} )+[A-Z2-7]{1,4})\r").group(1)
        terminal.expect("authenticator app shows: ")
        code = totp.code(seed, time.time())
        wrong = f"{(int(code) + 500_000) % 10**6:06}"
        terminal.type(wrong)
        terminal.expect("authenticator app shows: ")
        terminal.type(totp.code(seed, time.time()))
        terminal.expect("asked for first")
        assert terminal.ends() == 0
        assert [secret for secret in (wrong, code) if secret in terminal.shown] == []
    assert shell.json("mfa", "show")["preferred_mfa"] == "SOFTWARE_TOKEN_MFA"


def test_a_password_is_changed_unseen(shell: Shell) -> None:
    with_ada(shell)
    shell.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    with Terminal("password", "change", environment=shell.variables) as terminal:
        for question, typed in (
            ("Present password: ", PASSWORD),
            ("New password: ", "Another-horse-8"),
            ("Repeat for confirmation: ", "Another-horse-8"),
        ):
            terminal.expect(question)
            terminal.type(typed)
        terminal.expect("is changed")
        assert terminal.ends() == 0
        assert [secret for secret in (PASSWORD, "Another-horse-8") if secret in terminal.shown] == []


def test_a_sign_up_asks_twice(member: Shell) -> None:
    with Terminal("sign-up", "bob", "-a", "email=bob@example.com", environment=member.variables) as terminal:
        terminal.expect("Password: ")
        terminal.type(PASSWORD)
        terminal.expect("Repeat for confirmation: ")
        terminal.type("Correct-hrose-7")
        terminal.expect("do not match")
        terminal.expect("Password: ")
        terminal.type(PASSWORD)
        terminal.expect("Repeat for confirmation: ")
        terminal.type(PASSWORD)
        terminal.expect("Next: userpool confirm bob")
        assert terminal.ends() == 0
    with Terminal("confirm", "bob", environment=member.variables) as terminal:
        terminal.expect("Code: ")
        terminal.type(member.ok("outbox", "--to", "bob@example.com", "--code").strip())
        terminal.expect("bob is confirmed.")
        assert terminal.ends() == 0


def test_ctrl_c_ends_it_without_a_traceback(member: Shell) -> None:
    with Terminal("sign-in", "ada", environment=member.variables) as terminal:
        terminal.expect("Password: ")
        terminal.interrupt()
        assert terminal.ends() == 1
        assert "Traceback" not in terminal.shown


def test_no_input_asks_nothing_even_at_a_terminal(member: Shell) -> None:
    with Terminal("sign-in", "ada", "--no-input", environment=member.variables) as terminal:
        assert terminal.ends() == 5
        assert "Stopped at: the password." in terminal.shown
        assert "Set USERPOOL_PASSWORD" in terminal.shown


def test_without_a_terminal_a_script_gets_an_exit_code(member: Shell) -> None:
    for form in ([], ["--json"]):
        said = member.fails(5, "sign-in", "ada", *form)
        assert "Stopped at: the password" in said
        assert "USERPOOL_PASSWORD" in said
    assert "Set USERPOOL_CODE" in member.fails(5, "confirm", "ada")
    assert "Set USERPOOL_NEW_PASSWORD" in member.fails(5, "users", "set-password", "ada")
