"""What Alembic runs: the migrations, in the transaction that `versions.migrate` is in."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
