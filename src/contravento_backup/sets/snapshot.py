"""One moment, come back to in two ways: a snapshot for pg_dump, a restore point for WAL."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from contravento_backup.kit.errors import BackupFailed
from contravento_backup.postgres import fingerprint
from contravento_backup.postgres.fingerprint import Connection

TRIES = 120
PAUSE_SECONDS = 1.0
# Shorter than PostgreSQL waits before it looks for deadlocks: no writer is ever broken off for us.
LOCK_MILLISECONDS = 200
ARCHIVED_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Moment:
    """`reader` sees the database as it was at the restore point, as long as it is open."""

    reader: Connection
    snapshot: str
    at: datetime
    wal: str


@contextmanager
def held(restore_point: str, **where: Any) -> Iterator[Moment]:
    """Raises BackupFailed where the tables are never still for an instant."""
    with fingerprint.connect(**where) as reader, fingerprint.connect(**where) as locker:
        for _ in range(TRIES):
            try:
                moment = _hold_still(reader, locker, restore_point)
                break
            except psycopg.errors.LockNotAvailable:
                reader.rollback()
                time.sleep(PAUSE_SECONDS)
        else:
            raise BackupFailed(
                f"The tables were being written to without a pause of {LOCK_MILLISECONDS} ms in"
                f" {TRIES} tries; look for a transaction that stays open (pg_stat_activity)."
            )
        yield moment


def _hold_still(reader: Connection, locker: Connection, restore_point: str) -> Moment:
    """While nothing can be written: what is committed is in both, what is not is in neither."""
    names = [sql.Identifier(*table) for table in fingerprint.tables(locker)]
    with locker.transaction():
        locker.execute(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
        if names:
            locker.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.SQL(", ").join(names)))
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot, at = _one(reader, "SELECT pg_export_snapshot(), clock_timestamp()")
        query = "SELECT pg_walfile_name(pg_create_restore_point(%s))"
        (wal,) = _one(locker, query, restore_point)
    return Moment(reader, str(snapshot), at, str(wal))


def _one(connection: Connection, query: Any, *values: Any) -> tuple[Any, ...]:
    row = connection.execute(query, values).fetchone()
    if row is None:
        raise BackupFailed("PostgreSQL gave no answer.")
    return row


def await_archived(wal: str, **where: Any) -> None:
    """Until the segment that the restore point is in is in the repository. Raises BackupFailed."""
    with fingerprint.connect(**where) as connection:
        connection.execute("SELECT pg_switch_wal()")
        until = time.monotonic() + ARCHIVED_SECONDS
        while True:
            query = "SELECT last_archived_wal, last_failed_wal FROM pg_stat_archiver"
            archived, failed = _one(connection, query)
            if archived and str(archived)[:24] >= wal:
                return
            if time.monotonic() > until:
                stuck = f" It is stuck at {failed}." if failed else ""
                raise BackupFailed(
                    f"WAL segment {wal} was not archived within {ARCHIVED_SECONDS} s.{stuck}"
                    " PostgreSQL's log says why."
                )
            time.sleep(0.5)
