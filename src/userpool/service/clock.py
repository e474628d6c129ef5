"""The service's two clocks: true time, and the movable one that everything the service dates follows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class ServiceClock:
    """A movable clock over `source`, which gives the true time in seconds since the epoch.

    Development mode and tests advance it, so that the expiry of codes, sessions and tokens can be seen at
    once. It keeps running while it is moved. What other parties' clocks take part in (SigV4, SRP's TIMESTAMP,
    TOTP, the Date header) reads `true`, which never moves.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the epoch on the service's clock."""
        return self._source() + self._offset

    def true(self) -> float:
        """The true time in seconds since the epoch."""
        return self._source()

    @property
    def offset(self) -> float:
        """How many seconds the service's clock is ahead of true time."""
        return self._offset

    def advance(self, seconds: float) -> None:
        """Move the service's time forward (or back) by `seconds`."""
        with self._lock:
            self._offset += seconds

    def reset(self) -> None:
        """Go back to true time."""
        with self._lock:
            self._offset = 0.0
