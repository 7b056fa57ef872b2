"""The side database, and the swap: on a real PostgreSQL, with somebody always connected."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import fingerprint
from contravento_backup.restore.side_database import KEPT_FOR, SideDatabase

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
ROLES = ("contravento_owner", "contravento_app", "contravento_monitor")


@pytest.fixture
def cluster(
    postgres: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[SideDatabase]:
    """With a live database `diary` that says so."""
    url = make_url(postgres)
    host = url.query.get("host") or url.host or ""
    monkeypatch.setenv("PGHOST", str(host))
    monkeypatch.setenv("PGPORT", str(url.port or 5432))
    settings = Settings(
        folder=tmp_path,
        storage=None,
        environment="staging",
        database="diary",
        administrator=url.username or "",
        key="k" * 40,
        every_seconds=1,
        wal_days=7,
        image="none",
    )
    found = SideDatabase(settings)
    with found.connect() as connection:
        for role in ROLES:
            there = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,))
            if there.fetchone() is None:
                connection.execute(f"CREATE ROLE {role} LOGIN".encode())
        connection.execute("CREATE DATABASE diary")
    write(found, "diary", "live")
    yield found
    for name in names(found):
        if name.startswith("diary"):
            found.drop(name)


def write(cluster: SideDatabase, database: str, word: str) -> None:
    with cluster.connect(database) as connection:
        connection.execute("CREATE TABLE public.said (word text)")
        connection.execute("INSERT INTO public.said VALUES (%s)", (word,))


def said(cluster: SideDatabase, database: str = "diary") -> str:
    with cluster.connect(database) as connection:
        row = connection.execute("SELECT word FROM public.said").fetchone()
    return str(row[0]) if row else ""


def names(cluster: SideDatabase) -> set[str]:
    with cluster.connect() as connection:
        return {str(name) for (name,) in connection.execute("SELECT datname FROM pg_database")}


def prepare(cluster: SideDatabase, word: str = "restored") -> str:
    cluster.make()
    write(cluster, cluster.side, word)
    return cluster.side


def test_the_swap_keeps_what_was_live_and_sends_everybody_away(cluster: SideDatabase) -> None:
    side = prepare(cluster)
    somebody = cluster.connect("diary")
    somebody.execute("BEGIN")

    cluster.swap(side, cluster.name_to_keep(NOW))

    assert said(cluster) == "restored"
    (kept,) = cluster.kept()
    assert kept.name == "diary_before_20261123_101500"
    assert said(cluster, kept.name) == "live"
    with pytest.raises(psycopg.OperationalError):
        somebody.execute("SELECT 1")


def test_whoever_comes_during_the_swap_finds_one_or_the_other(cluster: SideDatabase) -> None:
    side, over, found = prepare(cluster), threading.Event(), set()

    def come_and_go() -> None:
        while not over.is_set():
            try:
                found.add(said(cluster))
            except fingerprint.Broken:
                found.add("sent away")

    coming = threading.Thread(target=come_and_go)
    coming.start()
    try:
        cluster.swap(side, cluster.name_to_keep(NOW))
    finally:
        over.set()
        coming.join()

    assert found <= {"live", "restored", "sent away"}
    assert said(cluster) == "restored"


def test_a_swap_that_fails_half_way_changes_nothing(cluster: SideDatabase) -> None:
    with pytest.raises(psycopg.errors.InvalidCatalogName):
        cluster.swap("diary_restoring", cluster.name_to_keep(NOW))

    assert said(cluster) == "live"
    assert cluster.kept() == []


def test_a_live_database_that_is_gone_is_no_obstacle(cluster: SideDatabase) -> None:
    side = prepare(cluster)
    cluster.drop("diary")

    cluster.swap(side, cluster.name_to_keep(NOW))

    assert said(cluster) == "restored"


def test_swapping_twice_leads_back(cluster: SideDatabase) -> None:
    cluster.swap(prepare(cluster), cluster.name_to_keep(NOW))
    (kept,) = cluster.kept()

    cluster.swap(kept.name, cluster.name_to_keep(NOW + timedelta(seconds=1)))

    assert said(cluster) == "live"
    assert [said(cluster, each.name) for each in cluster.kept()] == ["restored"]


def test_the_application_may_change_nothing_before_the_swap(cluster: SideDatabase) -> None:
    side = prepare(cluster)
    as_application: dict[str, Any] = {"dbname": side, "user": "contravento_app"}
    with psycopg.connect(**as_application) as connection:
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("on",)

    cluster.swap(side, cluster.name_to_keep(NOW))

    with psycopg.connect(**{**as_application, "dbname": "diary"}) as connection:
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("off",)


def test_a_side_database_of_a_restore_that_was_killed_is_made_anew(cluster: SideDatabase) -> None:
    prepare(cluster, "half of it")

    assert said(cluster, prepare(cluster, "all of it")) == "all of it"


def test_what_was_live_goes_after_seven_days(cluster: SideDatabase) -> None:
    cluster.swap(prepare(cluster), cluster.name_to_keep(NOW))

    assert cluster.let_go(NOW + KEPT_FOR - timedelta(seconds=1)) == []
    assert cluster.let_go(NOW + KEPT_FOR) == ["diary_before_20261123_101500"]
    assert said(cluster) == "restored"


def test_a_role_of_the_host_comes_back_and_no_other_is_touched(cluster: SideDatabase) -> None:
    written = (
        "CREATE ROLE contravento_app;\nALTER ROLE contravento_app WITH SUPERUSER;\n"
        'CREATE ROLE "report reader";\nALTER ROLE "report reader" WITH NOLOGIN;\n'
    )
    try:
        assert cluster.bring_roles(written) == ['"report reader"']
        with cluster.connect() as connection:
            query = "SELECT rolsuper FROM pg_roles WHERE rolname = 'contravento_app'"
            assert connection.execute(query).fetchone() == (False,)
        assert cluster.bring_roles(written) == []
    finally:
        with cluster.connect() as connection:
            connection.execute('DROP ROLE "report reader"')
