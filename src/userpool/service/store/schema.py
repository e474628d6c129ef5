"""The tables, for SQLite and PostgreSQL alike.

Text compares by code point in both (PostgreSQL is told to: collation "C"), so that pages and prefixes agree.
What is never searched for is JSON in a text column: a NUL in somebody's address then hurts neither database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)
from sqlalchemy.schema import SchemaItem

from ..domain.search import SEARCHED_TEXT

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

REVISIONS = ("0001", "0002")
"""All migrations, oldest first: a database made from these tables is at the last (a test sees to it)."""


def _key() -> Text:
    """Text that is compared and ordered."""
    return Text().with_variant(Text(collation="C"), "postgresql")


def _pool(primary_key: bool = False) -> Column[str]:
    return Column(
        "pool_id", _key(), ForeignKey("pools.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False
    )


def _time(name: str, *, nullable: bool = False) -> Column[float]:
    """Seconds since the epoch on the service's clock."""
    return Column(name, Double, nullable=nullable)


def _table(name: str, *parts: SchemaItem) -> Table:
    """A table of small rows that are found by their key: SQLite keeps them in the key's own tree."""
    return Table(name, metadata, *parts, sqlite_with_rowid=False)


meta = _table("meta", Column("name", _key(), primary_key=True), Column("value", LargeBinary, nullable=False))

pools = Table(
    "pools",
    metadata,
    Column("id", _key(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("settings", Text, nullable=False),
    _time("created_at"),
    _time("modified_at"),
)

clients = Table(
    "clients",
    metadata,
    Column("id", _key(), primary_key=True),
    _pool(),
    Column("name", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("secrets", Text, nullable=False),
    _time("created_at"),
    _time("modified_at"),
    Index(None, "pool_id", "id"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    _pool(primary_key=True),
    Column("kid", _key(), primary_key=True),
    Column("use", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("public_jwk", Text, nullable=False),
    _time("created_at"),
    _time("retired_at", nullable=True),
)

users = Table(
    "users",
    metadata,
    _pool(primary_key=True),
    Column("sub", _key(), primary_key=True),
    Column("username", _key(), nullable=False),
    Column("status", _key(), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("attributes", Text, nullable=False),
    _time("created_at"),
    _time("modified_at"),
    Column("password", Text),
    Column("password_history", Text, nullable=False),
    Column("totp", Text),
    Column("mfa_enabled", Text, nullable=False),
    Column("mfa_preferred", Text),
    Column("pending_attributes", Text, nullable=False),
    _time("tokens_valid_after"),
    Column("version", Integer, nullable=False),
    # Copies of what is searched for, kept by the same statement that writes the attributes.
    *(Column(name, _key()) for name in SEARCHED_TEXT),
    Index(None, "pool_id", "username", "sub"),
    Index(None, "pool_id", "status", "sub"),
    Index(None, "pool_id", "enabled", "sub"),
)
for _name in SEARCHED_TEXT:
    _present = users.c[_name].is_not(None)
    Index(
        f"ix_users_{_name}",
        users.c.pool_id,
        users.c[_name],
        users.c.sub,
        sqlite_where=_present,
        postgresql_where=_present,
    )

login_names = _table(
    "login_names",
    Column("pool_id", _key(), primary_key=True),
    Column("key", _key(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("sub", _key(), nullable=False),
    ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    # With the kind it holds whole rows: else SQLite would rather walk all names of the pool.
    Index(None, "pool_id", "sub", "kind"),
)

codes = _table(
    "codes",
    _pool(primary_key=True),
    Column("sub", _key(), primary_key=True),
    Column("purpose", _key(), primary_key=True),
    Column("attribute", _key(), primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    _time("created_at"),
    _time("expires_at"),
    _time("used_at", nullable=True),
    Index(None, "expires_at"),
)

attempts = _table(
    "attempts",
    Column("key", _key(), primary_key=True),
    Column("count", Integer, nullable=False),
    _time("window_started_at"),
    _time("last_at"),
    _time("locked_until"),
    _time("expires_at"),
    Index(None, "expires_at"),
)

session_uses = _table(
    "session_uses",
    Column("id", _key(), primary_key=True),
    Column("attempts", Integer, nullable=False),
    _time("consumed_at", nullable=True),
    _time("expires_at"),
    Index(None, "expires_at"),
)

token_families = Table(
    "token_families",
    metadata,
    Column("origin_jti", _key(), primary_key=True),
    _pool(),
    Column("client_id", _key(), nullable=False),
    Column("sub", _key(), nullable=False),
    Column("refresh_hash", LargeBinary, nullable=False),
    _time("auth_time"),
    _time("expires_at"),
    Column("previous_hash", LargeBinary),
    _time("rotated_at", nullable=True),
    _time("revoked_at", nullable=True),
    Column("scope", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("session_id", _key()),
    _time("last_active_at", nullable=True),
    Column("ip_address", Text),
    Column("device_type", Text),
    Column("device_key", Text),
    Index(None, "refresh_hash"),
    Index(None, "previous_hash"),
    Index(None, "pool_id", "sub"),
    Index(None, "expires_at"),
)
_tracked = token_families.c.session_id.is_not(None)
Index(
    "ix_token_families_session",
    token_families.c.pool_id,
    token_families.c.sub,
    token_families.c.session_id,
    sqlite_where=_tracked,
    postgresql_where=_tracked,
)

devices = _table(
    "devices",
    Column("pool_id", _key(), primary_key=True),
    Column("sub", _key(), primary_key=True),
    Column("key", _key(), primary_key=True),
    Column("name", Text),
    Column("salt", LargeBinary, nullable=False),
    Column("sealed_verifier", LargeBinary, nullable=False),
    Column("remembered", Boolean, nullable=False),
    _time("created_at"),
    _time("modified_at"),
    _time("authenticated_at"),
    Column("last_ip", Text),
    ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
)

passkeys = _table(
    "passkeys",
    Column("pool_id", _key(), primary_key=True),
    Column("sub", _key(), primary_key=True),
    Column("credential_id", LargeBinary, primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("friendly_name", Text, nullable=False),
    Column("rp_id", Text, nullable=False),
    Column("attachment", Text),
    Column("transports", Text, nullable=False),
    Column("aaguid", Text, nullable=False),
    Column("backup_eligible", Boolean, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    _time("created_at"),
    ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    Index(None, "pool_id", "credential_id", unique=True),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _key(), primary_key=True),
    _pool(),
    Column("username", _key(), nullable=False),
    Column("recipient", _key(), nullable=False),
    Column("medium", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("sealed_code", LargeBinary, nullable=False),
    _time("created_at"),
    _time("expires_at"),
    # Nanoseconds of the true clock: the order of arrival, even while the service's own clock is moved.
    Column("arrived", BigInteger, nullable=False),
    Index(None, "recipient"),
    Index(None, "pool_id", "username"),
    Index(None, "expires_at"),
)

user_groups = _table(
    "user_groups",
    _pool(primary_key=True),
    Column("name", _key(), primary_key=True),
    Column("precedence", Integer),
    Column("details", Text, nullable=False),
    _time("created_at"),
    _time("modified_at"),
)

group_members = _table(
    "group_members",
    Column("pool_id", _key(), primary_key=True),
    Column("sub", _key(), primary_key=True),
    Column("group_name", _key(), primary_key=True),
    ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["pool_id", "group_name"], ["user_groups.pool_id", "user_groups.name"], ondelete="CASCADE"
    ),
    Index(None, "pool_id", "group_name", "sub"),
)

resource_servers = _table(
    "resource_servers",
    _pool(primary_key=True),
    Column("identifier", _key(), primary_key=True),
    Column("details", Text, nullable=False),
)

version_table = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic keeps what a database is at: the same table that it makes itself."""
