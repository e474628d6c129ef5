"""What further flows remember.

Revision: 0002, after 0001.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _key() -> sa.Text:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _present(column: str) -> dict[str, Any]:
    where = sa.text(f"{column} IS NOT NULL")
    return {"sqlite_where": where, "postgresql_where": where}


def upgrade() -> None:
    """Make the tables."""
    _devices()
    _passkeys()
    _sessions()
    _groups()
    _resource_servers()


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("sub", _key(), nullable=False),
        sa.Column("key", _key(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_verifier", sa.LargeBinary(), nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("modified_at", sa.Double(), nullable=False),
        sa.Column("authenticated_at", sa.Double(), nullable=False),
        sa.Column("last_ip", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], name="fk_devices_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub", "key", name="pk_devices"),
        sqlite_with_rowid=False,
    )


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("sub", _key(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("friendly_name", sa.Text(), nullable=False),
        sa.Column("rp_id", sa.Text(), nullable=False),
        sa.Column("attachment", sa.Text(), nullable=True),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("aaguid", sa.Text(), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], name="fk_passkeys_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub", "credential_id", name="pk_passkeys"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_passkeys_pool_id_credential_id", "passkeys", ["pool_id", "credential_id"], unique=True
    )


def _sessions() -> None:
    for column in (
        sa.Column("session_id", _key(), nullable=True),
        sa.Column("last_active_at", sa.Double(), nullable=True),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("device_type", sa.Text(), nullable=True),
        sa.Column("device_key", sa.Text(), nullable=True),
    ):
        op.add_column("token_families", column)
    op.create_index(
        "ix_token_families_session",
        "token_families",
        ["pool_id", "sub", "session_id"],
        **_present("session_id"),
    )


def _groups() -> None:
    op.create_table(
        "user_groups",
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("name", _key(), nullable=False),
        sa.Column("precedence", sa.Integer(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("modified_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name="fk_user_groups_pools", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "name", name="pk_user_groups"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "group_members",
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("sub", _key(), nullable=False),
        sa.Column("group_name", _key(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"],
            ["users.pool_id", "users.sub"],
            name="fk_group_members_users",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "group_name"],
            ["user_groups.pool_id", "user_groups.name"],
            name="fk_group_members_user_groups",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub", "group_name", name="pk_group_members"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_group_members_pool_id_group_name_sub", "group_members", ["pool_id", "group_name", "sub"]
    )


def _resource_servers() -> None:
    op.create_table(
        "resource_servers",
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("identifier", _key(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["pools.id"], name="fk_resource_servers_pools", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "identifier", name="pk_resource_servers"),
        sqlite_with_rowid=False,
    )
