"""The store in PostgreSQL: for several processes and machines.

Every write is a SERIALIZABLE transaction that is run again when the database says so; every read is one
snapshot. Nothing is used that PostgreSQL-compatible distributed engines lack or do otherwise: no sequences,
advisory locks, SKIP LOCKED, triggers or listeners.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection

from ..ports import Reader, StoreError, Writer
from .session import Compiled, Session
from .versions import prepare
from .writer import StoreWriter

T = TypeVar("T")

ATTEMPTS = 12
"""How often a transaction is tried, with pauses that add up to about five seconds."""
GIVE_UP_SECONDS = 15.0
CONNECT_SECONDS = 10
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 1.0
_WRITE = "BEGIN ISOLATION LEVEL SERIALIZABLE"
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_VIEW = "userpool"
_CONFLICTS = {"40001", "40P01"}
"""serialization_failure and deadlock_detected: nothing was done, run it again."""


class _Again(Exception):
    """Nothing was done: the transaction may be run again."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.refusal = StoreError(f"PostgreSQL: {cause}: nothing was done, try again later")


class PostgresqlStore:
    """`Store` in a PostgreSQL database.

    Args:
        url: `postgresql://user:password@host/database`, as libpq reads it.
        connections: how many connections at most; who finds all in use waits for one.
        sleep: how to pause between attempts (seconds).
    """

    def __init__(
        self, url: URL, *, connections: int = 32, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=CONNECT_SECONDS,
            pool_use_lifo=True,
            connect_args={
                "autocommit": True,
                "connect_timeout": CONNECT_SECONDS,
                "application_name": "userpool",
            },
        )
        self._compiled = Compiled(self._engine.dialect)
        self._sleep = sleep
        self._here = threading.local()
        self._process = os.getpid()
        self._closed = False
        self._repeat(self._prepare)

    def _prepare(self) -> None:
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql(_WRITE)
                prepare(connection)
                connection.exec_driver_sql("COMMIT")
        except DBAPIError as error:
            # Another process may be making the same tables: then they are there the next time.
            raise _Again(error) from error

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one consistent view. Raises `StoreError` when the database fails."""
        return self._repeat(lambda: self._transact(_READ, work))

    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction of its own; it is durable when this returns.

        Raises what `work` raises, which undoes it, and `StoreError` when the database fails.
        """
        return self._repeat(lambda: self._transact(_WRITE, work))

    def reset(self) -> None:
        """Delete all pools and what is in them; what belongs to the store itself (`meta`) stays."""
        self._repeat(lambda: self._transact(_WRITE, StoreWriter.empty))

    def close(self) -> None:
        """Close the connections; the store cannot be used any more."""
        self._closed = True
        self._engine.dispose()

    def _repeat(self, attempt: Callable[[], T]) -> T:
        """Run `attempt` until it is through, or there is no more hope."""
        if self._closed:
            raise StoreError("the store is closed: open it again to use it")
        if getattr(self._here, "busy", False):
            raise RuntimeError("a work uses the reader or writer that it was given, never the store")
        self._leave_parent()
        deadline = time.monotonic() + GIVE_UP_SECONDS
        pause = _FIRST_PAUSE
        attempts = 1
        while True:
            try:
                return attempt()
            except _Again as again:
                if attempts == ATTEMPTS or time.monotonic() > deadline:
                    raise again.refusal from again.__cause__
            self._sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, no secret
            pause = min(pause * 2, _LONGEST_PAUSE)
            attempts += 1

    def _leave_parent(self) -> None:
        """After a fork the pooled connections are still the parent's: open others, and do not close those."""
        if self._process != os.getpid():
            self._engine.dispose(close=False)
            self._process = os.getpid()

    def _transact(self, begin: str, work: Callable[[StoreWriter], T]) -> T:
        """Run `work` once. Raises `_Again` when nothing was done and it may be run again."""
        try:
            pooled = self._engine.raw_connection()
        except (psycopg.Error, DBAPIError) as error:
            raise _Again(error) from error
        except PoolTimeout as error:
            raise StoreError(
                f"PostgreSQL: no connection was free in {CONNECT_SECONDS} s: try again, or run more workers"
            ) from error
        # The driver's own connection is None only in a pooled one that was given back.
        connection: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
        self._here.busy = True
        try:
            connection.execute(begin)
            result = work(self._view(pooled, connection))
        except psycopg.Error as error:
            self._undo(pooled, connection)
            if connection.broken or error.sqlstate in _CONFLICTS:
                raise _Again(error) from error
            raise StoreError(f"PostgreSQL: {error}: look at the database's log") from error
        except BaseException:
            self._undo(pooled, connection)
            raise
        else:
            self._commit(pooled, connection)
            return result
        finally:
            self._here.busy = False
            pooled.close()

    def _commit(self, pooled: PoolProxiedConnection, connection: psycopg.Connection[Any]) -> None:
        try:
            done = connection.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            self._undo(pooled, connection)
            if error.sqlstate in _CONFLICTS:
                raise _Again(error) from error
            raise StoreError(
                f"PostgreSQL: {error}: the change may or may not be there: read before you write again"
            ) from error
        if done != "COMMIT":
            raise StoreError(
                "a work went on after a statement had failed, so it was undone: let `Conflict` leave it"
            )

    def _undo(self, pooled: PoolProxiedConnection, connection: psycopg.Connection[Any]) -> None:
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            # It is gone, and probably the others are too: let the pool begin anew.
            pooled.invalidate()
            self._engine.dispose()

    def _view(self, pooled: PoolProxiedConnection, connection: psycopg.Connection[Any]) -> StoreWriter:
        view = pooled.info.get(_VIEW)
        if view is None:
            session = Session(connection, self._compiled, psycopg.IntegrityError)
            view = pooled.info[_VIEW] = StoreWriter(session)
        found: StoreWriter = view
        return found
