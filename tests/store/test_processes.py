"""What processes do to a store: they are killed, they fork, they share a file."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.store.examples import POOL, add_pool, make_user
from userpool.service.store import open_store

ROUNDS = 10
ROOT = Path(__file__).parents[2]


def numbers(ledger: Path) -> list[int]:
    """What was acknowledged, without a last line that was cut."""
    text = ledger.read_text() if ledger.exists() else ""
    return [int(line) for line in text.split("\n")[:-1]]


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    database, ledger = tmp_path / "users.db", tmp_path / "ledger"
    url = f"sqlite:///{database}"
    store = open_store(url)
    add_pool(store)
    store.close()
    chance = random.Random(9)
    for _ in range(ROUNDS):
        before = len(numbers(ledger))
        first = max(numbers(ledger), default=0) + 1_000
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.acknowledging", url, str(first), str(ledger)], cwd=ROOT
        )
        try:
            deadline = time.monotonic() + 60
            while len(numbers(ledger)) < before + 20:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.05))
        finally:
            process.kill()
            process.wait(30)
    acknowledged = numbers(ledger)
    assert len(acknowledged) == len(set(acknowledged)) >= ROUNDS * 20

    store = open_store(url)
    for n in acknowledged:
        user = make_user(n)
        assert store.read(lambda r, user=user: r.user_named(POOL.id, [user.username])) == user  # type: ignore[misc]  # a default argument
    store.close()
    connection = sqlite3.connect(database)
    # Whoever was not acknowledged is there wholly or not at all.
    counts = connection.execute(
        "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM login_names)"
    ).fetchone()
    assert counts[0] == counts[1]
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def run_script(source: str, url: str) -> str:
    """Run `source` in a process of its own, where forking beside threads harms no other test."""
    script = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(source), url]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


FORKING = """
    import os, sys, threading
    from tests.store.examples import POOL, add_pool, add_user, make_user, named
    from userpool.service.store import open_store

    store = open_store(sys.argv[1])
    add_pool(store)
    stop = threading.Event()
    written = []

    def write(first):
        n = first
        while not stop.is_set():
            add_user(store, make_user(n))
            written.append(n)
            named(store, POOL, [f"user{n}"])
            n += 10

    threads = [threading.Thread(target=write, args=(first,)) for first in (1, 2, 3)]
    for thread in threads:
        thread.start()
    children = []
    for child in range(4):
        process = os.fork()
        if not process:
            shared = store.read(lambda r: r.pool(POOL.id)) == POOL
            for n in range(20):
                add_user(store, make_user(100_000 * (child + 1) + n))
            found = named(store, POOL, [f"user{100_000 * (child + 1)}"]) is not None
            store.close()
            os._exit(0 if shared and found else 1)
        children.append(process)
    codes = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in children]
    stop.set()
    for thread in threads:
        thread.join()
    ours = all(named(store, POOL, [f"user{n}"]) for n in written)
    theirs = all(
        named(store, POOL, [f"user{100_000 * (child + 1) + n}"]) for child in range(4) for n in range(20)
    )
    print(codes, bool(written), ours, theirs)
    store.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_parent_and_children_share_a_file(tmp_path: Path) -> None:
    assert run_script(FORKING, f"sqlite:///{tmp_path}/users.db") == "[0, 0, 0, 0] True True True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_children_have_copies_of_a_memory_database() -> None:
    assert run_script(FORKING, "sqlite:///:memory:") == "[0, 0, 0, 0] True True False\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_parent_and_children_share_postgresql(postgres_url: str) -> None:
    store = open_store(postgres_url)
    store.reset()
    store.close()
    assert run_script(FORKING, postgres_url) == "[0, 0, 0, 0] True True True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_within_a_work_leaves_the_parents_work_whole(tmp_path: Path) -> None:
    source = """
        import os, sys
        from tests.store.examples import POOL, OTHER_POOL, add_pool
        from userpool.service.store import open_store

        store = open_store(sys.argv[1])

        def fork_within(writer):
            writer.add_pool(POOL, ())
            process = os.fork()
            if not process:
                os._exit(0)
            return os.waitpid(process, 0)[1]

        print(store.write(fork_within), store.read(lambda r: r.pool(POOL.id)) == POOL)

        process = store.read(lambda r: os.fork())
        if not process:
            os._exit(0 if store.read(lambda r: r.pool(POOL.id)) == POOL else 1)
        print(os.waitpid(process, 0)[1])
        add_pool(store, OTHER_POOL)
        store.close()
    """
    assert run_script(source, f"sqlite:///{tmp_path}/users.db") == "0 True\n0\n"


def test_a_process_may_end_without_closing_the_store(tmp_path: Path) -> None:
    source = """
        import sys
        from tests.store.examples import add_pool
        from userpool.service.store import open_store

        store = open_store(sys.argv[1])
        add_pool(store)
        print("done")
    """
    url = f"sqlite:///{tmp_path}/users.db"
    assert run_script(source, url) == "done\n"
    store = open_store(url)
    assert store.read(lambda r: r.pool(POOL.id)) == POOL
    store.close()
