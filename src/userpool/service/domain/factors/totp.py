"""Authenticator apps: a code fits one time step, and a step is good once."""

from __future__ import annotations

from dataclasses import replace

from userpool.protocol import totp
from userpool.protocol.errors import CodeMismatchException, ExpiredCodeException

from ..records import Totp


def accept(record: Totp, secret: str, offered: str, at: float) -> Totp:
    """The record after a right code, which uses up its time step and those before it.

    Args:
        record: what is stored about the app; `last_step` is the newest used step.
        secret: its opened seed.
        offered: the code as it was given.
        at: true time in seconds since the epoch; one step either side is accepted.

    Raises:
        CodeMismatchException: the code is wrong.
        ExpiredCodeException: it was right, and is used up.
    """
    step = totp.matched_step(secret, offered, at)
    if step is None:
        raise CodeMismatchException("Invalid code received for user")
    if step <= record.last_step:
        raise ExpiredCodeException("Your software token has already been used once.")
    return replace(record, last_step=step)


def associated(record: Totp | None, sealed_seed: bytes) -> Totp:
    """The record with a new app that has not shown a code yet; an app that works keeps working until then."""
    if record is None or not record.verified:
        return Totp(sealed_seed, verified=False, pending=sealed_seed)
    return replace(record, pending=sealed_seed)


def registered(sealed_seed: bytes, step: int, friendly_name: str | None) -> Totp:
    """The record of an app that has shown a right code, which is used up by that."""
    return Totp(sealed_seed, verified=True, friendly_name=friendly_name, last_step=step)
