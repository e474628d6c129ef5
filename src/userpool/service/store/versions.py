"""Bring a database to the schema of this release, or say why not.

A new database is made from the tables. Alembic is loaded only for a database that an older release made.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select

from ..ports import StoreError
from .schema import REVISIONS, metadata, version_table


def prepare(connection: Connection) -> None:
    """Make the tables or migrate them, inside of the transaction that `connection` is in.

    Raises `StoreError` for a database that a newer release or another program made.
    """
    present = set(inspect(connection).get_table_names())
    if version_table.name not in present:
        foreign = sorted(present & set(metadata.tables))
        if foreign:
            raise StoreError(
                f"the database holds tables of another program ({', '.join(foreign)}): use one of its own"
            )
        metadata.create_all(connection)
        version_table.create(connection)
        connection.execute(insert(version_table).values(version_num=REVISIONS[-1]))
        return
    found = connection.execute(select(version_table.c.version_num)).scalar_one_or_none()
    if found == REVISIONS[-1]:
        return
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"the database is at revision {found}, which this release does not know (its newest is "
            f"{REVISIONS[-1]}): a newer userpool made it. Install that release or restore a backup"
        )
    migrate(connection)


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to `revision`."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
