"""The SQLite store: what a statement costs through it, what group commit brings, how both grow with a pool.

python benchmarks/store.py [ROUNDS] [USERS]

Wall-clock microseconds an operation, medians of rounds in turn in this one process, and the ratio to the
yardstick of the group (its first line). A commit is a full sync to the disk that holds the system's temporary
folder; set TMPDIR to measure another. USERS (default 100000) is how far the pool is grown.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine

from userpool.service.domain.records import (
    Attempts,
    LoginName,
    NameKind,
    PasswordRecord,
    Pool,
    User,
    UserStatus,
)
from userpool.service.ports import Reader, Store, Writer
from userpool.service.store import open_store
from userpool.service.store.reader import _USER

POOL = Pool("us-east-1_aB12cDe34", "bench", {}, 1.0, 1.0)
BATCH = 200


def measure(title: str, works: dict[str, Callable[[int], None]], rounds: int, batch: int = BATCH) -> None:
    """Time each work (it is told how often) in turn and print medians; the first is the yardstick."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work(batch)
            times[name].append((time.perf_counter() - start) / batch)
    yardstick = statistics.median(next(iter(times.values())))
    print(f"\n{title}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"  {name:58}{median * 1e6:9.1f} us{1 / median:10.0f}/s{yardstick / median:8.2f} x")


def user_number(n: int) -> User:
    """The user `n` as a sign-up leaves it."""
    sub = str(uuid.uuid5(uuid.NAMESPACE_OID, str(n)))
    return User(
        POOL.id,
        sub,
        f"user{n}",
        UserStatus.CONFIRMED,
        True,
        {"sub": sub, "email": f"user{n}@example.com", "email_verified": "true", "name": f"Name {n % 1000}"},
        1.0,
        1.0,
        PasswordRecord(os.urandom(16), os.urandom(412), 1.0),
    )


def names_of(user: User) -> list[LoginName]:
    """Under what `user` is found."""
    return [
        LoginName(POOL.id, user.username, NameKind.USERNAME, user.sub),
        LoginName(POOL.id, user.attributes["email"], NameKind.EMAIL, user.sub),
    ]


def grow(store: Store, low: int, high: int) -> None:
    """Add the users from `low` up to `high`."""

    def add(first: int) -> Callable[[Writer], None]:
        def work(writer: Writer) -> None:
            for n in range(first, min(first + 5_000, high)):
                user = user_number(n)
                writer.add_user(user, names_of(user))

        return work

    for first in range(low, high, 5_000):
        store.write(add(first))


def spread(threads: int, write: Callable[[], object]) -> Callable[[int], None]:
    """Do `write` as often as asked, from so many threads."""

    def work(times: int) -> None:
        def run() -> None:
            for _ in range(times // threads):
                write()

        group = [threading.Thread(target=run) for _ in range(threads)]
        for thread in group:
            thread.start()
        for thread in group:
            thread.join()

    return work


def again(read: Callable[[], object]) -> Callable[[int], None]:
    """Do `read` as often as asked."""

    def work(times: int) -> None:
        for _ in range(times):
            read()

    return work


def reading(folder: Path, rounds: int) -> None:
    """One user by sub and by name, beside the bare statement."""
    path = folder / "reading.db"
    store = open_store(f"sqlite:///{path}")
    store.write(lambda w: w.add_pool(POOL, ()))
    grow(store, 0, 10_000)
    bare = sqlite3.connect(path, isolation_level=None)
    engine = create_engine(f"sqlite:///{path}")
    text = str(_USER.compile(engine))
    subs = itertools.cycle(user_number(n).sub for n in range(0, 10_000, 7))
    names = itertools.cycle(f"user{n}" for n in range(0, 10_000, 7))

    def bare_statement() -> None:
        bare.execute("BEGIN")
        bare.execute(text, (POOL.id, next(subs))).fetchone()
        bare.execute("ROLLBACK")

    with engine.connect() as connection:
        measure(
            "One user of 10,000, read in a transaction",
            {
                "sqlite3, the bare statement": again(bare_statement),
                "the store, by sub": again(lambda: store.read(lambda r: r.user(POOL.id, next(subs)))),
                "the store, by name": again(
                    lambda: store.read(lambda r: r.user_named(POOL.id, [next(names)]))
                ),
                "SQLAlchemy Core executing the statement (no record)": again(
                    lambda: connection.execute(_USER, {"pool_id": POOL.id, "sub": next(subs)}).first()
                ),
            },
            rounds,
        )
    engine.dispose()
    bare.close()
    store.close()


def writing(folder: Path, rounds: int) -> None:
    """Durable writes: alone and in groups, beside single commits of the bare driver."""
    path = folder / "writing.db"
    store = open_store(f"sqlite:///{path}")
    store.write(lambda w: w.add_pool(POOL, ()))
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute(
        "CREATE TABLE attempts (key TEXT PRIMARY KEY, count INTEGER, started REAL, last REAL, locked REAL, "
        "ends REAL) WITHOUT ROWID"
    )
    numbers = itertools.count()

    def single_commit() -> None:
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("INSERT INTO attempts VALUES (?, 1, 1.0, 1.0, 1.0, 1.0)", (uuid.uuid4().hex,))
        bare.execute("COMMIT")

    def count_one() -> None:
        attempts = Attempts(uuid.uuid4().hex, 1, 1.0, 1.0, 1.0, 1.0)
        store.write(lambda w: w.put_attempts(attempts))

    def add_one() -> None:
        user = user_number(next(numbers))
        store.write(lambda w: w.add_user(user, names_of(user)))

    measure(
        "Durable writes of one small row",
        {
            "sqlite3, single full-sync commits": again(single_commit),
            "the store, one thread": again(count_one),
            "the store, 16 threads": spread(16, count_one),
            "the store, 64 threads": spread(64, count_one),
        },
        rounds,
        batch=960,
    )
    measure(
        "Durable sign-ups (a user with two names: 3 rows, 9 indexes)",
        {
            "sqlite3, single full-sync commits of one small row": again(single_commit),
            "the store, one thread": again(add_one),
            "the store, 16 threads": spread(16, add_one),
            "the store, 64 threads": spread(64, add_one),
        },
        rounds,
        batch=960,
    )
    bare.close()
    store.close()


def growing(folder: Path, rounds: int, users: int) -> None:
    """The same reads in a pool of a thousand users and of many."""
    stores = {}
    for size in (1_000, users):
        stores[size] = open_store(f"sqlite:///{folder}/growing-{size}.db")
        stores[size].write(lambda w: w.add_pool(POOL, ()))
        start = time.perf_counter()
        grow(stores[size], 0, size)
        print(f"\n{size:,} users added in {time.perf_counter() - start:.1f} s, 5,000 a commit")

    def by_name(size: int) -> Callable[[Reader], object]:
        names = itertools.cycle(f"user{n * 7919 % size}" for n in range(1_000))
        return lambda r: r.user_named(POOL.id, [next(names)])

    def middle(size: int) -> Callable[[Reader], object]:
        return lambda r: r.users(POOL.id, limit=60, after="8")

    def by_email(size: int) -> Callable[[Reader], object]:
        mails = itertools.cycle(f"user{n * 7919 % size}@example.com" for n in range(1_000))
        return lambda r: r.users(POOL.id, limit=60, after=None, attribute="email", value=next(mails))

    def by_prefix(size: int) -> Callable[[Reader], object]:
        return lambda r: r.users(POOL.id, limit=60, after=None, attribute="name", value="Name 7", prefix=True)

    for title, make, batch in (
        ("A user by name", by_name, BATCH),
        ("A page of 60 users in the middle of the pool", middle, 20),
        ("Users by e-mail address", by_email, BATCH),
        ("A page of 60 users by prefix of their name", by_prefix, 20),
        ("How many users there are", lambda _: lambda r: r.count_users(POOL.id), 20),
    ):
        works: dict[str, Callable[[int], None]] = {}
        for size, store in stores.items():
            works[f"of {size:,}"] = again(partial(store.read, make(size)))
        measure(title, works, rounds, batch)
    for store in stores.values():
        store.close()


def main(rounds: int, users: int) -> None:
    """Run all in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        reading(Path(name), rounds)
        writing(Path(name), rounds)
        growing(Path(name), rounds, users)


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 7,
        int(sys.argv[2].replace(",", "")) if len(sys.argv) > 2 else 100_000,
    )
