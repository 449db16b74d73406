"""Alembic's entry point: run the revisions on the connection that the store hands over."""

from alembic import context

from callboard.stores.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
