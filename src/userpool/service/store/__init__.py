"""The store: SQLite by default, PostgreSQL for several machines."""

from __future__ import annotations

from .opening import open_store

__all__ = ["open_store"]
