"""The worker's health check finds the database wherever the worker finds it."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from contravento.kit.database.session import libpq_url
from contravento.kit.database_url import read_address
from tests.support.s3 import free_port
from tests.support.tls import front, make_authority

PROGRAM = Path(__file__).parents[2] / "deploy" / "worker" / "alive.py"


def look(url: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(PROGRAM)],
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def worked(own_database: str) -> str:
    with psycopg.connect(libpq_url(own_database), autocommit=True) as connection:
        connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    return own_database


def test_a_sign_of_life_is_seen(worked: str) -> None:
    assert look(worked).returncode == 0


def test_without_one_the_worker_is_ill(own_database: str) -> None:
    done = look(own_database)
    assert done.returncode == 1
    assert "no worker has given a sign of life lately" in done.stderr


def test_it_is_seen_on_whichever_server_takes_writes_and_by_tls(
    worked: str, tmp_path: Path
) -> None:
    authority = make_authority(tmp_path, "ours")
    behind = read_address(worked)
    with front(behind.servers[0], authority.issue("127.0.0.1")) as port:
        places = f"127.0.0.1:{free_port()},127.0.0.1:{port}"
        url = f"postgresql+asyncpg://postgres:x@{places}/{behind.database}"
        done = look(f"{url}?sslmode=verify-full&sslrootcert={authority.file}")
    assert done.returncode == 0, done.stderr
