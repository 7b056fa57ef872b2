"""The image, run as a host would: without rights, on a read-only root, beside a real PostgreSQL."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.stack.docker import docker

pytestmark = [pytest.mark.stack, pytest.mark.core]

POSTGRES = "postgres:18-trixie"
SECRET = "k3Jt-9sYp2Qw_Zx7Lr5Vb1Nm8Hc4Gd6Fa0UeKiOyTqWzXs"
READY_SECONDS = 60


@pytest.fixture
def run(image: str, network: str, hardened: tuple[str, ...]) -> Iterator[Callable[..., str]]:
    """Start a detached container on the network; all are removed afterwards."""
    started: list[str] = []

    def start(alias: str, *arguments: str, options: tuple[str, ...] = ()) -> str:
        name = f"{alias}-{uuid4().hex[:8]}"
        docker(
            "run",
            "--detach",
            "--name",
            name,
            "--network",
            network,
            "--network-alias",
            alias,
            *options,
            *arguments,
        )
        started.append(name)
        return name

    yield start
    for name in started:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], check=False)


@pytest.fixture
def hardened(network: str) -> Iterator[tuple[str, ...]]:
    """How a host runs it, and the settings that production cannot do without."""
    settings = {
        "APP_ENV": "production",
        "SECRET_KEY": SECRET,
        "DATABASE_URL": "postgresql+asyncpg://rider:db-Pass-4711@postgres:5432/diary",
        "SMTP_HOST": "mail.example.org",
        "SMTP_FROM": "diary@example.org",
        "DOMAIN": "diary.example.org",
    }
    volume = f"storage-{network}"
    yield (
        *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
        *(
            "--security-opt",
            "no-new-privileges",
            "--volume",
            f"{volume}:/var/lib/contravento/storage",
        ),
        *(part for name, value in settings.items() for part in ("--env", f"{name}={value}")),
    )
    subprocess.run(["docker", "volume", "rm", "--force", volume], check=False)


def test_it_serves_from_a_read_only_root_without_rights(
    run: Callable[..., str], hardened: tuple[str, ...], image: str, network: str
) -> None:
    start_postgres(run)
    docker("run", "--rm", "--network", network, *hardened, image, "contravento", "migrate")
    assert "(head)" in docker(
        "run", "--rm", "--network", network, *hardened, image, "alembic", "current"
    )
    web = run("web", image, options=hardened)
    run("worker", image, "contravento", "worker", options=hardened)

    ready = wait_for_ready(web)

    assert ready["checks"] == dict.fromkeys(
        ("database", "migrations", "queue", "storage", "disk"), "ok"
    )
    assert docker("exec", web, "id", "-u") == "10001"
    assert "Read-only" in said(web, "touch", "/app/new")
    assert fetch(web, "/docs")[0] == fetch(web, "/openapi.json")[0] == 404
    assert fetch(web, "/")[0] == 200


def test_it_stops_when_told_to(
    run: Callable[..., str], hardened: tuple[str, ...], image: str, network: str
) -> None:
    start_postgres(run)
    docker("run", "--rm", "--network", network, *hardened, image, "contravento", "migrate")
    web = run("web", image, options=hardened)
    worker = run("worker", image, "contravento", "worker", options=hardened)
    wait_for_ready(web)

    for container in (web, worker):
        docker("stop", "--time", "40", container)
        assert docker("inspect", "--format", "{{.State.ExitCode}}", container) == "0"


def test_a_placeholder_secret_stops_it_before_it_starts(
    image: str, hardened: tuple[str, ...]
) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", *hardened, "--env", "SECRET_KEY=change-me", image],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("SECRET_KEY: is weak or a placeholder")


def start_postgres(run: Callable[..., str]) -> None:
    """PostgreSQL, ready over TCP, which its first initialisation is not."""
    options = (
        "--env",
        "POSTGRES_USER=rider",
        "--env",
        "POSTGRES_PASSWORD=db-Pass-4711",
        "--env",
        "POSTGRES_DB=diary",
    )
    postgres = run("postgres", POSTGRES, "postgres", "-c", "max_connections=50", options=options)
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if "accepting connections" in said(
            postgres, "pg_isready", "-h", "127.0.0.1", "-U", "rider"
        ):
            return
        time.sleep(0.3)
    pytest.fail(docker("logs", postgres))


def wait_for_ready(web: str) -> dict[str, dict[str, str]]:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        status, body = fetch(web, "/health/ready")
        if status == 200:
            found: dict[str, dict[str, str]] = json.loads(body)
            return found
        time.sleep(0.3)
    pytest.fail(f"{body}\n{said_in_logs(web)}")


def fetch(web: str, path: str) -> tuple[int, str]:
    """Ask from inside, since nothing is published."""
    program = (
        "import sys, urllib.request, urllib.error\n"
        f"request = urllib.request.Request('http://127.0.0.1:8000{path}')\n"
        "try:\n    answer = urllib.request.urlopen(request, timeout=5)\n"
        "except urllib.error.HTTPError as error:\n    answer = error\n"
        "except OSError as error:\n    print(0); print(error); sys.exit()\n"
        "print(answer.status); print(answer.read().decode())"
    )
    status, _, body = said(web, "python3", "-c", program).partition("\n")
    return int(status or 0) if status.isdigit() else 0, body


def said(container: str, *command: str) -> str:
    done = subprocess.run(
        ["docker", "exec", container, *command], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def said_in_logs(container: str) -> str:
    return subprocess.run(
        ["docker", "logs", container], capture_output=True, text=True, check=False
    ).stderr[-4000:]


def test_the_image_holds_what_it_runs_and_nothing_else(image: str) -> None:
    listing = docker("run", "--rm", image, "ls", "-A", "/app")
    assert sorted(listing.split()) == [".venv", "alembic.ini"]
