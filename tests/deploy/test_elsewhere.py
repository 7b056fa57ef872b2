"""A server elsewhere, whose administrator is no superuser, is made ready by what the guide runs."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from contravento import migrations
from tests.conftest import open_folder
from tests.support.clusters import PROGRAMS, Cluster, cluster

SCRIPT = Path(__file__).parents[2] / "deploy" / "postgres" / "elsewhere.sql"
PASSWORDS = {
    "POSTGRES_OWNER_PASSWORD": "owner's own",
    "POSTGRES_APP_PASSWORD": "app's own",
    "POSTGRES_MONITOR_PASSWORD": "monitor's own",
}


@pytest.fixture(scope="module")
def managed() -> Iterator[Cluster]:
    with open_folder() as folder, cluster(folder / "data") as made:
        made.ask("CREATE ROLE keeper LOGIN CREATEROLE CREATEDB")
        made.ask("CREATE DATABASE diary OWNER keeper")
        for _ in range(2):  # the second time it changes nothing
            prepare(made)
        yield made


def prepare(managed: Cluster) -> None:
    url = f"postgresql://keeper@{managed.place}/diary"
    done = subprocess.run(
        [str(PROGRAMS / "psql"), "-X", "-q", "-f", str(SCRIPT), url],
        env={**os.environ, **PASSWORDS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "pg_monitor could not be granted" in done.stderr


def connect(managed: Cluster, role: str) -> psycopg.Connection:
    return psycopg.connect(f"postgresql://contravento_{role}@{managed.place}/diary")


def test_the_owner_migrates_and_the_application_works_with_it(managed: Cluster) -> None:
    migrations.upgrade(f"postgresql://contravento_owner@{managed.place}/diary")
    with connect(managed, "app") as connection:
        connection.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
        row = connection.execute("SELECT count(*) FROM trips").fetchone()
        assert row == (0,)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("30s",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DROP TABLE trips")


def test_who_watches_sees_no_rows(managed: Cluster) -> None:
    migrations.upgrade(f"postgresql://contravento_owner@{managed.place}/diary")
    with (
        connect(managed, "monitor") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT count(*) FROM riders")


def test_passwords_are_those_of_the_environment(managed: Cluster) -> None:
    """Kept hashed; what is compared is that each has one of its own."""
    hashed = managed.ask(
        "SELECT count(DISTINCT rolpassword) FROM pg_authid WHERE rolname LIKE 'contravento%'"
    )
    assert hashed == len(PASSWORDS)
