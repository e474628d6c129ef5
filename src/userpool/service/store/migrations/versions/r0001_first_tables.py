"""The first tables.

Revision: 0001, after none.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _key() -> sa.Text:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _present(column: str) -> dict[str, Any]:
    where = sa.text(f"{column} IS NOT NULL")
    return {"sqlite_where": where, "postgresql_where": where}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "attempts",
        sa.Column("key", _key(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("window_started_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("locked_until", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attempts_expires_at", "attempts", ["expires_at"])
    op.create_table(
        "meta",
        sa.Column("name", _key(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pools",
        sa.Column("id", _key(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("modified_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pools"),
    )
    op.create_table(
        "session_uses",
        sa.Column("id", _key(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("consumed_at", sa.Double(), nullable=True),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session_uses"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_session_uses_expires_at", "session_uses", ["expires_at"])
    op.create_table(
        "clients",
        sa.Column("id", _key(), nullable=False),
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("modified_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name="fk_clients_pools", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
    )
    op.create_index("ix_clients_pool_id_id", "clients", ["pool_id", "id"])
    op.create_table(
        "codes",
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("sub", _key(), nullable=False),
        sa.Column("purpose", _key(), nullable=False),
        sa.Column("attribute", _key(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name="fk_codes_pools", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "sub", "purpose", "attribute", name="pk_codes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_codes_expires_at", "codes", ["expires_at"])
    op.create_table(
        "messages",
        sa.Column("id", _key(), nullable=False),
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("username", _key(), nullable=False),
        sa.Column("recipient", _key(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("sealed_code", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name="fk_messages_pools", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_expires_at", "messages", ["expires_at"])
    op.create_index("ix_messages_pool_id_username", "messages", ["pool_id", "username"])
    op.create_index("ix_messages_recipient", "messages", ["recipient"])
    op.create_table(
        "signing_keys",
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("kid", _key(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("retired_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name="fk_signing_keys_pools", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "kid", name="pk_signing_keys"),
    )
    op.create_table(
        "token_families",
        sa.Column("origin_jti", _key(), nullable=False),
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("client_id", _key(), nullable=False),
        sa.Column("sub", _key(), nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary(), nullable=False),
        sa.Column("auth_time", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("rotated_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["pools.id"], name="fk_token_families_pools", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("origin_jti", name="pk_token_families"),
    )
    op.create_index("ix_token_families_expires_at", "token_families", ["expires_at"])
    op.create_index("ix_token_families_pool_id_sub", "token_families", ["pool_id", "sub"])
    op.create_index("ix_token_families_previous_hash", "token_families", ["previous_hash"])
    op.create_index("ix_token_families_refresh_hash", "token_families", ["refresh_hash"])
    op.create_table(
        "users",
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("sub", _key(), nullable=False),
        sa.Column("username", _key(), nullable=False),
        sa.Column("status", _key(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("modified_at", sa.Double(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("password_history", sa.Text(), nullable=False),
        sa.Column("totp", sa.Text(), nullable=True),
        sa.Column("mfa_enabled", sa.Text(), nullable=False),
        sa.Column("mfa_preferred", sa.Text(), nullable=True),
        sa.Column("pending_attributes", sa.Text(), nullable=False),
        sa.Column("tokens_valid_after", sa.Double(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("email", _key(), nullable=True),
        sa.Column("phone_number", _key(), nullable=True),
        sa.Column("name", _key(), nullable=True),
        sa.Column("given_name", _key(), nullable=True),
        sa.Column("family_name", _key(), nullable=True),
        sa.Column("preferred_username", _key(), nullable=True),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name="fk_users_pools", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "sub", name="pk_users"),
    )
    op.create_index("ix_users_email", "users", ["pool_id", "email", "sub"], **_present("email"))
    op.create_index(
        "ix_users_family_name", "users", ["pool_id", "family_name", "sub"], **_present("family_name")
    )
    op.create_index(
        "ix_users_given_name", "users", ["pool_id", "given_name", "sub"], **_present("given_name")
    )
    op.create_index("ix_users_name", "users", ["pool_id", "name", "sub"], **_present("name"))
    op.create_index(
        "ix_users_phone_number", "users", ["pool_id", "phone_number", "sub"], **_present("phone_number")
    )
    op.create_index("ix_users_pool_id_enabled_sub", "users", ["pool_id", "enabled", "sub"])
    op.create_index("ix_users_pool_id_status_sub", "users", ["pool_id", "status", "sub"])
    op.create_index("ix_users_pool_id_username_sub", "users", ["pool_id", "username", "sub"])
    op.create_index(
        "ix_users_preferred_username",
        "users",
        ["pool_id", "preferred_username", "sub"],
        **_present("preferred_username"),
    )
    op.create_table(
        "login_names",
        sa.Column("pool_id", _key(), nullable=False),
        sa.Column("key", _key(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sub", _key(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"],
            ["users.pool_id", "users.sub"],
            name="fk_login_names_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pool_id", "key", name="pk_login_names"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_login_names_pool_id_sub_kind", "login_names", ["pool_id", "sub", "kind"])
