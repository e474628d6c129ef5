"""The seed of an authenticator app that a program has, and the codes that it gives: `userpool totp`."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import click

from .failures import BadUsage, MachineFault
from .output import json_option, note, show

F = TypeVar("F", bound=Callable[..., Any])

SEED = "USERPOOL_TOTP_SEED"
SEED_FILE = "USERPOOL_TOTP_SEED_FILE"
_LIMIT = 4096
"""Characters that are read of a seed file. An otpauth URI has some hundred."""


def seed_option(command: F) -> F:
    """Give a command the option `--totp-seed-file`, which it takes as `seed_file`."""
    return click.option(
        "--totp-seed-file",
        "seed_file",
        envvar=SEED_FILE,
        type=click.Path(dir_okay=False, allow_dash=True),
        help=f"The file with an authenticator app's seed, - for standard input; or {SEED} has it.",
    )(command)


class AppSeed:
    """A seed, as the app that has it.

    Args:
        secret: in base32.
        clock: the time in seconds since the epoch.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        secret: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        from userpool.protocol import totp

        self._secret = secret
        self._clock = clock
        self._sleep = sleep
        self._shown: int | None = None
        try:
            totp.code(secret, 0)
        except ValueError as error:
            raise BadUsage(f"This is no seed of an authenticator app: {error}.") from None

    def __repr__(self) -> str:
        return "AppSeed()"

    def code(self) -> str:
        """The code of this moment."""
        from userpool.protocol import totp

        now = self._clock()
        self._shown = totp.step(now)
        return totp.code(self._secret, now)

    def seconds_left(self) -> int:
        """For how long the app shows that code."""
        from userpool.protocol import totp

        return totp.STEP_SECONDS - int(self._clock()) % totp.STEP_SECONDS

    def wait_for_another(self) -> bool:
        """Wait until the app shows another code than the last that it gave; false where it gave none."""
        from userpool.protocol import totp

        if self._shown is None:
            return False
        ends = (self._shown + 1) * totp.STEP_SECONDS
        if (left := ends - self._clock()) > 0:
            note(f"A code counts once; the next one comes in {left:.0f} seconds.")
            self._sleep(left)
        return True


def app_seed(seed_file: str | None) -> AppSeed | None:
    """The seed in a file, or in the environment; `None` where neither is named.

    Raises:
        BadUsage: what is there is no seed.
        MachineFault: the file cannot be read.
    """
    text = _read(seed_file) if seed_file else os.environ.get(SEED)
    return AppSeed(_secret(text.strip())) if text else None


def _read(seed_file: str) -> str:
    if seed_file == "-":
        return sys.stdin.read(_LIMIT)
    try:
        with open(seed_file, encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_LIMIT)
    except (OSError, ValueError) as error:
        raise MachineFault(f"The seed in {seed_file} cannot be read: {error}.") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        note(f"Others on this machine can read the seed: chmod 600 {seed_file}")
    return text


def _secret(text: str) -> str:
    """The seed itself, of text that may be the address in a QR code."""
    if not text.startswith("otpauth:"):
        return text
    return next(iter(parse_qs(urlsplit(text).query).get("secret", ())), "")


@click.command(name="totp", short_help="Print the code of an authenticator app, from its seed.")
@seed_option
@json_option
def totp(seed_file: str | None) -> None:
    """Print the code that an authenticator app shows now, from its seed."""
    seed = app_seed(seed_file)
    if seed is None:
        raise BadUsage("It is not said which seed is meant.", f"Give --totp-seed-file, or set {SEED}.")
    code = seed.code()
    show({"code": code, "seconds_left": seed.seconds_left()}, [code])
