"""No statement reads a whole table: each walks along an index, which keeps a pool of millions fast."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
from sqlalchemy import Dialect, Insert, bindparam, create_engine, delete
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from userpool.service.store import groups, open_store, reader, search, writer
from userpool.service.store.reader import _messages, _named
from userpool.service.store.schema import group_members, login_names
from userpool.service.store.session import Compiled
from userpool.service.store.statements import remove

ALLOWED = {"_EMPTY", "messages of all"}
"""Emptying the store, and the developer's view of the whole outbox."""


WHOLE_POOL = {"_COUNT", "_NTH_SUB", "_NTH_GROUP", "_SIGNING_KEYS", "messages in"}
"""Bounded by themselves: small counts, as many as are counted, a handful of keys, the developer's view."""


def statements() -> Iterator[tuple[str, ClauseElement]]:
    """Every statement of the store, by name."""
    for module in (reader, search, groups, writer):
        for name, value in vars(module).items():
            if isinstance(value, Mapping):
                parts: list[Any] = [*value.keys(), *value.values()]
            else:
                parts = value if isinstance(value, list) else [value]
            for number, part in enumerate(parts):
                if isinstance(part, ClauseElement) and part.supports_execution:
                    yield (f"{name}[{number}]" if len(parts) > 1 else name), part
    yield "named", _named(3)
    names = login_names.c
    cascade = delete(login_names).where(names.pool_id == bindparam("a"), names.sub == bindparam("b"))
    yield "what SQLite runs when a user is deleted", cascade
    yield (
        "what SQLite runs when a group is deleted",
        remove(group_members, "pool_id", "group_name"),
    )
    yield "messages of all", _messages(frozenset())
    yield "messages to", _messages(frozenset({"recipient"}))
    yield "messages in", _messages(frozenset({"pool_id"}))
    yield "messages to in", _messages(frozenset({"pool_id", "recipient"}))


STATEMENTS = [
    pytest.param(name, statement, id=name)
    for name, statement in statements()
    if not isinstance(statement, Insert) and name.split("[")[0] not in ALLOWED
]


def values_of(statement: ClauseElement, dialect: Dialect) -> dict[str, Any]:
    """Something for each parameter, of the right type."""
    compiled = cast("SQLCompiler", statement.compile(dialect=dialect))
    values: dict[str, Any] = {}
    for name, parameter in compiled.binds.items():
        kind = parameter.type.python_type if name not in ("limit", "offset", "param_1") else int
        values[name] = {str: "x", int: 5, float: 1.0, bytes: b"x", bool: True}.get(kind, "x")
    return values


@pytest.fixture(scope="module")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("plans") / "users.db"
    open_store(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    yield connection
    connection.close()


@pytest.mark.parametrize(("name", "statement"), STATEMENTS)
def test_sqlite_walks_along_an_index(
    sqlite_database: sqlite3.Connection, name: str, statement: ClauseElement
) -> None:
    dialect = sqlite.dialect(paramstyle="named")
    text, constants = Compiled(dialect).text(statement)
    values = {**values_of(statement, dialect), **constants}
    plan = [row[3] for row in sqlite_database.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    assert plan
    assert not [step for step in plan if re.match("SCAN", step)] or name == "_POOLS"
    whole_pool = [step for step in plan if step.endswith("(pool_id=?)")]
    assert not whole_pool or name in WHOLE_POOL
    sorts = [step for step in plan if "TEMP B-TREE" in step]
    assert not sorts or name.startswith(("messages", "_SIGNING_KEYS"))


@pytest.fixture(scope="module")
def postgres_database(postgres_url: str) -> Iterator[Any]:
    import psycopg

    open_store(postgres_url).close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        # Tables are empty here, and then any plan is as good as another: let a scan cost much.
        connection.execute("SET enable_seqscan = off")
        yield connection


@pytest.mark.parametrize(("name", "statement"), STATEMENTS)
def test_postgresql_walks_along_an_index(postgres_database: Any, name: str, statement: ClauseElement) -> None:
    dialect = create_engine("postgresql+psycopg://").dialect
    text, constants = Compiled(dialect).text(statement)
    values = {**values_of(statement, dialect), **constants}
    plan = [row[0] for row in postgres_database.execute(f"EXPLAIN {text}", values)]
    assert any("Index Cond" in step for step in plan)
    assert not [step for step in plan if "Seq Scan" in step]
