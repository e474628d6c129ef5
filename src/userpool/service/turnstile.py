"""A turnstile: of many threads that want the same thing, a few at a time go on.

An attempt is charged before it is compared, as if it would fail, so that a burst of right passwords for one
user would look like a burst of wrong ones and lock the user. One after another they are charged, found right
and refunded.
"""

from __future__ import annotations

import threading
from collections import Counter

WIDTH = 2
"""How many go on at once: well below the five failures that lock, also where there are two processes."""

PATIENCE_SECONDS = 10.0
"""After this long a thread goes on all the same: the turnstile is there for the impatient, not for safety."""


class Turnstile:
    """Lets `width` threads at a time be inside for one key. A thread is inside for one key at most."""

    def __init__(self, width: int = WIDTH, patience: float = PATIENCE_SECONDS) -> None:
        self._width = width
        self._patience = patience
        self._inside: Counter[str] = Counter()
        self._left = threading.Condition()
        self._mine = threading.local()

    def enter(self, key: str) -> None:
        """Wait for one's turn. Whatever this thread was inside for is left first."""
        self.leave()
        with self._left:
            self._left.wait_for(lambda: self._inside[key] < self._width, self._patience)
            self._inside[key] += 1
        self._mine.key = key

    def leave(self) -> None:
        """Let the next one in, if this thread is inside at all."""
        key: str | None = getattr(self._mine, "key", None)
        if key is None:
            return
        self._mine.key = None
        with self._left:
            self._inside[key] -= 1
            if not self._inside[key]:
                del self._inside[key]
            self._left.notify_all()
