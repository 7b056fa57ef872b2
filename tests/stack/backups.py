"""Asking the backup service of a deployment, and Prometheus' rules about what it says."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
from PIL import Image

from tests.stack.deployment import Deployment, wait_until
from tests.stack.docker import ROOT, docker
from tests.stack.riders import at_the_door, sign_up
from tests.tracks.making import ride

FOLDER = "/var/backups/contravento"
UNASKED = "DRILL_URL="  # the drill does without the application, which takes most of its time
PAUSE_SECONDS = 0.5  # between a rider's trips, since this machine does everything at once
S3 = (
    *("BACKUP_S3_ENDPOINT=http://s3:5000", "BACKUP_S3_BUCKET=diary"),
    *("BACKUP_S3_ACCESS_KEY=test", "BACKUP_S3_SECRET_KEY=testtest"),
)
# The figures as Prometheus would be told them, by a service with these settings.
FIGURES = (
    "from contravento_backup import metrics; from contravento_backup.kit import settings;"
    " from contravento_backup.storage import folder; found = settings.read();"
    " print(metrics.text(found, folder.Store(found.folder)))"
)
DAY_MINUTES = 24 * 60


def ask(
    deployment: Deployment, *words: str, environment: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """contravento-backup, whatever comes of it."""
    return call(deployment, "contravento-backup", *words, environment=environment)


def call(
    deployment: Deployment, *words: str, environment: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    given = [part for each in environment for part in ("--env", each)]
    return subprocess.run(
        ["docker", *deployment.compose_line, "exec", "-T", *given, "backup", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def answer(deployment: Deployment, *words: str, **options: Any) -> dict[str, Any]:
    said = ask(deployment, *words, "--json", **options)
    assert said.stdout.startswith("{"), said.stdout + said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def list_sets(deployment: Deployment) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ask(deployment, "list", "--json").stdout)
    return found


def proven(deployment: Deployment) -> list[str]:
    return [
        backup_set["name"]
        for backup_set in list_sets(deployment)
        if backup_set["state"] == "proven"
    ]


def kinds(found: dict[str, Any]) -> set[str]:
    return {each["kind"] for each in found["problems"]}


def run(deployment: Deployment, script: str) -> str:
    done = deployment.shell("backup", script)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- what the alerts make of it


def figures(deployment: Deployment, environment: Sequence[str] = ()) -> dict[str, float]:
    said = call(deployment, "python3", "-c", FIGURES, environment=environment)
    assert said.returncode == 0, said.stderr
    lines = [line for line in said.stdout.splitlines() if line and line[0] != "#"]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def firing(
    deployment: Deployment, minutes: int, *, environment: Sequence[str] = ()
) -> frozenset[str]:
    """Alerts of backups that fire if for so many minutes nothing changes.

    promtool applies the rules to the figures as they are. Its clock begins at zero, so moments are
    moved to it: now is the second day.
    """
    begun, now = DAY_MINUTES, time.time() - DAY_MINUTES * 60
    series = [
        {"series": name, "values": f"_x{begun} {_moved(name, value, now):.15g}+0x{minutes + 1}"}
        for name, value in figures(deployment, environment).items()
    ]
    asked = {"expr": 'ALERTS{alertstate="firing"}', "eval_time": f"{begun + minutes}m"}
    case = {
        "rule_files": ["/etc/prometheus/rules/backups.yml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": [asked]}],
    }
    written = f"cat >/tmp/case.json <<'JSON'\n{json.dumps(case)}\nJSON"
    done = deployment.shell("prometheus", f"{written}\npromtool test rules /tmp/case.json")
    said = done.stdout + done.stderr
    assert done.returncode == 0 or "exp: nil" in said, said
    return frozenset(re.findall(r'alertname="(\w+)"', said))


def _moved(name: str, value: float, now: float) -> float:
    return value - now if "_timestamp_seconds" in name and value else value


# --- riders who write all the time


@dataclass
class Diary:
    """What riders were told is kept."""

    trips: list[str] = field(default_factory=list)
    uploads: int = 0
    errors: list[str] = field(default_factory=list)


def write_a_trip(client: httpx.Client, diary: Diary) -> None:
    number = len(diary.trips)
    made = client.post(
        "/api/v1/trips", json={"title": f"Day {number}", "story": "Along the river. " * 20}
    )
    made.raise_for_status()
    trip = made.json()["id"]
    files = {"photos": ("ferry.jpg", picture(number)), "tracks": ("day.gpx", ride(300))}
    for kind, file in files.items():
        client.post(f"/api/v1/trips/{trip}/{kind}", files={"file": file}).raise_for_status()
        diary.uploads += 1
    client.put(f"/api/v1/trips/{trip}/publication")
    diary.trips.append(trip)


def picture(number: int) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (640, 480), (number % 256, 90, 160)).save(buffer, "JPEG")
    return buffer.getvalue()


@contextmanager
def riders_write(deployment: Deployment) -> Iterator[Diary]:
    """Trips, photos and tracks, one after another, until the block ends."""
    diary, over = Diary(), threading.Event()
    with at_the_door(deployment) as client:
        sign_up(deployment, client)

        def write() -> None:
            while not over.wait(PAUSE_SECONDS):
                try:
                    write_a_trip(client, diary)
                except httpx.HTTPStatusError as error:
                    if error.response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                        diary.errors.append(str(error))
                except httpx.HTTPError as error:
                    diary.errors.append(str(error))

        writing = threading.Thread(target=write)
        writing.start()
        try:
            wait_until(lambda: diary.trips, 60, "the first trip is written")
            yield diary
        finally:
            over.set()
            writing.join()


# --- elsewhere


@contextmanager
def storage_elsewhere(deployment: Deployment) -> Iterator[str]:
    """moto on the network that leads outside, under the name of s3; the container's name."""
    docker("build", "--quiet", "--tag", "contravento-test-s3:1", str(ROOT / "tests/stack/s3"))
    name, network = f"{deployment.project}-s3", f"{deployment.project}_offsite"
    docker(
        "run",
        "--detach",
        "--rm",
        "--name",
        name,
        "--network",
        network,
        "--network-alias",
        "s3",
        "contravento-test-s3:1",
    )
    reach = "import socket; socket.create_connection(('s3', 5000), 2)"
    try:
        wait_until(
            lambda: deployment.shell("backup", f'python3 -c "{reach}"').returncode == 0,
            60,
            "S3 answers",
        )
        yield name
    finally:
        docker("rm", "--force", name)
