"""Alembic's way in: the connection is always handed over by `storage.database`."""

from alembic import context

from articles.adapters.tables import metadata as articles_metadata
from budkavle.installation.tables import metadata as own_metadata
from digest.adapters.tables import metadata as digest_metadata
from feeds.adapters.tables import metadata as feeds_metadata
from mail.adapters.tables import metadata as mail_metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[articles_metadata, digest_metadata, feeds_metadata, mail_metadata, own_metadata],
    render_as_batch=True,
)
context.run_migrations()
