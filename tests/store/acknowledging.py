"""A process that adds users from several threads and says after each that it is done: to be killed meanwhile.

Usage: python -m tests.store.acknowledging URL FIRST_NUMBER LEDGER
"""

from __future__ import annotations

import os
import sys
import threading

from tests.store.examples import add_user, make_user
from userpool.service.store import open_store

THREADS = 4


def main(url: str, first: int, ledger: str) -> None:
    """Write until killed."""
    store = open_store(url)
    said = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def run(n: int) -> None:
        while True:
            add_user(store, make_user(n))
            os.write(said, b"%d\n" % n)
            n += THREADS

    for thread in range(THREADS):
        threading.Thread(target=run, args=(first + thread,)).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
