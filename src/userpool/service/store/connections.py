"""SQLite connections: how they are opened, lent to readers and to the one writer, and kept out of forks."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from ..ports import StoreError
from .session import Compiled, Session
from .writer import StoreWriter

BUSY_SECONDS = 10.0
"""How long to wait for another process that writes."""
WRITER_CACHE_KIB = 32 * 1024
"""Memory for pages that wait for the commit, at most: a large group then goes to the log once."""
IDLE_READERS = 32
"""Read connections that are kept for the next reader."""
FORK_SECONDS = 5.0
"""How long a fork waits for what is under way."""
_PRAGMAS = (
    "foreign_keys = ON",
    "synchronous = FULL",
    "fullfsync = ON",
    "temp_store = MEMORY",
    "journal_size_limit = 67108864",
)


class Handle:
    """A connection, and the view of the store that stands on it."""

    __slots__ = ("connection", "view")

    def __init__(self, connection: sqlite3.Connection, compiled: Compiled) -> None:
        self.connection = connection
        self.view = StoreWriter(Session(connection, compiled, sqlite3.IntegrityError))


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raises SQLite's errors as `StoreError`, which says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(error) from error
    except DBAPIError as error:  # from SQLAlchemy, while the schema is made
        raise store_error(error.orig or error) from error


def _code(error: BaseException) -> int:
    """SQLite's primary result code."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def store_error(error: BaseException) -> StoreError:
    """What `error` means for whoever runs the service."""
    advice = {
        sqlite3.SQLITE_BUSY: "another process writes all the time: look for one that hangs, then try again",
        sqlite3.SQLITE_FULL: "free some space on the disk, then try again",
        sqlite3.SQLITE_IOERR: "look at the disk and the system's log; the change may or may not be there",
        sqlite3.SQLITE_CANTOPEN: "see that its folder exists and can be written by this user",
        sqlite3.SQLITE_READONLY: "see that the file and its folder can be written by this user",
        sqlite3.SQLITE_CORRUPT: "restore a backup",
        sqlite3.SQLITE_NOTADB: "it is no SQLite database: give another path",
    }.get(_code(error), "look at the service's log for what led to it")
    return StoreError(f"SQLite: {error}: {advice}")


def _create_private(path: Path) -> None:
    """Create the file for this user alone; its log takes over the mode. One that exists is left as it is."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(
            f"cannot create {path} ({error.strerror}): see that its folder is there and can be written to"
        ) from error


def _open(database: str, compiled: Compiled) -> Handle:
    """A connection to a file (a URI) or a memory database of its own."""
    connection = sqlite3.connect(
        database, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return Handle(connection, compiled)


def _keep_log(connection: sqlite3.Connection) -> str:
    """Turn the write-ahead log on; the journal mode that this led to.

    SQLite does not wait by itself while another process does the same, or closes the last connection.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode: str = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            return mode
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                connection.close()
                raise
        time.sleep(0.005)


class FileConnections:
    """Connections to a database file: one that writes, and as many that read as there are readers at a time.

    No SQLite connection may cross a fork (its locks do not). So they are closed before one, and opened again
    after it, on both sides, when they are next needed.
    """

    def __init__(self, path: Path, compiled: Compiled) -> None:
        _create_private(path)
        self._uri = f"{path.absolute().as_uri()}?mode=rw"
        self._compiled = compiled
        self._idle: list[Handle] = []
        self._loans: list[tuple[int, Handle]] = []
        self._writer: Handle | None = None
        self._closed = False
        self._renew_locks()

    def _renew_locks(self) -> None:
        self._door = threading.Lock()
        self._turn = threading.Lock()
        self._door_held = self._turn_held = False

    def _open(self) -> Handle:
        if self._closed:
            raise StoreError("the store is closed: open it again to use it")
        handle = _open(self._uri, self._compiled)
        mode = _keep_log(handle.connection)
        if mode != "wal":
            handle.connection.close()
            raise StoreError(
                f"the database cannot have a write-ahead log (its journal mode stays {mode!r}): "
                "put it on a local disk"
            )
        return handle

    @contextlib.contextmanager
    def reading(self) -> Iterator[Handle]:
        """A connection that nobody else uses meanwhile, in no transaction."""
        with self._door:
            handle = self._idle.pop() if self._idle else self._open()
            loan = (threading.get_ident(), handle)
            self._loans.append(loan)
        try:
            yield handle
        finally:
            if loan in self._loans:  # else this is the child of a fork within the read
                self._give_back(handle)
                self._loans.remove(loan)  # last: a fork that sees no loan finds the connection among the idle

    def _give_back(self, handle: Handle) -> None:
        if self._closed or len(self._idle) >= IDLE_READERS or handle.connection.in_transaction:
            handle.connection.close()
        else:
            self._idle.append(handle)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Handle]:
        """The connection that writes, in no transaction. After an error it is never used again."""
        with self._turn:
            handle = self._writer
            if handle is None:
                handle = self._open()
                handle.connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
            self._writer = None
            try:
                yield handle
            except BaseException:
                handle.connection.close()
                raise
            self._writer = handle

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().connection.close()
        if self._writer is not None:
            self._writer.connection.close()
            self._writer = None

    def close(self) -> None:
        """Close what is idle now, and the rest when it is given back."""
        with self._turn, self._door:
            self._closed = True
            self._close_idle()

    def before_fork(self) -> None:
        """Let nobody begin, wait until the others are done, close everything."""
        deadline = time.monotonic() + FORK_SECONDS
        self._turn_held = self._turn.acquire(timeout=FORK_SECONDS)
        self._door_held = self._door.acquire(timeout=FORK_SECONDS)
        here = threading.get_ident()
        while any(thread != here for thread, _ in list(self._loans)) and time.monotonic() < deadline:
            time.sleep(0.001)
        if self._turn_held:
            self._close_idle()

    def after_fork_in_parent(self) -> None:
        """Let everybody go on."""
        if self._door_held:
            self._door.release()
        if self._turn_held:
            self._turn.release()
        self._door_held = self._turn_held = False

    def after_fork_in_child(self) -> None:
        """Begin anew. What could not be closed before is never used, nor closed: it belongs to the parent."""
        _left_to_parent.extend((*self._idle, *(handle for _, handle in self._loans)))
        self._loans.clear()
        self._idle.clear()
        self._renew_locks()


class MemoryConnection:
    """The one connection of a memory database, lent to one thread at a time."""

    def __init__(self, compiled: Compiled) -> None:
        self._handle = _open(":memory:", compiled)
        self._turn = threading.RLock()
        self._turn_held = False
        self._closed = False

    @contextlib.contextmanager
    def reading(self) -> Iterator[Handle]:
        """The connection, in no transaction."""
        with self._turn:
            if self._closed:
                raise StoreError("the store is closed, and with it its memory database is gone")
            yield self._handle

    writing = reading

    def close(self) -> None:
        """Close the connection: the database is gone."""
        with self._turn:
            self._closed = True
            self._handle.connection.close()

    def before_fork(self) -> None:
        """Wait until nobody uses the connection: the child gets a whole copy of the database."""
        self._turn_held = self._turn.acquire(timeout=FORK_SECONDS)

    def after_fork_in_parent(self) -> None:
        """Let everybody go on."""
        if self._turn_held:
            self._turn.release()
        self._turn_held = False

    def after_fork_in_child(self) -> None:
        """Go on with the copy."""
        self._turn = threading.RLock()
        self._turn_held = False


_left_to_parent: list[Handle] = []
