"""One database connection as the reader and the writer see it: statements in, rows out.

Statements are SQLAlchemy Core, built once at import. Each is compiled once for a store's database and then
handed to the driver as text with named values: the driver keeps it prepared. Going through SQLAlchemy's own
execution for every call costs several times as much (`benchmarks/store.py` measures it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Dialect
from sqlalchemy.sql.elements import ClauseElement

from ..ports import Conflict
from .rows import Row, Values


class Cursor(Protocol):
    """What a statement answers, as both drivers have it."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """The part of a driver's connection that is used here (sqlite3 and psycopg both have it)."""

    def execute(self, statement: Any, values: Any = ..., /) -> Cursor: ...


class Compiled:
    """The statements of a store, each as text for its database, compiled on first use."""

    __slots__ = ("_dialect", "_texts")

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._texts: dict[ClauseElement, tuple[str, Values]] = {}

    def text(self, statement: ClauseElement) -> tuple[str, Values]:
        """The text of `statement`, and the constants in it that are passed as values."""
        known = self._texts.get(statement)
        if known is None:
            compiled = statement.compile(dialect=self._dialect)
            constants = {name: value for name, value in compiled.params.items() if value is not None}
            known = self._texts[statement] = (str(compiled), constants)
        return known


class Session:
    """Runs statements on one connection, for one thread at a time."""

    __slots__ = ("_compiled", "_connection", "_integrity_error")

    def __init__(self, connection: Connection, compiled: Compiled, integrity_error: type[Exception]) -> None:
        self._connection = connection
        self._compiled = compiled
        self._integrity_error = integrity_error

    def _run(self, statement: ClauseElement, values: Values) -> Cursor:
        text, constants = self._compiled.text(statement)
        return self._connection.execute(text, {**constants, **values} if constants else values)

    def row(self, statement: ClauseElement, **values: object) -> Row | None:
        """The first row that `statement` finds."""
        row: Row | None = self._run(statement, values).fetchone()
        return row

    def rows(self, statement: ClauseElement, **values: object) -> Sequence[Row]:
        """All rows that `statement` finds."""
        return self._run(statement, values).fetchall()

    def change(self, statement: ClauseElement, values: Values, *, missing: str = "pool") -> int:
        """Run an UPDATE, DELETE or upsert; how many rows it changed.

        Raises `Conflict(missing)` when what it refers to does not exist.
        """
        try:
            return self._run(statement, values).rowcount
        except self._integrity_error as error:
            raise Conflict(missing) from error

    def insert(self, statement: ClauseElement, values: Values, *, taken: str, missing: str) -> None:
        """Run an `INSERT … ON CONFLICT DO NOTHING` of one row.

        Raises `Conflict(taken)` when its key exists, `Conflict(missing)` when what it refers to does not.
        """
        if not self.change(statement, values, missing=missing):
            raise Conflict(taken)
