"""What can be reached from where: seen from another network namespace, and from the host itself."""

import json
import socket
from collections.abc import Iterator

import asyncpg
import pytest

from tests.stack.deployment import PORTS, Deployment, wait_until
from tests.stack.docker import docker

pytestmark = pytest.mark.stack

PROBE = """
import json, socket, sys
def is_open(host, port):
    try:
        socket.create_connection((host, port), 1.5).close()
        return True
    except OSError:
        return False
asked = json.loads(sys.argv[1])
print(json.dumps([[host, port] for host, port in asked if is_open(host, port)]))
"""


@pytest.fixture(scope="module")
def with_tools(staging: Deployment) -> Iterator[Deployment]:
    """The tools profile is up, as in the hour when somebody looks at the database."""
    staging.compose("--profile", "tools", "up", "--detach", "--no-deps", "tools")
    container = docker(*staging.compose_line, "--profile", "tools", "ps", "--quiet", "tools")
    health = ("inspect", "--format", "{{.State.Health.Status}}", container)
    wait_until(lambda: docker(*health) == "healthy", 30, "the forwarder is healthy")
    yield staging
    staging.compose("--profile", "tools", "rm", "--force", "--stop", "tools")


def probe(network: str, targets: list[tuple[str, int]]) -> set[tuple[str, int]]:
    """Which of the targets somebody on another Docker network can connect to."""
    said = docker(
        "run",
        "--rm",
        "--network",
        network,
        "python:3.13-slim-trixie",
        "python3",
        "-c",
        PROBE,
        json.dumps(targets),
    )
    return {(host, port) for host, port in json.loads(said)}


def test_from_outside_only_http_and_https_are_open(with_tools: Deployment, network: str) -> None:
    gateway = docker(
        "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", network
    )
    named = {name: with_tools.port(name) for name in PORTS if name != "PEBBLE"}
    inner = [5432, 6379, 8000, 8081, 3000, 9090, 9093, 9100, 9199, 8025, 2375]

    found = probe(network, [(gateway, port) for port in (*named.values(), *inner)])

    assert {port for _, port in found} == {named["HTTP"], named["HTTPS"]}


def test_no_container_is_reached_directly(with_tools: Deployment, network: str) -> None:
    ports = {
        "postgres-1": 5432,
        "redis-1": 6379,
        "backend-1": 8000,
        "nginx-1": 8081,
        "tools-1": 5432,
        "prometheus-1": 9090,
        "grafana-1": 3000,
        "containers-1": 9199,
    }
    targets = [
        (attached["IPAddress"], port)
        for name, port in ports.items()
        for attached in with_tools.containers()[name]["NetworkSettings"]["Networks"].values()
    ]
    assert len(targets) >= 12
    assert probe(network, targets) == set()


def test_only_80_and_443_are_published_to_the_world(with_tools: Deployment) -> None:
    published = [
        (name, port, binding["HostIp"])
        for name, each in with_tools.containers().items()
        for port, bindings in each["NetworkSettings"]["Ports"].items()
        for binding in bindings or ()
    ]
    worldwide = {(name, port) for name, port, address in published if address != "127.0.0.1"}
    assert worldwide == {("nginx-1", "80/tcp"), ("nginx-1", "443/tcp"), ("nginx-1", "443/udp")}


async def test_the_host_itself_reaches_the_database_through_tools(with_tools: Deployment) -> None:
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=with_tools.port("POSTGRES"),
        user="contravento_app",
        password=with_tools.values["POSTGRES_APP_PASSWORD"],
        database=with_tools.values["POSTGRES_DB"],
    )
    assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
    await connection.close()


def test_the_host_itself_reaches_redis_through_tools(with_tools: Deployment) -> None:
    with socket.create_connection(("127.0.0.1", with_tools.port("REDIS")), timeout=5) as redis:
        redis.sendall(b"PING\r\n")
        assert redis.recv(100).startswith(b"-NOAUTH")
        redis.sendall(f"AUTH {with_tools.values['REDIS_PASSWORD']}\r\nPING\r\n".encode())
        wait_until(lambda: b"PONG" in redis.recv(100), 5, "Redis answers")


def test_without_the_profile_nothing_listens(staging: Deployment) -> None:
    rendered = json.loads(staging.compose("config", "--format", "json"))
    assert "tools" not in rendered["services"]
    assert "ports" not in rendered["services"]["postgres"]
    assert "ports" not in rendered["services"]["redis"]
