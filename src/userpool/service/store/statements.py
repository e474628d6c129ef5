"""The forms that most statements have: found by a key, page by page, added, replaced, deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Delete, Select, Table, bindparam, delete, select, update

# PostgreSQL's INSERT … ON CONFLICT is SQLite's too, word for word, and SQLAlchemy writes it for both.
from sqlalchemy.dialects.postgresql import Insert, insert


def by(table: Table, *names: str) -> Select[Any]:
    """Rows by the columns `names`."""
    return select(table).where(*(table.c[name] == bindparam(name) for name in names))


def page(table: Table, order: str, *names: str) -> Select[Any]:
    """A page of rows by the columns `names`, in the order of another, behind the one that is `after`."""
    place = table.c[order]
    return by(table, *names).where(place > bindparam("after")).order_by(place).limit(bindparam("limit"))


def add(table: Table) -> Insert:
    """Insert a row whose key is not there yet."""
    return insert(table).on_conflict_do_nothing()


def put(table: Table) -> Insert:
    """Insert, or replace all but the key."""
    adding = insert(table)
    keys = [column.name for column in table.primary_key]
    others: dict[str, Any] = {
        column.name: adding.excluded[column.name] for column in table.c if column.name not in keys
    }
    return adding.on_conflict_do_update(index_elements=keys, set_=others)


def replace(table: Table) -> Any:
    """Replace all but the key of a row that exists."""
    keys = table.primary_key.columns
    others: dict[str, Any] = {
        column.name: bindparam(column.name) for column in table.c if column.name not in keys
    }
    return update(table).where(*(key == bindparam(key.name) for key in keys)).values(others)


def remove(table: Table, *names: str) -> Delete:
    """Delete rows by the columns `names`."""
    return delete(table).where(*(table.c[name] == bindparam(name) for name in names))
