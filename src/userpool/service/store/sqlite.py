"""The store in SQLite: one file, written by one at a time with group commit, read by any number of threads.

Write-ahead log, and a full sync for each commit: what `write` returned from survives a crash of the machine.
Processes that share a file take turns to write (`BEGIN IMMEDIATE` and a busy timeout). A memory database is
one connection that its threads share in turns.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from sqlalchemy import create_engine
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.pool import StaticPool

from ..ports import Reader, StoreError, Writer
from .connections import FileConnections, Handle, MemoryConnection, store_error, translated
from .group import GroupCommit, Job
from .session import Compiled
from .versions import prepare
from .writer import StoreWriter

T = TypeVar("T")

CLOSE_SECONDS = 30.0
"""How long `close` waits for works that are under way."""


class SqliteStore:
    """`Store` in an SQLite file, or in memory where `path` is `None`."""

    def __init__(self, path: Path | None) -> None:
        compiled = Compiled(dialect(paramstyle="named"))
        with translated():
            self._connections: MemoryConnection | FileConnections = (
                MemoryConnection(compiled) if path is None else FileConnections(path, compiled)
            )
        self._group = GroupCommit(self._commit)
        self._prepare()
        _stores.add(self)

    def _prepare(self) -> None:
        with translated(), self._connections.writing() as handle:
            raw = handle.connection
            engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
            with engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                prepare(connection)
                connection.commit()

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one consistent view. Raises `StoreError` when the database fails."""
        if self._group.leads_here():
            raise RuntimeError("store.read inside of store.write: use the writer that the work was given")
        with translated(), self._connections.reading() as handle:
            raw = handle.connection
            if raw.in_transaction:  # a read within a read of a memory database
                return work(handle.view)
            raw.execute("BEGIN")
            try:
                return work(handle.view)
            finally:
                raw.execute("ROLLBACK")

    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction of its own; it is durable when this returns.

        Raises what `work` raises, which undoes it, and `StoreError` when the database fails.
        """
        return self._group.run(work)

    def _commit(self, jobs: Iterator[Job]) -> None:
        """One group: each work in a savepoint of its own, all in one transaction."""
        with translated(), self._connections.writing() as handle:
            raw = handle.connection
            raw.execute("BEGIN IMMEDIATE")
            try:
                for job in jobs:
                    _run(job, handle)
                raw.execute("COMMIT")
            except BaseException:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
                raise

    def reset(self) -> None:
        """Delete all pools and what is in them; what belongs to the store itself (`meta`) stays."""
        self._group.run(StoreWriter.empty)

    def close(self) -> None:
        """Finish the works that wait, then close the connections; the store cannot be used any more."""
        if self._group.leads_here():
            raise RuntimeError("store.close inside of store.write: close it when the work is done")
        if not self._group.close(CLOSE_SECONDS):
            raise StoreError(f"writes still run after {CLOSE_SECONDS:.0f} s: the store stays open for them")
        self._connections.close()

    def before_fork(self) -> None:
        """See `FileConnections`. Who forks within a work of its own cannot wait for itself."""
        if not self._group.leads_here():
            self._connections.before_fork()

    def after_fork_in_parent(self) -> None:
        """See `FileConnections`."""
        self._connections.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """The parent's works are not the child's."""
        self._group = GroupCommit(self._commit)
        self._connections.after_fork_in_child()


def _run(job: Job, handle: Handle) -> None:
    raw = handle.connection
    raw.execute("SAVEPOINT work")
    try:
        job.result = job.work(handle.view)
    except KeyboardInterrupt:
        raise  # it is this thread's, whosever work it runs
    except BaseException as error:
        if not raw.in_transaction:
            raise  # SQLite itself rolled everything back: disk full, I/O error, no memory
        job.error = error
        if isinstance(error, sqlite3.Error):
            job.error = store_error(error)
            job.error.__cause__ = error
        raw.execute("ROLLBACK TO work")
    raw.execute("RELEASE work")


_stores: weakref.WeakSet[SqliteStore] = weakref.WeakSet()


def _each(method: Callable[[SqliteStore], None]) -> Callable[[], None]:
    def run() -> None:
        for store in list(_stores):
            method(store)

    return run


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(
        before=_each(SqliteStore.before_fork),
        after_in_parent=_each(SqliteStore.after_fork_in_parent),
        after_in_child=_each(SqliteStore.after_fork_in_child),
    )
