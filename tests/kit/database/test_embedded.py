"""The embedded PostgreSQL, after it did not end well."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from contravento.kit.database import embedded
from contravento.kit.database.embedded import embedded_postgres
from contravento.kit.database.session import libpq_url

pytestmark = pytest.mark.servers

KEEP = "CREATE TABLE kept AS SELECT 7 AS number"
ASK = "SELECT number FROM kept"


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short name, since its socket lies in it."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name) / "data"


@pytest.mark.parametrize("number", ["gone", "taken"])
def test_a_lock_that_a_dead_server_left_stops_nobody(folder: Path, number: str) -> None:
    """Somebody else may have its number by then."""
    lock = folder / "postmaster.pid"
    with embedded_postgres(folder, "diary") as url, psycopg.connect(libpq_url(url)) as connection:
        connection.execute(KEEP)
        connection.commit()
        before, _, rest = lock.read_text().partition("\n")
    lock.write_text(f"{os.getpid() if number == 'taken' else before}\n{rest}")

    with embedded_postgres(folder, "diary") as url, psycopg.connect(libpq_url(url)) as connection:
        assert connection.execute(ASK).fetchone() == (7,)


def test_the_lock_of_a_server_that_runs_is_left_alone(folder: Path) -> None:
    with embedded_postgres(folder, "diary"):
        embedded.forget_killed(folder)
        assert (folder / "postmaster.pid").exists()
