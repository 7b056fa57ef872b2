"""`make run`: filled on the first start, kept on the second, stopped by Ctrl-C without a trace."""

import json
import socket
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil
import pytest

from tests.e2e.conftest import Product, answers, start_product

pytestmark = pytest.mark.servers


def test_it_fills_itself_once_and_keeps_everything(folder: Path) -> None:
    first = start_product(folder, demo=True)
    trips = feed(first)
    printed = first.log.read_text()
    logins = [line.split() for line in printed.splitlines() if line.startswith("  ")]
    family = psutil.Process(first.process.pid).children(recursive=True)

    assert len(trips) == 8
    assert all(trip["distance_metres"] > 10_000 and trip["cover"] for trip in trips)
    assert first.address in printed
    assert [name for name, _ in logins] == ["maite", "tomas", "ingrid"]
    assert sign_in(first, *logins[0]) == 201
    assert first.stop() == 0
    assert not answers(f"{first.address}/health")
    psutil.wait_procs(family, timeout=10)
    assert [each for each in family if is_alive(each)] == []

    second = start_product(folder, demo=True)
    assert [trip["id"] for trip in feed(second)] == [trip["id"] for trip in trips]
    assert sign_in(second, *logins[0]) == 201
    assert second.stop() == 0


def test_an_interrupted_start_is_made_good_by_the_next(folder: Path) -> None:
    """Killed with all its processes while it ran, as by a power cut."""
    killed = start_product(folder)
    for each in psutil.Process(killed.process.pid).children(recursive=True):
        each.kill()
    killed.process.kill()
    killed.process.wait(10)
    for each in psutil.process_iter(["cmdline"]):
        if str(folder) in " ".join(each.info["cmdline"] or []):
            each.kill()

    again = start_product(folder)
    assert answers(f"{again.address}/health/ready")
    assert again.stop() == 0


def test_a_wrong_setting_is_one_sentence_and_no_start(tmp_path: Path) -> None:
    environment = {"VAR": str(tmp_path / "var"), "BCRYPT_ROUNDS": "many", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [Path(".venv/bin/contravento").absolute(), "web"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "BCRYPT_ROUNDS: " in done.stderr
    assert "Traceback" not in done.stderr


def is_alive(process: psutil.Process) -> bool:
    """A zombie has ended; it only waits for whoever inherited it to take note."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {"VAR": str(tmp_path / "var"), "PORT": str(taken.getsockname()[1])}
        done = subprocess.run(
            [Path(".venv/bin/contravento").absolute(), "run"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 2
    assert "Choose another PORT." in done.stderr
    assert not (tmp_path / "var").exists()


def feed(product: Product) -> list[dict[str, Any]]:
    with urlopen(f"{product.address}/api/v1/feed") as answer:
        items: list[dict[str, Any]] = json.load(answer)["items"]
        return items


def sign_in(product: Product, login: str, password: str) -> int:
    body = json.dumps({"login": login, "password": password}).encode()
    request = Request(
        f"{product.address}/api/v1/sessions", body, {"Content-Type": "application/json"}
    )
    with urlopen(request) as answer:
        return int(answer.status)
