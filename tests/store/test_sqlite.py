"""What holds for SQLite alone: durability, file modes, sharing a file, errors of the disk."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.examples import OTHER_POOL, POOL, add_pool, add_user, make_user, name_of
from userpool.service.domain.records import SessionUse
from userpool.service.ports import StoreError, Writer
from userpool.service.store import connections, open_store
from userpool.service.store.connections import FileConnections
from userpool.service.store.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


def connection_of(writer: Writer) -> sqlite3.Connection:
    """The connection under a view: for tests that break something."""
    connection: sqlite3.Connection = writer._session._connection  # type: ignore[attr-defined]  # looks inside
    return connection


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_new_file_and_its_log_are_for_this_user_alone(path: Path) -> None:
    umask = os.umask(0)
    try:
        store = SqliteStore(path)
        add_pool(store)
        files = sorted(file.name for file in path.parent.iterdir())
        assert files == ["users.db", "users.db-shm", "users.db-wal"]
        assert {mode(path.parent / name) for name in files} == {0o600}
        store.close()
    finally:
        os.umask(umask)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_the_mode_of_a_file_that_exists_is_its_owners_choice(path: Path) -> None:
    path.touch(0o640)
    path.chmod(0o640)
    SqliteStore(path).close()
    assert mode(path) == 0o640


def test_every_connection_is_durable_and_keeps_references(store: SqliteStore) -> None:
    def settings(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "fullfsync")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    full = ["wal", 2, 1, 1]
    assert store.write(lambda w: settings(connection_of(w))) == full
    assert store.read(lambda r: settings(connection_of(r))) == full  # type: ignore[arg-type]  # looks inside


def test_what_was_written_is_there_when_it_is_opened_again(path: Path) -> None:
    store = SqliteStore(path)
    add_pool(store)
    add_user(store, make_user(1))
    store.close()
    assert not path.with_name("users.db-wal").exists()
    again = SqliteStore(path)
    assert again.read(lambda r: r.user_named(POOL.id, ["user1"])) == make_user(1)
    again.close()


def test_a_path_may_hold_what_means_something_in_a_url(tmp_path: Path) -> None:
    path = tmp_path / "a b%41?mode=memory#&.db"
    store = SqliteStore(path)
    add_pool(store)
    store.close()
    assert path.exists()


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore(Path("users.db"))
    monkeypatch.chdir("/")
    add_pool(store)
    assert store.read(lambda r: r.pool(POOL.id)) == POOL
    store.close()
    assert (tmp_path / "users.db").exists()


def test_two_memory_stores_are_two() -> None:
    one, two = open_store("sqlite:///:memory:"), open_store("sqlite://")
    add_pool(one)
    assert two.read(lambda r: r.pool(POOL.id)) is None
    one.close()
    two.close()


def test_a_memory_store_may_be_read_while_it_is_read() -> None:
    store = open_store("sqlite:///:memory:")
    add_pool(store)
    assert store.read(lambda _: store.read(lambda r: r.pool(POOL.id))) == POOL
    add_pool(store, OTHER_POOL)
    store.close()


def test_two_stores_share_a_file(store: SqliteStore, path: Path) -> None:
    other = SqliteStore(path)
    add_pool(store)
    assert other.read(lambda r: r.pool(POOL.id)) == POOL

    def write_many(which: SqliteStore, prefix: str) -> None:
        for n in range(50):
            which.write(lambda w, n=n: w.put_session_use(SessionUse(f"{prefix}{n}", 1, None, 9.0)))  # type: ignore[misc]  # a default argument

    thread = threading.Thread(target=write_many, args=(other, "b"))
    thread.start()
    write_many(store, "a")
    thread.join(60)
    names = [f"{prefix}{n}" for prefix in "ab" for n in range(50)]
    assert store.read(lambda r: all(r.session_use(name) for name in names))
    other.close()


def test_who_waits_too_long_for_another_process_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.05)
    store = SqliteStore(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process"):
        add_pool(store)
    other.execute("ROLLBACK")
    other.close()
    add_pool(store)
    store.close()


def test_a_full_disk_is_told_and_got_over(store: SqliteStore) -> None:
    add_pool(store)
    store.write(lambda w: connection_of(w).execute("PRAGMA max_page_count = 1").fetchone())

    def add_many(writer: Writer) -> None:
        for n in range(200):
            writer.add_user(make_user(n), [name_of(make_user(n))])

    with pytest.raises(StoreError, match="free some space"):
        store.write(add_many)
    assert store.read(lambda r: r.pool(POOL.id)) == POOL
    store.write(lambda w: connection_of(w).execute("PRAGMA max_page_count = 100000").fetchone())
    add_user(store, make_user(1_000))


def test_when_sqlite_undoes_all_the_whole_group_is_told(store: SqliteStore) -> None:
    def broken(writer: Writer) -> None:
        connection_of(writer).execute("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(StoreError, match="disk I/O error"):
        store.write(broken)
    add_pool(store)


def test_a_commit_that_fails_acknowledges_nothing(store: SqliteStore) -> None:
    def refuse_commit(action: int, what: str | None, *_: object) -> int:
        committing = action == sqlite3.SQLITE_TRANSACTION and what == "COMMIT"
        return sqlite3.SQLITE_DENY if committing else sqlite3.SQLITE_OK

    def work(writer: Writer) -> None:
        writer.add_pool(POOL, ())
        connection_of(writer).set_authorizer(refuse_commit)

    with pytest.raises(StoreError, match="not authorized"):
        store.write(work)
    assert store.read(lambda r: r.pool(POOL.id)) is None
    # It was on a connection that is not trusted any more.
    add_pool(store)


def test_a_work_that_breaks_a_statement_harms_no_other(store: SqliteStore) -> None:
    entered, go_on = threading.Event(), threading.Event()
    outcomes: dict[str, object] = {}

    def first(writer: Writer) -> str:
        writer.add_pool(POOL, ())
        entered.set()
        go_on.wait(30)
        return "first"

    def broken(writer: Writer) -> None:
        writer.add_pool(OTHER_POOL, ())
        connection_of(writer).execute("SELECT nothing")

    def run(name: str, work: object) -> None:
        try:
            outcomes[name] = store.write(work)  # type: ignore[arg-type]  # any work will do
        except Exception as error:
            outcomes[name] = error

    threads = [threading.Thread(target=run, args=("first", first))]
    threads[0].start()
    assert entered.wait(30)
    for work in (broken, lambda w: w.add_user(make_user(1), [name_of(make_user(1))]) or "last"):
        threads.append(threading.Thread(target=run, args=(f"{len(threads)}", work)))
        threads[-1].start()
        while len(store._group._queue) < len(threads) - 1:
            time.sleep(0.001)
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert outcomes["first"] == "first"
    assert isinstance(outcomes["1"], StoreError)
    assert outcomes["2"] == "last"
    assert store.read(lambda r: r.pool(OTHER_POOL.id)) is None
    assert store.read(lambda r: r.user_named(POOL.id, ["user1"])) == make_user(1)


def test_an_interrupted_work_is_undone_and_the_store_goes_on(store: SqliteStore) -> None:
    def interrupted(writer: Writer) -> None:
        writer.add_pool(POOL, ())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write(interrupted)
    assert store.read(lambda r: r.pool(POOL.id)) is None
    add_pool(store)


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"not a database, " * 100)
    with pytest.raises(StoreError, match="no SQLite database"):
        SqliteStore(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="see that its folder is there"):
        SqliteStore(tmp_path / "nowhere" / "users.db")


def test_a_file_without_a_log_is_refused(path: Path) -> None:
    # A file system without shared memory, as SQLite sees it: one of its file layers has none.
    files = FileConnections(path, SqliteStore(None)._connections._handle.view._session._compiled)  # type: ignore[union-attr]
    files._uri += "&vfs=unix-dotfile"
    with pytest.raises(StoreError, match="local disk"), files.reading():
        pass


class BusyConnection:
    """A connection to a file that other processes are opening and closing."""

    def __init__(self, times: int, code: int = sqlite3.SQLITE_BUSY) -> None:
        self.times = times
        self.code = code
        self.closed = False

    def execute(self, statement: str) -> BusyConnection:
        self.times -= 1
        if self.times >= 0:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.code
            raise error
        return self

    def fetchone(self) -> tuple[str]:
        return ("wal",)

    def close(self) -> None:
        self.closed = True


def test_opening_waits_for_others_who_open_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_log: Any = connections._keep_log
    assert keep_log(BusyConnection(3)) == "wal"
    broken = BusyConnection(1, sqlite3.SQLITE_CORRUPT)
    with pytest.raises(sqlite3.OperationalError):
        keep_log(broken)
    assert broken.closed
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.02)
    with pytest.raises(sqlite3.OperationalError):
        keep_log(BusyConnection(10_000))


def test_idle_connections_are_kept_but_not_too_many(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_READERS", 2)
    files = store._connections
    assert isinstance(files, FileConnections)

    def nested(depth: int) -> None:
        store.read(lambda r: nested(depth - 1) if depth else None)

    nested(5)
    assert len(files._idle) == 2
    kept = set(files._idle)
    nested(0)
    assert set(files._idle) == kept


def test_closing_waits_for_a_writer_and_for_no_reader(store: SqliteStore) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(writer: Writer) -> None:
        inside.set()
        go_on.wait(30)
        writer.add_pool(POOL, ())

    writing = threading.Thread(target=lambda: store.write(slow))
    writing.start()
    assert inside.wait(30)
    closing = threading.Thread(target=store.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    go_on.set()
    closing.join(30)
    writing.join(30)
    assert not closing.is_alive()


def test_a_work_may_not_close_the_store_nor_hang_it(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RuntimeError, match="when the work is done"):
        store.write(lambda w: store.close())
    add_pool(store)
    inside, go_on = threading.Event(), threading.Event()

    def slow(writer: Writer) -> None:
        inside.set()
        go_on.wait(30)

    monkeypatch.setattr("userpool.service.store.sqlite.CLOSE_SECONDS", 0.01)
    writing = threading.Thread(target=lambda: store.write(slow))
    writing.start()
    assert inside.wait(30)
    with pytest.raises(StoreError, match="still run"):
        store.close()
    go_on.set()
    writing.join(30)


@pytest.mark.parametrize("memory", [False, True])
def test_a_fork_does_not_wait_for_ever(path: Path, memory: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "FORK_SECONDS", 0.01)
    store = SqliteStore(None if memory else path)
    inside, go_on = threading.Event(), threading.Event()

    def slow(view: object) -> None:
        inside.set()
        go_on.wait(30)

    for use in (store.read, store.write):
        inside.clear()
        go_on.clear()
        thread = threading.Thread(target=use, args=(slow,))
        thread.start()
        assert inside.wait(30)
        store.before_fork()
        store.after_fork_in_parent()
        go_on.set()
        thread.join(30)
    add_pool(store)
    assert store.read(lambda r: r.pool(POOL.id)) == POOL
    store.close()
