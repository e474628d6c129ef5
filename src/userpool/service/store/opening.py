"""Open a store by its URL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ..ports import Store, StoreError

FORMS = (
    "sqlite:///users.db, sqlite:////absolute/users.db, sqlite:///:memory: or postgresql://user@host/database"
)


def open_store(url: str) -> Store:
    """Open the store that `url` names; a new database is made, an older one migrated.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path`, `sqlite:///:memory:` or `postgresql://…`.

    Raises:
        StoreError: the URL has another form, the database cannot be opened, or a newer release made it.
    """
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"the database URL cannot be read: give it as {FORMS}") from error
    backend = parts.get_backend_name()
    if backend == "sqlite" and not parts.query and not parts.host:
        from .sqlite import SqliteStore

        return SqliteStore(None if parts.database in (None, "", ":memory:") else Path(parts.database or ""))
    if backend == "postgresql":
        try:
            import psycopg  # noqa: F401 - the error names it
        except ImportError as error:
            raise StoreError(
                'PostgreSQL needs the driver psycopg 3: install it with `pip install "psycopg[binary]"`'
            ) from error
        from .postgresql import PostgresqlStore

        return PostgresqlStore(parts)
    raise StoreError(f"no store for a database URL of this form ({backend}): give it as {FORMS}")
