"""The product as it is served, on a database of its own, for as long as a benchmark runs."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psycopg

from contravento import migrations
from contravento.kit.database.embedded import embedded_postgres
from contravento.kit.database.session import libpq_url

START_SECONDS = 60


@contextmanager
def database(folder: Path) -> Iterator[str]:
    with embedded_postgres(folder / "postgres", "bench") as url:
        migrations.upgrade(url)
        yield url


def environment_of(folder: Path, url: str, **settings: str) -> dict[str, str]:
    """This process' own, but for where somebody wants the product itself to listen."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("HOST", "PORT")}
    return inherited | {
        "APP_ENV": "local",
        "DATABASE_URL": url,
        "SECRET_KEY": "bench-" + "0123456789abcdef" * 4,
        "STORAGE_URL": (folder / "storage").as_uri(),
        "MAIL_FOLDER": str(folder / "mail"),
        "BCRYPT_ROUNDS": "4",
        "LOG_LEVEL": "INFO",
        "METRICS": "true",
        **settings,
    }


@contextmanager
def process(
    folder: Path, url: str, *program: str, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """One of the product's processes, or a server beside it, with production's kind of settings."""
    environment = environment_of(folder, url, **settings)
    with (folder / f"{secrets.token_hex(4)}.log").open("wb") as log:
        running = subprocess.Popen([sys.executable, "-m", *program], env=environment, stderr=log)
        try:
            yield running
        finally:
            running.terminate()
            running.wait(40)


@contextmanager
def web(folder: Path, url: str, port: int, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    with process(folder, url, "contravento", "web", "--port", str(port), **settings) as running:
        wait_for(port, "/health")
        yield running


@contextmanager
def worker(folder: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    with process(folder, url, "contravento", "worker", "--port", str(free_port())) as running:
        yield running


@contextmanager
def baseline(folder: Path, url: str, port: int) -> Iterator[None]:
    program = (
        "uvicorn",
        "benchmarks.baseline:make_app",
        "--factory",
        "--port",
        str(port),
        "--no-access-log",
    )
    with process(folder, url, *program):
        wait_for(port, "/openapi.json")
        yield


def wait_for(port: int, path: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


TRIPS = """
    INSERT INTO trips (rider_id, key, title, story, excerpt, starts_on, ends_on, tags, published_at,
                       distance_metres, ascent_metres, descent_metres, highest_metres,
                       lowest_metres, countries, outline, cover)
    SELECT (SELECT array_agg(id) FROM riders)[1 + n %% 100],
           translate(lpad(to_hex(n), 12, '0'), '01', 'xy'),
           'Day ' || n || ' along the river', repeat('The road keeps to the north bank. ', 40),
           'After Zamora the only shade was our own, and it was getting shorter (' || n || ').',
           date '2020-01-01' + n %% 2000, date '2020-01-05' + n %% 2000,
           ARRAY['gravel', 'river'], timestamptz '2015-01-01' + n * interval '10 minutes',
           100000 + n, 1000 + n %% 900, 990, 1200, 4, ARRAY['ES', 'PT'],
           jsonb_build_object('width', 320, 'height', 200, 'body', repeat('M12.3 45.6l1 2', 180)),
           jsonb_build_object('photo_id', gen_random_uuid(), 'width', 1800, 'height', 1200,
                              'colour', '#aabbcc', 'alt', 'A white road')
    FROM generate_series(%s::int, %s::int) AS n
"""
RIDERS = """
    INSERT INTO riders (username, email, password_hash, name, confirmed_at)
    SELECT 'rider_' || n, 'rider' || n || '@example.org', '$2b$', 'Rider ' || n, now()
    FROM generate_series(1, 100) AS n
"""


def fill(url: str, first: int, last: int) -> None:
    """Published trips for everyone, numbered from `first` to `last`, by a hundred riders."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        if first == 1:
            connection.execute(RIDERS)
        connection.execute(TRIPS, (first, last))
        connection.execute("VACUUM ANALYZE trips")
        connection.execute("VACUUM ANALYZE riders")
