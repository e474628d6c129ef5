"""The service's time, as the Date header of its replies tells it, beside this machine's."""

from __future__ import annotations

import re
from calendar import timegm
from typing import Final

from userpool.protocol.errors import ClockSkewError

TOLERANCE: Final = 300.0
"""Seconds that a proof of a password may be off: the service refuses it beyond, with the words of a
wrong password.
"""

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE: Final = re.compile(
    rf"[A-Z][a-z]{{2}}, (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)


def http_date(text: str | None) -> float | None:
    """Read a Date header (RFC 9110 section 5.6.7, the form that servers send) as seconds since the epoch.

    Returns `None` for a missing one and for any other form: the header is a help, never a condition.
    """
    match = _DATE.fullmatch(text or "")
    if match is None:
        return None
    day, month, year, hour, minute, second = match.groups()
    return float(timegm((int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))))


def check_clock(date: str | None, now: float) -> None:
    """Refuse to go on when this machine's clock would spoil the proof.

    Args:
        date: the Date header of the service's latest reply.
        now: this machine's time when it came, in seconds since the epoch.

    Raises:
        ClockSkewError: the two are more than `TOLERANCE` apart.
    """
    theirs = http_date(date)
    if theirs is not None and abs(theirs - now) > TOLERANCE:
        raise ClockSkewError(theirs - now)
