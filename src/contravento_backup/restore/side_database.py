"""The side database: filled and looked at beside the live one, put in its place at one stroke."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from contravento_backup.kit import programs
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.programs import ProgramFailed
from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import fingerprint
from contravento_backup.postgres.fingerprint import Connection

KEPT_FOR = timedelta(days=7)
STAMP = "%Y%m%d_%H%M%S"
OWNER, APPLICATION = "contravento_owner", "contravento_app"
CONNECTING = ("contravento_app", "contravento_monitor")
MAINTENANCE = "postgres"  # the database that one is connected to while others are renamed
TRIES = 6
CLEAR_EVERY_SECONDS = 0.02
BASE_CHARACTERS = 40  # a name has 63
ROLE = re.compile(r'^(CREATE|ALTER) ROLE ("(?:[^"]|"")+"|\w+)')
SIGN_INS = ("sign_ins", "mailed_links")  # what lets somebody in; refresh tokens go with sign-ins


@dataclass(frozen=True, slots=True)
class ReplacedDatabase:
    """A database that was live once."""

    name: str
    since: datetime

    @property
    def until(self) -> datetime:
        return self.since + KEPT_FOR


@dataclass(frozen=True, slots=True)
class SideDatabase:
    """The live cluster, of which the live database may be missing."""

    settings: Settings

    @property
    def side(self) -> str:
        return f"{self.settings.database[:BASE_CHARACTERS]}_restoring"

    def connect(self, database: str = MAINTENANCE) -> Connection:
        return fingerprint.connect(dbname=database, user=self.settings.administrator)

    # --- making and filling it

    def make(self) -> None:
        """Empty, as it was when the server was new. What a restore that was killed left is dropped.

        The application's role may change nothing in it until it is live.
        """
        name, roles = sql.Identifier(self.side), sql.SQL(", ").join(map(sql.Identifier, CONNECTING))
        self.drop(self.side)
        with self.connect() as connection:
            for statement in (
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                    name, sql.Identifier(OWNER)
                ),
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, roles),
            ):
                connection.execute(statement)
        self.forbid_changes(self.side)

    def forbid_changes(self, database: str) -> None:
        statement = "ALTER ROLE {} IN DATABASE {} SET default_transaction_read_only = on"
        with self.connect() as connection:
            connection.execute(_named(statement, APPLICATION, database))

    def drop(self, database: str) -> None:
        with self.connect() as connection:
            connection.execute(_named("DROP DATABASE IF EXISTS {} WITH (FORCE)", database))

    def bring_roles(self, written: str) -> list[str]:
        """Those of a host's own that the cluster lacks; ours were made with it. Their names."""
        lines = written.splitlines()
        with self.connect() as connection:
            found = connection.execute("SELECT quote_ident(rolname) FROM pg_roles").fetchall()
            there = {str(name) for (name,) in found}
            new = [role for role in dict.fromkeys(_roles(lines)) if role not in there]
            for line in lines:
                spoken_of = ROLE.match(line)
                if spoken_of and spoken_of[2] in new:
                    connection.execute(line.encode())
        return new

    def load(self, dump: Path) -> None:
        """Raises BackupFailed."""
        programs.run(
            "pg_restore",
            "--exit-on-error",
            "--no-password",
            "--jobs=2",
            f"--dbname={self.side}",
            str(dump),
        )
        with self.connect(self.side) as connection:
            connection.execute("ANALYZE")

    # --- looking at it

    def size(self, database: str) -> int:
        """0 where there is none."""
        query = "SELECT pg_database_size(oid) FROM pg_database WHERE datname = %s"
        with self.connect() as connection:
            row = connection.execute(query, (database,)).fetchone()
        return int(row[0]) if row else 0

    def check_structure(self, database: str) -> None:
        """amcheck, which is not left behind. Raises BackupFailed."""
        with self.connect(database) as connection:
            query = "SELECT FROM pg_extension WHERE extname = 'amcheck'"
            was_there = connection.execute(query).fetchone() is not None
        try:
            programs.run(
                "pg_amcheck", "--heapallindexed", "--install-missing", "--no-password", database
            )
        except ProgramFailed as error:
            raise BackupFailed(f"amcheck says of the restored database: {error}") from error
        finally:
            if not was_there:
                with self.connect(database) as connection:
                    connection.execute("DROP EXTENSION IF EXISTS amcheck")

    def is_ours(self, database: str) -> bool:
        query = "SELECT to_regclass('public.alembic_version'), to_regclass('public.riders')"
        with self.connect(database) as connection:
            row = connection.execute(query).fetchone()
        return row is not None and None not in row

    # --- putting it in its place

    def end_sign_ins(self, database: str) -> None:
        """Who signed out, or changed a password because somebody knew it, stays out."""
        with self.connect(database) as connection:
            for table in SIGN_INS:
                row = connection.execute("SELECT to_regclass(%s)", (f"public.{table}",)).fetchone()
                if row and row[0]:
                    connection.execute(_named("DELETE FROM public.{}", table))

    def swap(self, new: str, kept: str) -> float:
        """Make `new` the live one and keep what was live, in one transaction; how long it took.

        Whoever is connected is sent away; who comes meanwhile waits until it is done.
        """
        live, started = self.settings.database, time.monotonic()
        for tries_left in reversed(range(TRIES)):
            try:
                with self.connect() as swapper, self._nobody_in(live, new):
                    self._rename(swapper, live, new, kept)
                break
            except psycopg.errors.ObjectInUse:
                if not tries_left:
                    raise
        return time.monotonic() - started

    def _rename(self, swapper: Connection, live: str, new: str, kept: str) -> None:
        rename = "ALTER DATABASE {} RENAME TO {}"
        with swapper.transaction():
            if self._exists(swapper, live):
                swapper.execute(_named(rename, live, kept))
            swapper.execute(_named(rename, new, live))
            reset = "ALTER ROLE {} IN DATABASE {} RESET default_transaction_read_only"
            swapper.execute(_named(reset, APPLICATION, live))

    @contextmanager
    def _nobody_in(self, *databases: str) -> Iterator[None]:
        over = threading.Event()
        query = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)"
            " AND backend_type = 'client backend'"
        )

        def clear() -> None:
            with self.connect() as connection:
                while not over.wait(CLEAR_EVERY_SECONDS):
                    connection.execute(query, (list(databases),))

        clearing = threading.Thread(target=clear)
        clearing.start()
        try:
            yield
        finally:
            over.set()
            clearing.join()

    def _exists(self, connection: Connection, database: str) -> bool:
        query = "SELECT FROM pg_database WHERE datname = %s"
        return connection.execute(query, (database,)).fetchone() is not None

    # --- what was live before

    def name_to_keep(self, now: datetime) -> str:
        return f"{self._kept_prefix}{now.astimezone(UTC).strftime(STAMP)}"

    @property
    def _kept_prefix(self) -> str:
        return f"{self.settings.database[:BASE_CHARACTERS]}_before_"

    def kept(self) -> list[ReplacedDatabase]:
        """Oldest first."""
        with self.connect() as connection:
            names = connection.execute("SELECT datname FROM pg_database").fetchall()
        found = (_kept(str(name), self._kept_prefix) for (name,) in names)
        return sorted((each for each in found if each), key=lambda each: each.since)

    def let_go(self, now: datetime) -> list[str]:
        """Drop what was kept for long enough; the names."""
        gone = [each.name for each in self.kept() if each.until <= now]
        for name in gone:
            self.drop(name)
        return gone


def _kept(name: str, prefix: str) -> ReplacedDatabase | None:
    try:
        moment = datetime.strptime(name.removeprefix(prefix), STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return ReplacedDatabase(name, moment) if name.startswith(prefix) else None


def _roles(lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = ROLE.match(line)
        if found and found[1] == "CREATE":
            yield found[2]


def _named(statement: Any, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
