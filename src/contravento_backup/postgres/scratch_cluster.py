"""PostgreSQL for as long as a drill takes: on a port of its own, on a network without a way out."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from contravento_backup.kit import programs
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.programs import ProgramFailed

PORT = 5433
START_SECONDS = 1800  # WAL is replayed in this time
LOOK_EVERY_SECONDS = 0.2
SETTINGS = {
    "port": str(PORT),
    "archive_mode": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "hot_standby": "off",  # else it would need as many connections as the lost server had
    "shared_preload_libraries": "",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "max_connections": "60",
    "autovacuum": "off",
    "log_min_messages": "warning",
}


@dataclass(frozen=True, slots=True)
class ScratchCluster:
    """`folder` holds the data; its socket is beside them."""

    folder: Path
    host: str
    superuser: str

    @property
    def socket(self) -> Path:
        return self.folder.parent

    def where(self, database: str) -> dict[str, Any]:
        return {"host": str(self.socket), "port": PORT, "user": self.superuser, "dbname": database}

    def run(self, program: str, *words: str) -> str:
        """One of PostgreSQL's programs, against this cluster."""
        environment = {
            "PGHOST": str(self.socket),
            "PGPORT": str(PORT),
            "PGUSER": self.superuser,
            "PGDATABASE": "postgres",
        }
        return programs.run(program, *words, environment=environment)

    def load(self, globals_file: Path, dump: Path) -> None:
        """Roles and a dump, into a cluster that has nothing. Raises BackupFailed."""
        first = f"CREATE ROLE {self.superuser};\n"  # which is there already
        roles = globals_file.read_text().replace(first, "", 1)
        unfolded = self.socket / "globals.sql"
        unfolded.write_text(roles)
        quiet = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")
        self.run("psql", *quiet, f"--file={unfolded}")
        self.run(
            "pg_restore",
            "--create",
            "--exit-on-error",
            "--no-password",
            "--jobs=2",
            "--dbname=postgres",
            str(dump),
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Raises BackupFailed with PostgreSQL's own words where it does not come up."""
        log = self.folder.parent / "log"
        settings = SETTINGS | {
            "listen_addresses": _address_of(self.host),
            "unix_socket_directories": str(self.socket),
            "hba_file": str(self._nobody_asked()),
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._control("-l", str(log), "-o", options, "start")
        try:
            self._await(log)
            yield
        finally:
            if self._is_alive():
                self._control("-m", "immediate", "stop")

    def _nobody_asked(self) -> Path:
        """Passwords may have been changed since the set was taken; and who can reach this cluster
        is the drill alone."""
        file = self.socket / "pg_hba.conf"
        file.write_text("local all all trust\nhost all all all trust\n")
        return file

    def _await(self, log: Path) -> None:
        """Until WAL is replayed and it takes questions."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                psycopg.connect(**self.where("template1")).close()
                return
            except psycopg.OperationalError:
                if not self._is_alive():
                    raise BackupFailed(_cause(log)) from None
            time.sleep(LOOK_EVERY_SECONDS)
        raise BackupFailed(f"PostgreSQL was not done with the WAL after {START_SECONDS} s.")

    def _is_alive(self) -> bool:
        try:
            self._control("status")
        except ProgramFailed:
            return False
        return True

    def _control(self, *words: str) -> None:
        *options, verb = words
        programs.run("pg_ctl", "-D", str(self.folder), "-w", *options, verb)


def stop_orphans(parent: Path) -> None:
    """One that a killed drill left would keep the next from its port."""
    for file in parent.glob("*/data/postmaster.pid"):
        pid = int(file.read_text().split()[0])
        said = Path(f"/proc/{pid}/cmdline")
        while said.exists() and str(file.parent).encode() in said.read_bytes():
            os.kill(pid, signal.SIGQUIT)
            time.sleep(LOOK_EVERY_SECONDS)


@contextmanager
def place(parent: Path, name: str) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = parent / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o711)
    try:
        yield folder / "data"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def initialise(folder: Path, administrator: str) -> None:
    """An empty cluster. Its first role must be that of the set: grants of others come from it."""
    programs.run(
        "initdb",
        f"--username={administrator}",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
        "--auth=trust",
        "-D",
        str(folder),
    )


def _address_of(host: str) -> str:
    """Our own on the drill's network only, not on the one that leads outside."""
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise BackupFailed(f"{host} is no address of this container.") from error


def _cause(log: Path) -> str:
    """The line that says why, of those that PostgreSQL wrote."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "ERROR" in line]
    return (telling or lines or ["PostgreSQL did not start and said nothing."])[-1]
