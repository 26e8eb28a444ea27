"""Alembic's way in: the connection is always handed over by `storage.database`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
