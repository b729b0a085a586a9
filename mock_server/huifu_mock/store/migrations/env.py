"""What Alembic runs for each step: in the connection, and in the transaction, of whoever opened the store."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
