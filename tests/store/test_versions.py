"""A new database and a migrated one are the same; what cannot be brought up to date is refused."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from tests.store.examples import POOL, add_pool
from userpool.service.domain.records import Group, TokenFamily
from userpool.service.ports import Store, StoreError
from userpool.service.store import open_store, versions
from userpool.service.store.schema import REVISIONS, metadata, version_table

MIGRATIONS = Path(versions.__file__).parent / "migrations"


def test_the_migrations_are_those_that_the_schema_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def schema_of_sqlite(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT type || ' ' || name, sql FROM sqlite_master").fetchall()
    connection.close()
    return {name: " ".join((sql or "").split()) for name, sql in found}


def old_database(path: Path) -> None:
    """A database from before the first migration: it knows of Alembic and has nothing yet."""
    engine = create_engine(f"sqlite:///{path}")
    version_table.create(engine)
    engine.dispose()


def test_a_new_sqlite_database_and_a_migrated_one_are_the_same(tmp_path: Path) -> None:
    new, migrated = tmp_path / "new.db", tmp_path / "migrated.db"
    open_store(f"sqlite:///{new}").close()
    old_database(migrated)
    open_store(f"sqlite:///{migrated}").close()
    assert schema_of_sqlite(new) == schema_of_sqlite(migrated)
    assert len(schema_of_sqlite(new)) > 30
    for path in (new, migrated):
        store = open_store(f"sqlite:///{path}")
        add_pool(store)
        store.close()


CATALOGUE = """
    SELECT 'column ' || table_name || '.' || column_name,
           concat_ws(' ', data_type, is_nullable, column_default, collation_name, ordinal_position::text)
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint ' || conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


@pytest.fixture
def databases(postgres_url: str) -> Iterator[list[str]]:
    """The URLs of two new, empty PostgreSQL databases."""
    names = ["versions_one", "versions_two"]
    engine = create_engine(
        postgres_url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield [str(postgres_url).replace("/postgres?", f"/{name}?") for name in names]
    finally:
        with engine.connect() as connection:
            for name in names:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def test_a_new_postgresql_database_and_a_migrated_one_are_the_same(databases: list[str]) -> None:
    found: list[dict[Any, Any]] = []
    for url, old in zip(databases, (False, True), strict=True):
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        if old:
            version_table.create(engine)
        open_store(url).close()
        with engine.connect() as connection:
            found.append({row[0]: row[1] for row in connection.execute(text(CATALOGUE))})
        engine.dispose()
    assert found[0] == found[1]
    assert len(found[0]) > 100


def test_many_may_open_a_new_postgresql_database_at_once(databases: list[str]) -> None:
    stores: list[Store] = []
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        stores.append(open_store(databases[0]))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(stores) == 4
    add_pool(stores[0])
    assert all(store.read(lambda r: r.pool(POOL.id)) == POOL for store in stores)
    for store in stores:
        store.close()


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    stores: list[Store] = []
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        stores.append(open_store(f"sqlite:///{tmp_path}/users.db"))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(stores) == 4
    for store in stores:
        store.close()


def test_a_database_of_a_newer_release_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "users.db"
    open_store(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    before = list(connection.iterdump())
    with pytest.raises(StoreError, match=r"revision 9999.*newer userpool"):
        open_store(f"sqlite:///{path}")
    assert list(connection.iterdump()) == before
    connection.close()


def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "users.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE users (id INTEGER)")
    connection.commit()
    with pytest.raises(StoreError, match=r"another program.*users"):
        open_store(f"sqlite:///{path}")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("users",)]
    connection.close()


def test_a_database_that_is_not_as_it_should_be_is_told(tmp_path: Path) -> None:
    path = tmp_path / "users.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE alembic_version (something INTEGER)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="version_num"):
        open_store(f"sqlite:///{path}")


def test_what_others_keep_in_the_same_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "users.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE invoices (id INTEGER)")
    connection.commit()
    open_store(f"sqlite:///{path}").close()
    engine = create_engine(f"sqlite:///{path}")
    assert set(inspect(engine).get_table_names()) == {"invoices", version_table.name, *metadata.tables}
    engine.dispose()
    connection.close()


def test_a_migration_that_breaks_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "users.db"
    old_database(path)
    before = schema_of_sqlite(path)
    migrate = versions.migrate

    def break_off(connection: Any, revision: str = "head") -> None:
        migrate(connection, revision)
        raise OSError("power failed")

    monkeypatch.setattr(versions, "migrate", break_off)
    with pytest.raises(OSError, match="power"):
        open_store(f"sqlite:///{path}")
    assert schema_of_sqlite(path) == before
    monkeypatch.undo()
    open_store(f"sqlite:///{path}").close()
    assert len(schema_of_sqlite(path)) > 30


def test_alembic_is_loaded_only_for_a_migration(tmp_path: Path) -> None:
    script = (
        "import sys; from userpool.service.store import open_store;"
        "[open_store(sys.argv[1]).close() for _ in range(2)];"
        "print('alembic' in sys.modules, 'psycopg' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, f"sqlite:///{tmp_path}/users.db"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "False False\n"


def at_first_revision(url: str) -> None:
    """A database as the first revision made it, with a pool, a user and a sign-in in it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        version_table.create(connection)
        versions.migrate(connection, "0001")
        connection.execute(text("INSERT INTO pools VALUES ('pool', 'first', '{}', 1.5, 2.5)"))
        connection.execute(
            text(
                "INSERT INTO users (pool_id, sub, username, status, enabled, attributes, created_at, "
                "modified_at, password_history, mfa_enabled, pending_attributes, tokens_valid_after, "
                "version) "
                "VALUES ('pool', 'sub', 'ada', 'CONFIRMED', :yes, '{}', 1, 1, '[]', '[]', '{}', 0, 1)"
            ),
            {"yes": True},
        )
        connection.execute(
            text(
                "INSERT INTO token_families (origin_jti, pool_id, client_id, sub, refresh_hash, auth_time, "
                "expires_at, scope, event_id) "
                "VALUES ('jti', 'pool', 'client', 'sub', :hash, 3, 100, 'scope', 'event')"
            ),
            {"hash": b"\x00hash"},
        )
    engine.dispose()


def check_upgraded(url: str) -> None:
    """What was there is there still, and what is new can be used."""
    store = open_store(url)
    family = TokenFamily(
        "jti", "pool", "client", "sub", b"\x00hash", 3.0, 100.0, scope="scope", event_id="event"
    )
    assert store.read(lambda r: r.family("jti")) == family
    session = replace(family, session_id="tkn", last_active_at=4.0)
    store.write(lambda w: w.put_family(session))
    assert store.read(lambda r: list(r.user_sessions("pool", "sub", 50.0))) == [session]
    group = Group("pool", "editors", None, None, 1, 5.0, 5.0)
    store.write(lambda w: w.add_group(group))
    store.write(lambda w: w.add_member("pool", "sub", "editors"))
    assert store.read(lambda r: list(r.groups_of("pool", "sub"))) == [group]
    store.write(lambda w: w.delete_pool("pool"))
    assert store.read(lambda r: r.family("jti")) is None
    store.close()


def test_a_sqlite_database_of_the_first_revision_keeps_what_it_has(tmp_path: Path) -> None:
    at_first_revision(f"sqlite:///{tmp_path}/users.db")
    check_upgraded(f"sqlite:///{tmp_path}/users.db")


def test_a_postgresql_database_of_the_first_revision_keeps_what_it_has(databases: list[str]) -> None:
    at_first_revision(databases[0].replace("postgresql:", "postgresql+psycopg:"))
    check_upgraded(databases[0])
