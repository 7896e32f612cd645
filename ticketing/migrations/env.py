"""Alembic's environment: migrations run on the connection that `ticketing.db.migrate` hands over."""

from alembic import context

from ticketing import (  # noqa: F401  # their tables are part of the whole
    case_models,
    contact_models,
    desk_models,
    gateway_models,
    letter_models,
    money_models,
)
from ticketing.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
