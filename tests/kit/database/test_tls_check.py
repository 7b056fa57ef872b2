"""A server that is not who it says is refused in one sentence, and by both drivers."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from contravento.kit.database.session import libpq_url, make_engine
from contravento.kit.database.tls_check import find_mistakes
from contravento.kit.database_url import read_address
from tests.conftest import SECRET, make_settings
from tests.support.tls import Authority, front, make_authority

BY_TLS = "SELECT 1"
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("stranger"), "theirs")


@contextmanager
def door(
    database: str,
    certificate: tuple[Path, Path] | None,
    root: Path | str,
    mode: str = "verify-full",
) -> Iterator[str]:
    """The URL of the database behind a door that shows this certificate."""
    behind = read_address(database)
    with front(behind.servers[0], certificate) as port:
        yield (
            f"postgresql://postgres:x@{HOST}:{port}/{behind.database}"
            f"?sslmode={mode}&sslrootcert={root}"
        )


def connect_by_both(url: str, folder: Path) -> None:
    with psycopg.connect(libpq_url(url)) as connection:
        assert connection.execute(BY_TLS).fetchone() == (1,)
        assert connection.pgconn.ssl_in_use
    asyncio.run(_connect(url, folder))


async def _connect(url: str, folder: Path) -> None:
    engine = make_engine(make_settings(url, folder))
    try:
        async with engine.connect() as connection:
            assert await connection.scalar(text(BY_TLS)) == 1
            raw = await connection.get_raw_connection()
            transport = raw.driver_connection._transport  # type: ignore[union-attr]
            assert transport.get_extra_info("ssl_object")
    finally:
        await engine.dispose()


def refused_by_both(url: str, folder: Path) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(libpq_url(url))
    with pytest.raises(Exception, match=r"(?i)certificate|ssl|verify"):
        asyncio.run(_connect(url, folder))


def test_a_server_that_is_who_it_says_is_taken(
    shared_database: str, authority: Authority, tmp_path: Path
) -> None:
    with door(shared_database, authority.issue(HOST), authority.file) as url:
        assert find_mistakes(read_address(url)) == []
        connect_by_both(url, tmp_path)


CASES = {
    "another name": "which shows a certificate for another name; write the name",
    "another authority": "whose certificate was not signed by an authority in",
    "expired": "whose certificate has expired; renew it there",
    "too early": "whose certificate is not valid yet; look at the clocks",
    "no TLS": "which does not offer TLS; turn ssl on there",
}


@pytest.mark.parametrize("case", CASES)
def test_any_other_is_refused_with_a_sentence(
    case: str, shared_database: str, authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    certificate = shown(case, authority, stranger)
    with door(shared_database, certificate, authority.file) as url:
        (mistake,) = find_mistakes(read_address(url))
        assert mistake.startswith(f"names {HOST}:"), mistake
        assert CASES[case] in mistake
        refused_by_both(url, tmp_path)


def shown(case: str, authority: Authority, stranger: Authority) -> tuple[Path, Path] | None:
    match case:
        case "another name":
            return authority.issue("db.example.test")
        case "another authority":
            return stranger.issue(HOST)
        case "expired":
            return authority.issue(HOST, days=(-3, -2))
        case "too early":
            return authority.issue(HOST, days=(1, 2))
    return None


def test_verify_ca_takes_any_name_that_the_authority_signed(
    shared_database: str, authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    certificate = authority.issue("db.example.test")
    with door(shared_database, certificate, authority.file, "verify-ca") as url:
        assert find_mistakes(read_address(url)) == []
        connect_by_both(url, tmp_path)
    with door(shared_database, certificate, stranger.file, "verify-ca") as url:
        refused_by_both(url, tmp_path)


def test_the_systems_authorities_do_not_know_ours(
    shared_database: str, authority: Authority, tmp_path: Path
) -> None:
    with door(shared_database, authority.issue(HOST), "system") as url:
        (mistake,) = find_mistakes(read_address(url))
        assert "not signed by the system's authorities" in mistake
        refused_by_both(url, tmp_path)


def test_an_authority_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    for root in (tmp_path / "none.pem", empty):
        url = f"postgresql://u@127.0.0.1:1/d?sslmode=verify-full&sslrootcert={root}"
        assert find_mistakes(read_address(url)) == [
            f"sslrootcert names {root}, which holds no certificate that can be read;"
            " put the authority's there"
        ]


def test_a_server_that_is_away_is_no_mistake(authority: Authority) -> None:
    url = f"postgresql://u@127.0.0.1:1/d?sslmode=verify-full&sslrootcert={authority.file}"
    assert find_mistakes(read_address(url)) == []


@pytest.mark.servers
@pytest.mark.parametrize("verb", ["web", "worker", "migrate"])
def test_no_program_starts_on_a_server_that_it_cannot_believe(
    verb: str, shared_database: str, authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    with door(shared_database, stranger.issue(HOST), authority.file) as url:
        done = start(verb, url, tmp_path)
    assert done.returncode == 2
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("DATABASE_URL")]
    assert "was not signed by an authority in" in sentence


@pytest.mark.servers
def test_of_two_servers_one_that_is_believed_is_enough(
    shared_database: str, authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    behind = read_address(shared_database)
    with (
        front(behind.servers[0], stranger.issue(HOST)) as wrong,
        front(behind.servers[0], authority.issue(HOST)) as right,
    ):
        places = f"{HOST}:{wrong},{HOST}:{right}"
        done = start(
            "migrate",
            f"postgresql://postgres:x@{places}/{behind.database}"
            f"?sslmode=verify-full&sslrootcert={authority.file}",
            tmp_path,
        )
    assert done.returncode == 0, done.stderr
    assert f"names {HOST}:{wrong}, whose certificate was not signed" in done.stdout + done.stderr


def start(verb: str, url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "APP_ENV": "local",
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "STORAGE_URL": (folder / "storage").as_uri(),
        "MAIL_FOLDER": str(folder / "mail"),
    }
    program = [sys.executable, "-m", "contravento", verb]
    return subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60)
