"""Broken releases: each ends with the old version serving and a report that names the cause."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from contravento.migrations import newest_revision
from contravento_ops.kit.errors import Exit
from tests.stack.releases import (
    ANSWER_500,
    ANSWER_500_TO_RIDERS,
    BE_SLOW,
    LEAK,
    Answer,
    Host,
    a_serving_host,
    check_that_it_went_back,
)

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Host]:
    with a_serving_host(tmp_path_factory.mktemp("host"), images) as host:
        yield host


def check_that_the_good_one_serves(host: Host, done: Answer, *, lost: int | None = 0) -> None:
    check_that_it_went_back(host, done, f"contravento:{host.project}-good", lost=lost)


def test_one_that_never_becomes_healthy(host: Host) -> None:
    image = host.with_command("silent", "import time; time.sleep(3600)")

    done = host.deploy(image, "--healthy-seconds", "12")

    check_that_the_good_one_serves(host, done)
    assert "is not healthy after 12 s" in done.cause


def test_one_that_is_healthy_but_answers_500(host: Host) -> None:
    done = host.deploy(host.spoiled("errors", ANSWER_500))

    check_that_the_good_one_serves(host, done)
    assert "asked directly" in done.cause
    assert "the first with status 500" in done.cause


def test_one_whose_errors_only_riders_see(host: Host) -> None:
    """Asked directly all is well; so some requests are lost before it is taken back."""
    done = host.deploy(host.spoiled("hidden", ANSWER_500_TO_RIDERS), bake_seconds=20)

    check_that_the_good_one_serves(host, done, lost=None)
    assert "after the switch" in done.cause
    assert "the first with status 500" in done.cause
    assert done.requests["lost"] < 60


def test_one_that_is_slow(host: Host) -> None:
    done = host.deploy(host.spoiled("slow", BE_SLOW))

    check_that_the_good_one_serves(host, done)
    assert "it is slow: 95 of 100 answers within 2." in done.cause


def test_one_that_leaks_connections(host: Host) -> None:
    done = host.deploy(host.spoiled("leak", LEAK))

    check_that_the_good_one_serves(host, done)
    assert "it leaks connections" in done.cause


def test_one_whose_migration_would_lock(host: Host) -> None:
    image = host.migrating("locks", compatible=True)
    query = "BEGIN; SELECT count(*) FROM riders; SELECT pg_sleep(60)"
    words = (
        "docker",
        "exec",
        f"{host.project}-postgres-1",
        "sh",
        "-c",
        'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$0"',
        query,
    )
    in_the_way = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        done = host.deploy(image)
    finally:
        host.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
        )
        in_the_way.wait()

    check_that_the_good_one_serves(host, done)
    assert "waited 5 seconds for a lock that other work holds" in done.cause
    assert host.psql("SELECT version_num FROM alembic_version") == newest_revision()


def test_one_that_the_running_code_cannot_bear_is_refused_before_anything_is_touched(
    host: Host,
) -> None:
    before = host.serving()

    done = host.deploy(host.migrating("breaks", compatible=False))

    assert done.status == Exit.REFUSED, done.words
    assert "breaks (Add breaks)" in done.words
    assert host.serving() == before


def test_a_downgrade_is_refused_and_a_rollback_to_what_still_works_is_not(host: Host) -> None:
    """Last, since the database goes on to a later migration."""
    newer = host.migrating("newer", compatible=True)
    done = host.deploy(newer)
    assert done.status == Exit.DONE, done.words
    assert done.requests["lost"] == 0

    older = host.deploy(host.good("older"))
    assert older.status == Exit.REFUSED, older.words
    assert "older than the one that migrated the database" in older.words

    back = host.ops("rollback", "--bake-seconds", "3", "--json")
    assert back.status == Exit.DONE, back.words
    assert back.requests["lost"] == 0
    assert [image for _, image in host.serving()] == [f"contravento:{host.project}-good"]

    host.psql("COMMENT ON TABLE alembic_version IS 'works with newer'")
    refused = host.deploy(host.good("oldest"))
    assert refused.status == Exit.REFUSED, refused.words
    assert "older than the database, which is at newer" in refused.words
