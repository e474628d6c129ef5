"""What holds for PostgreSQL alone: what is run again, what is not, and what is said when it is gone."""

from __future__ import annotations

import random
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from tests.store.examples import CLIENT, POOL, add_pool, make_user, name_of
from userpool.service.ports import Conflict, StoreError, Writer
from userpool.service.store import postgresql
from userpool.service.store.postgresql import ATTEMPTS, PostgresqlStore


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def store(postgres_url: str, pauses: list[float]) -> Iterator[PostgresqlStore]:
    store = PostgresqlStore(make_url(postgres_url), connections=2, sleep=pauses.append)
    store.reset()
    yield store
    store.close()


def connection_of(writer: Writer) -> psycopg.Connection[tuple[object, ...]]:
    """The connection under a view: for tests that break something."""
    connection: psycopg.Connection[tuple[object, ...]] = writer._session._connection  # type: ignore[attr-defined]
    return connection


class Failing:
    """A work that adds a pool, and fails the first `times` that it is run."""

    def __init__(self, times: int, error: type[psycopg.Error]) -> None:
        self.left = times
        self.error = error
        self.runs = 0

    def __call__(self, writer: Writer) -> str:
        self.runs += 1
        writer.add_pool(POOL, ())
        if self.left:
            self.left -= 1
            raise self.error
        return "done"


@pytest.mark.parametrize("error", [psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected])
def test_a_conflict_of_transactions_is_run_again(
    store: PostgresqlStore, pauses: list[float], error: type[psycopg.Error]
) -> None:
    work = Failing(3, error)
    assert store.write(work) == "done"
    assert work.runs == 4
    assert len(pauses) == 3
    assert 0 < pauses[0] < pauses[2] * 2 < 1


def test_a_read_is_run_again_too(store: PostgresqlStore) -> None:
    failures = [psycopg.errors.SerializationFailure()]

    def work(reader: object) -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert store.read(work) == "done"


def test_it_is_not_run_for_ever(store: PostgresqlStore, pauses: list[float]) -> None:
    random.seed(1)
    work = Failing(10_000, psycopg.errors.SerializationFailure)
    with pytest.raises(StoreError, match="nothing was done, try again later"):
        store.write(work)
    assert work.runs == ATTEMPTS
    assert 2 < sum(pauses) < 10
    assert max(pauses) <= 1.5
    assert store.read(lambda r: r.pool(POOL.id)) is None


def test_nor_after_the_time_for_it_is_over(
    store: PostgresqlStore, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "GIVE_UP_SECONDS", -1.0)
    with pytest.raises(StoreError, match="nothing was done"):
        store.write(Failing(10_000, psycopg.errors.SerializationFailure))
    assert pauses == []


def test_another_error_is_told_and_not_run_again(store: PostgresqlStore) -> None:
    work = Failing(1, psycopg.errors.DiskFull)
    with pytest.raises(StoreError, match="log"):
        store.write(work)
    assert work.runs == 1
    add_pool(store)


def test_a_connection_that_breaks_in_a_work_is_replaced(store: PostgresqlStore) -> None:
    runs: list[int] = []

    def work(writer: Writer) -> str:
        connection = connection_of(writer)
        runs.append(connection.info.backend_pid)
        if len(runs) == 1:
            connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        writer.add_pool(POOL, ())
        return "done"

    assert store.write(work) == "done"
    assert len(set(runs)) == 2
    assert store.read(lambda r: r.pool(POOL.id)) == POOL


def test_an_idle_connection_that_broke_is_replaced(store: PostgresqlStore, postgres_url: str) -> None:
    pid = store.read(lambda r: connection_of(r).info.backend_pid)  # type: ignore[arg-type]
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    add_pool(store)
    assert store.read(lambda r: r.pool(POOL.id)) == POOL


def test_a_connection_that_breaks_on_commit_leaves_it_open_what_was_done(
    store: PostgresqlStore, postgres_url: str
) -> None:
    runs: list[int] = []

    def work(writer: Writer) -> None:
        runs.append(1)
        writer.add_pool(POOL, ())
        with psycopg.connect(postgres_url, autocommit=True) as other:
            pid = connection_of(writer).info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with pytest.raises(StoreError, match="may or may not"):
        store.write(work)
    assert runs == [1]
    add_pool(store)


def test_a_conflict_on_commit_is_run_again(store: PostgresqlStore) -> None:
    """Write skew: each of two reads what the other writes, so that one of them cannot be committed."""
    add_pool(store)
    runs: list[int] = []

    def count_and_add(writer: Writer) -> None:
        writer.count_users(POOL.id)
        writer.add_user(make_user(1), ())

    def work(writer: Writer) -> int:
        runs.append(1)
        seen = writer.count_users(POOL.id)
        if len(runs) == 1:
            other.write(count_and_add)
        user = make_user(2)
        writer.add_user(user, [name_of(user)])
        return seen

    other = PostgresqlStore(make_url(str(store._engine.url).replace("+psycopg", "")), connections=1)
    try:
        assert store.write(work) == 1
    finally:
        other.close()
    assert len(runs) == 2
    assert store.read(lambda r: r.count_users(POOL.id)) == 2


def test_a_work_that_swallows_a_conflict_is_told(store: PostgresqlStore) -> None:
    def work(writer: Writer) -> None:
        try:
            writer.add_client(CLIENT)  # there is no such pool: PostgreSQL undoes the transaction
        except Conflict:
            return

    with pytest.raises(StoreError, match="let `Conflict` leave it"):
        store.write(work)


def test_a_read_cannot_write(store: PostgresqlStore) -> None:
    with pytest.raises(StoreError, match="read-only"):
        store.read(lambda r: r.put_meta("a", b""))  # type: ignore[attr-defined]


def test_who_finds_all_connections_in_use_is_told(
    store: PostgresqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store._engine.pool, "_timeout", 0.01)
    lent = [store._engine.raw_connection() for _ in range(2)]
    with pytest.raises(StoreError, match="more workers"):
        add_pool(store)
    for connection in lent:
        connection.close()
    add_pool(store)


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    pauses: list[float] = []
    url = make_url("postgresql://ada:s3cret-word@127.0.0.1:1/users")
    with pytest.raises(StoreError, match=r"Connection refused|connection failed") as caught:
        PostgresqlStore(url, sleep=pauses.append)
    assert "s3cret-word" not in str(caught.value)
    assert len(pauses) == ATTEMPTS - 1


def test_in_another_process_the_connections_of_the_parent_are_left_alone(store: PostgresqlStore) -> None:
    inherited = store._engine.raw_connection()
    mine = inherited.driver_connection
    inherited.close()
    store._process = -1
    add_pool(store)
    assert mine is not None
    assert not mine.closed
    assert store._engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    mine.close()


def test_a_server_that_went_away_is_told_and_waited_for(store: PostgresqlStore, pauses: list[float]) -> None:
    engine = store._engine
    store._engine = create_engine("postgresql+psycopg://ada:s3cret-word@127.0.0.1:1/users")
    with pytest.raises(StoreError, match="nothing was done") as caught:
        add_pool(store)
    assert "s3cret-word" not in str(caught.value)
    assert len(pauses) == ATTEMPTS - 1
    store._engine = engine
    add_pool(store)
