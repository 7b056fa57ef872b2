"""Mounted files have changed in the checkout: tried first, taken over by a deployment, or told."""

import dataclasses
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from contravento_ops.kit.errors import Exit
from tests.stack.checked import value_in
from tests.stack.docker import docker
from tests.stack.releases import Host, a_serving_host

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Host]:
    with a_serving_host(tmp_path_factory.mktemp("host"), images) as host:
        yield host


def replace(file: Path, old: str, new: str) -> None:
    """As git does it: another file takes the place of the one that is mounted."""
    content = file.read_text()
    assert old in content
    other = file.with_suffix(".new")
    other.write_text(content.replace(old, new))
    other.replace(file)


def stale(host: Host) -> list[str]:
    told = host.ops("status", "--json").report["evidence"]
    return [line["name"] for line in told if "older files" in line["words"]]


def test_a_broken_file_is_refused_before_anything_is_touched(host: Host) -> None:
    file = host.folder / "deploy" / "nginx" / "main" / "nginx.conf"
    replace(file, "worker_processes 2;", "worker_processes two;")

    done = host.deploy(host.good("second"))

    assert done.status == Exit.REFUSED, done.words
    assert "invalid value in /opt/contravento/main/nginx.conf:2" in done.words
    replace(file, "worker_processes two;", "worker_processes 3;")


def test_changed_files_are_taken_over_and_no_request_is_lost(host: Host) -> None:
    redis = host.folder / "deploy" / "redis" / "redis.conf"
    redis.write_text(redis.read_text() + "\nslowlog-max-len 77\n")
    assert {"nginx", "redis"} == set(stale(host))

    done = host.deploy(host.good("third"))

    assert done.status == Exit.DONE, done.words
    assert done.requests["lost"] == 0, done.requests
    assert stale(host) == []
    nginx = docker("exec", f"{host.project}-nginx-1", "nginx", "-T")
    assert "worker_processes 3;" in nginx
    shown = docker("exec", f"{host.project}-redis-1", "cat", "/tmp/redis.conf")
    assert "slowlog-max-len 77" in shown


def test_psql_and_redis_cli_of_this_host_are_let_in(host: Host) -> None:
    names = "POSTGRES_PORT POSTGRES_DB POSTGRES_MONITOR_PASSWORD REDIS_PORT REDIS_PASSWORD"
    values = {name: value_in(host, name) for name in names.split()}
    with psycopg.connect(
        host="127.0.0.1",
        port=int(values["POSTGRES_PORT"]),
        user="contravento_monitor",
        password=values["POSTGRES_MONITOR_PASSWORD"],
        dbname=values["POSTGRES_DB"],
    ) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with socket.create_connection(("127.0.0.1", int(values["REDIS_PORT"])), 5) as redis:
        redis.sendall(f"AUTH {values['REDIS_PASSWORD']}\r\n".encode())
        assert redis.recv(100) == b"+OK\r\n"


def test_another_checkout_with_the_same_names_is_told_before_anything_is_touched(
    host: Host, tmp_path: Path
) -> None:
    folder = tmp_path / "another"
    shutil.copytree(host.folder, folder, symlinks=True)
    other = dataclasses.replace(host, folder=folder)

    done = other.deploy(host.base)

    assert done.status == Exit.REFUSED, done.words
    assert f"was started from {host.folder}" in done.words
    told = other.ops("status", "--json").report["evidence"]
    assert told[0]["name"] == "Folder"


def test_a_new_file_over_an_old_database_is_told_and_its_password_refused(host: Host) -> None:
    file = host.folder / ".env.staging"
    lost = file.read_text()
    try:
        password = next(line for line in lost.splitlines() if line.startswith("POSTGRES_PASSWORD="))
        file.write_text(lost.replace(password, password[:-6] + "aB3-dE"))
        done = host.deploy(host.base)
        assert done.status == Exit.REFUSED, done.words
        assert "does not open the database that is there" in done.words
    finally:
        file.write_text(lost)
