"""`contravento jobs`: look, try again, give up."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from contravento.cli.main import app
from contravento.kit.database.session import libpq_url
from tests.conftest import make_settings

type Jobs = Callable[..., Result]


@pytest.fixture
def database(own_database: str) -> Iterator[psycopg.Connection]:
    connection = psycopg.connect(libpq_url(own_database), autocommit=True)
    for name, status in (("tracks.read", "todo"), ("photos.make", "doing"), ("mail", "failed")):
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts, args)"
            ' VALUES (\'default\', %s, %s, 2, \'{"track_id": "7", "secret": "link"}\')',
            (name, status),
        )
    yield connection
    connection.close()


@pytest.fixture
def jobs(own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    settings = make_settings(own_database, tmp_path)
    monkeypatch.setattr("contravento.cli.jobs.begin", lambda: settings)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["jobs", *words])

    return run


def states(database: psycopg.Connection) -> dict[str, str]:
    rows = database.execute("SELECT task_name, status::text FROM procrastinate_jobs").fetchall()
    return dict(rows)


def test_jobs_are_listed_without_what_they_were_told(
    database: psycopg.Connection, jobs: Jobs
) -> None:
    listed = json.loads(jobs("list", "--json").stdout)
    assert [(job["name"], job["state"]) for job in listed] == [
        ("mail", "failed"),
        ("photos.make", "running"),
        ("tracks.read", "waiting"),
    ]
    assert listed[0]["of"] == {"track_id": "7"}
    assert "photos.make" in jobs("list", "--state", "running").stdout
    assert "mail" not in jobs("list", "--state", "running").stdout


def test_a_failed_job_is_tried_again_and_a_stuck_one_given_up(
    database: psycopg.Connection, jobs: Jobs
) -> None:
    assert jobs("retry", "all").stdout == "Put back: 1.\n"
    assert states(database)["mail"] == "todo"
    ((stuck,),) = database.execute("SELECT id FROM procrastinate_jobs WHERE status = 'doing'")
    assert jobs("cancel", str(stuck)).stdout == "Given up: 1.\n"
    assert states(database) == {"tracks.read": "todo", "photos.make": "failed", "mail": "todo"}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("retry", "4711"), 1, "There is no such failed job any more."),
        (("cancel", "4711"), 1, "There is no such job that waits or runs."),
        (("cancel", "seven"), 2, "neither a job's number nor all"),
        (("list", "--state", "odd"), 2, "odd"),
    ],
)
def test_what_cannot_be_done_is_said(
    database: psycopg.Connection, jobs: Jobs, words: tuple[str, ...], status: int, said: str
) -> None:
    done = jobs(*words)
    assert done.exit_code == status
    assert said in done.stderr
    assert sorted(states(database).values()) == ["doing", "failed", "todo"]
