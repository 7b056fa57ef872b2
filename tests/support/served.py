"""The product in its own processes, as on a server: web and worker, with all that they print."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.conftest import answers, free_port

START_SECONDS = 60
STOP_SECONDS = 40


@dataclass(frozen=True, slots=True)
class Served:
    web: str
    worker: str
    web_process: subprocess.Popen[bytes]
    worker_process: subprocess.Popen[bytes]
    folder: Path

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.web, timeout=30, headers={"Sec-Fetch-Site": "same-origin"}
        )

    def printed(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def lines(self, name: str = "*") -> list[dict[str, Any]]:
        """What the processes logged; every line has to be an object."""
        texts = (path.read_text() for path in sorted(self.folder.glob(f"{name}.log")))
        return [json.loads(line) for text in texts for line in text.splitlines()]

    def figures(self, address: str) -> str:
        return httpx.get(f"{address}/metrics", timeout=30).raise_for_status().text


@contextmanager
def served(database: str, folder: Path, **settings: str) -> Iterator[Served]:
    ports = free_port(), free_port()
    environment = {
        **os.environ,
        "APP_ENV": "local",
        "DATABASE_URL": database,
        "SECRET_KEY": "served-" + "0123456789abcdef" * 4,
        "STORAGE_URL": (folder / "storage").as_uri(),
        "MAIL_FOLDER": str(folder / "mail"),
        "BCRYPT_ROUNDS": "4",
        "DATABASE_POOL_SIZE": "4",
        "WORKER_PROCESSES": "1",
        "METRICS": "true",
        **settings,
    }
    with ExitStack() as stack:
        web_process, worker_process = (
            stack.enter_context(_process(verb, port, folder / f"{verb}.log", environment))
            for verb, port in zip(("web", "worker"), ports, strict=True)
        )
        web, worker = (f"http://127.0.0.1:{port}" for port in ports)
        wait_until(lambda: answers(f"{web}/health/ready") and answers(f"{worker}/metrics"))
        yield Served(web, worker, web_process, worker_process, folder)


@contextmanager
def _process(
    verb: str, port: int, log: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    program = [sys.executable, "-m", "contravento", verb, "--port", str(port)]
    with log.open("wb") as output:
        running = subprocess.Popen(program, env=environment, stdout=output, stderr=output)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(STOP_SECONDS)


def wait_until(holds: Callable[[], object], seconds: float = START_SECONDS) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.1)


def figure(told: str, name: str, **labels: str) -> float:
    """The sum of the samples of that name which carry these labels."""
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    total = 0.0
    for line in told.splitlines():
        match = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if match and wanted <= set(re.findall(r'\w+="[^"]*"', match[1] or "")):
            total += float(match[2])
    return total
