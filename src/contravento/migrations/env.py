"""Runs migrations, one process at a time, on the database that DATABASE_URL names, without a pooler
between where DATABASE_DIRECT_URL names it too."""

import os

from alembic import context
from sqlalchemy import text

import contravento.feed.models
import contravento.kit.idempotency
import contravento.operations.models
import contravento.photos.models
import contravento.stats.models
from contravento.kit.database.session import Table, make_plain_engine
from contravento.migrations import (
    ADVISORY_LOCK,
    Timeouts,
    note_compatible_builds,
    tables_of_the_queue,
)

import contravento.tracks.models  # noqa: F401, isort: skip


def migrate() -> None:
    url = (
        context.config.get_main_option("sqlalchemy.url")
        or os.environ.get("DATABASE_DIRECT_URL")
        or os.environ["DATABASE_URL"]
    )
    engine = make_plain_engine(url)
    timeouts = context.config.attributes.get("timeouts") or Timeouts()
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{timeouts.lock_seconds}s'"))
        connection.execute(text(f"SET statement_timeout = '{timeouts.statement_seconds}s'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Table.metadata,
            compare_server_default=True,
            include_name=lambda name, kind, parents: not tables_of_the_queue(name),
        )
        with context.begin_transaction():
            context.run_migrations()
            note_compatible_builds(connection, context.script)


migrate()
