"""Figures, logs and ids of the product as it really runs: several processes and a worker."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from contravento.kit.database.session import libpq_url
from tests.support.served import Served, figure, served, wait_until

pytestmark = pytest.mark.servers

ACCOUNT = {
    "username": "maite",
    "email": "maite@example.org",
    "password": "over the hills and far",
}


@pytest.fixture
def two(own_database: str, tmp_path: Path) -> Iterator[Served]:
    with served(own_database, tmp_path, WEB_CONCURRENCY="2") as running:
        yield running


def web_processes(running: Served) -> list[psutil.Process]:
    """Those that answer, not the one that watches over them nor what computes for them."""
    family = psutil.Process(running.web_process.pid).children()
    return [process for process in family if "spawn_main" in " ".join(process.cmdline())]


def test_two_web_processes_count_as_one_and_a_dead_one_counts_no_more(two: Served) -> None:
    for _ in range(40):
        with two.client() as client:  # a connection each, so that both processes get some
            client.get("/health").raise_for_status()
    told = two.figures(two.web)

    assert figure(told, "http_requests_total", route="/health", status="200") >= 40
    assert figure(told, "http_requests_in_progress", method="GET") == 1
    assert figure(told, "contravento_build_info") == 1
    wait_until(lambda: figure(two.figures(two.web), "contravento_database_pool_limit") == 2 * 14)
    assert "contravento_riders" not in told
    assert "pid=" not in told

    killed = web_processes(two)[0]
    before = figure(two.figures(two.web), "http_requests_total", route="/health")
    os.kill(killed.pid, signal.SIGKILL)
    wait_until(lambda: two.printed().count("Application startup complete") == 3)
    wait_until(
        lambda: figure(two.figures(two.web), "contravento_database_pool_limit") == 2 * 14, 20
    )
    assert figure(two.figures(two.web), "http_requests_total", route="/health") >= before


@pytest.fixture
def product(own_database: str, tmp_path: Path) -> Iterator[Served]:
    with served(own_database, tmp_path) as running:
        yield running


def runs(product: Served, job: str) -> list[dict[str, Any]]:
    """What the worker said of this job; at some minutes of the hour it has others to do as well."""
    lines = product.lines("worker")
    return [line for line in lines if line["event"] == "job" and line["job"] == job]


def test_a_job_carries_the_id_of_the_request_that_queued_it(product: Served) -> None:
    with product.client() as client:
        answer = client.post(
            "/api/v1/accounts", json=ACCOUNT, headers={"X-Request-ID": "0123456789abcdef-canary"}
        )
        assert answer.status_code == 201, answer.text
    wait_until(lambda: runs(product, "accounts.send_confirmation"))

    (asked,) = [line for line in product.lines("web") if line.get("route") == "/api/v1/accounts"]
    (ran,) = runs(product, "accounts.send_confirmation")
    assert asked["request_id"] == ran["request_id"] == "0123456789abcdef-canary"
    assert ran["outcome"] == "succeeded"
    assert ran["milliseconds"] > 0
    assert ran["waited_milliseconds"] >= 0

    told = product.figures(product.worker)
    ending = {"job": "accounts.send_confirmation", "outcome": "succeeded"}
    assert figure(told, "contravento_jobs_total", **ending) == 1
    assert figure(told, "contravento_job_wait_seconds_count", job=ending["job"]) == 1
    assert figure(told, "contravento_mails_total", outcome="sent") == 1
    assert figure(product.figures(product.web), "contravento_sign_ups_total") == 1


def test_a_job_that_fails_is_told_as_retried_and_counts_as_waiting_once_it_is_due(
    product: Served, own_database: str
) -> None:
    with psycopg.connect(libpq_url(own_database), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
            """ VALUES ('default', 'tracks.read', '{"track_id": "nonsense"}')"""
        )
        connection.execute('NOTIFY procrastinate_any_queue, \'{"type": "job_inserted"}\'')
    wait_until(lambda: runs(product, "tracks.read"))

    told = product.figures(product.worker)
    assert figure(told, "contravento_jobs_total", job="tracks.read", outcome="retried") == 1
    assert figure(told, "contravento_jobs_total", job="tracks.read", outcome="failed") == 0
    line = runs(product, "tracks.read")[0]
    assert (line["level"], line["outcome"], line["attempt"]) == ("warning", "retried", 1)
    assert "nonsense" not in product.printed()


# A job that another worker has been at for two minutes; those with the same lock wait for it.
_BUSY = """
    WITH worker AS (
        INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 hour')
        RETURNING id
    ), busy AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, lock, status, worker_id)
        SELECT 'default', 'photos.prepare', 'busy', 'doing', id FROM worker RETURNING id
    )
    INSERT INTO procrastinate_events (job_id, type, at)
    SELECT id, 'started', now() - interval '2 minutes' FROM busy
"""


def test_the_worker_tells_of_the_queue_and_of_what_the_server_holds(
    product: Served, own_database: str
) -> None:
    with psycopg.connect(libpq_url(own_database), autocommit=True) as connection:
        connection.execute(_BUSY)
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, scheduled_at) VALUES"
            " ('default', 'tracks.read', 'busy', NULL), ('default', 'tracks.read', 'busy', NULL),"
            " ('default', 'tracks.read', NULL, now() + interval '1 hour')"
        )
    waiting = "contravento_jobs_waiting"
    wait_until(lambda: figure(product.figures(product.worker), waiting, job="tracks.read") == 2)
    told = product.figures(product.worker)
    assert figure(told, "contravento_jobs_waiting", job="photos.prepare") == 0
    assert figure(told, "contravento_jobs_oldest_waiting_seconds") > 0
    assert figure(told, "contravento_jobs_in_progress_oldest_seconds") > 100
    for name in ("contravento_riders", "contravento_tracks", "contravento_photos"):
        assert f"\n{name} 0.0" in told
    assert figure(told, "contravento_database_pool_limit") == 14
    assert "http_requests_total{" not in told
