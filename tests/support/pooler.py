"""PgBouncer in transaction mode before a test's database, with few connections behind it."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from contravento.kit.database_url import read_address
from tests.support.clusters import somebody
from tests.support.s3 import free_port

HOST = "127.0.0.1"
USER = "postgres"
BEHIND = 3
START_SECONDS = 20
STOP_SECONDS = 20
# Each transaction is given the connection that has rested longest: hardly ever the one before.
CONFIGURATION = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
admin_users = postgres
pool_mode = transaction
default_pool_size = {behind}
max_client_conn = 500
server_round_robin = 1
"""


@dataclass(frozen=True, slots=True)
class Pooler:
    """`direct` is the database itself, `url` the way through the pooler."""

    direct: str
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@{HOST}:{self.port}/{read_address(self.direct).database}"

    def ask(self, what: str) -> list[dict[str, Any]]:
        """Of PgBouncer itself: SHOW POOLS and the like."""
        with psycopg.connect(
            host=HOST,
            port=self.port,
            user=USER,
            dbname="pgbouncer",
            autocommit=True,
            row_factory=dict_row,
        ) as connection:
            return connection.execute(what.encode()).fetchall()

    @property
    def transactions(self) -> int:
        database = read_address(self.direct).database
        found = [row for row in self.ask("SHOW STATS") if row["database"] == database]
        return sum(int(each["total_xact_count"]) for each in found)


@contextmanager
def pooler_before(direct: str, folder: Path, behind: int = BEHIND) -> Iterator[Pooler]:
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    made = Pooler(direct, free_port())
    server = read_address(direct).servers[0]
    (folder / "users.txt").write_text(f'"{USER}" ""\n')
    (folder / "pgbouncer.ini").write_text(
        CONFIGURATION.format(
            host=server.host, port=server.port, own_port=made.port, folder=folder, behind=behind
        )
    )
    with (folder / "pgbouncer.log").open("wb") as log:
        running = subprocess.Popen(
            [program, str(folder / "pgbouncer.ini")], stdout=log, stderr=log, user=somebody()
        )
    try:
        _await(made, running)
        yield made
    finally:
        running.terminate()  # which waits for nobody
        running.wait(STOP_SECONDS)


def _await(made: Pooler, running: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        assert running.poll() is None, "pgbouncer has ended"
        try:
            made.ask("SHOW VERSION")
        except psycopg.OperationalError:
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return
