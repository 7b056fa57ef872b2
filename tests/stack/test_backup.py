"""Backups of a whole staging: taken while riders write, proven, spoiled and found out."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.stack.deployment import Deployment, tell, wait_until
from tests.stack.docker import ROOT, docker
from tests.stack.riders import at_the_door, sign_up
from tests.stack.spoiling import SPOILINGS, Spoiling, run, spoiled
from tests.tracks.making import ride

pytestmark = [pytest.mark.stack, pytest.mark.deployment, pytest.mark.backups]

FIRST_SECONDS = 120
# Waits until a program whose line has these words runs, and kills the run that it belongs to.
KILL = """
import os, pathlib, signal, sys, time
def running(words):
    for each in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = each.read_bytes().replace(bytes(1), b" ").decode()
        except OSError:
            continue
        if words in said and "pathlib" not in said:  # neither this script nor its shell
            yield int(each.parent.name)
until = time.monotonic() + 50
while not list(running(sys.argv[1])):
    assert time.monotonic() < until
    time.sleep(0.01)
for pid in running("contravento_backup now"):
    os.kill(pid, signal.SIGKILL)
"""
NOT_PROVEN, BUSY = 8, 5
S3 = (
    *("BACKUP_S3_ENDPOINT=http://s3:5000", "BACKUP_S3_BUCKET=diary"),
    *("BACKUP_S3_ACCESS_KEY=test", "BACKUP_S3_SECRET_KEY=testtest"),
)


def ask(
    deployment: Deployment, *words: str, environment: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """contravento-backup, whatever comes of it."""
    given = [part for each in environment for part in ("--env", each)]
    return subprocess.run(
        ["docker", *deployment.compose_line, "exec", "-T", *given, "backup",
         "contravento-backup", *words],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def answer(deployment: Deployment, *words: str, **options: Any) -> dict[str, Any]:
    said = ask(deployment, *words, "--json", **options)
    assert said.stdout.startswith("{"), said.stdout + said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def list_sets(deployment: Deployment) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ask(deployment, "list", "--json").stdout)
    return found


def kinds(found: dict[str, Any]) -> set[str]:
    return {each["kind"] for each in found["problems"]}


# --- riders who write all the time


@dataclass
class Diary:
    """What riders were told is kept."""

    trips: list[str] = field(default_factory=list)
    uploads: int = 0
    errors: list[str] = field(default_factory=list)


def picture(number: int) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (640, 480), (number % 256, 90, 160)).save(buffer, "JPEG")
    return buffer.getvalue()


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


@contextmanager
def riders_write(deployment: Deployment) -> Iterator[Diary]:
    """Trips, photos and tracks, without a pause, until the block ends."""
    diary, over = Diary(), threading.Event()
    with at_the_door(deployment) as client:
        sign_up(deployment, client)

        def write() -> None:
            while not over.is_set():
                try:
                    write_a_trip(client, diary)
                except httpx.HTTPStatusError as error:
                    if error.response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                        diary.errors.append(str(error))
                    time.sleep(1)
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


@pytest.fixture(scope="module")
def backed_up(staging: Deployment) -> Deployment:
    """The service has proven a set that it took by itself, and one with pictures."""
    wait_until(
        lambda: any(each["state"] == "proven" for each in list_sets(staging)),
        FIRST_SECONDS, f"the first set is proven:\n{staging.logs('backup')}",
    )  # fmt: skip
    with riders_write(staging):
        pass
    assert answer(staging, "now")["state"] == "proven"
    return staging


def test_every_set_that_is_taken_while_riders_write_is_whole(
    backed_up: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    with riders_write(backed_up) as diary:
        for _ in range(3):
            told = list(diary.trips)
            found = answer(backed_up, "now")
            assert found["state"] == "proven", found["problems"]
            dumped = run(
                backed_up,
                f"pg_restore -f - --data-only --table=trips"
                f" /var/backups/contravento/sets/{found['name']}/database.dump",
            )
            assert [trip for trip in told if trip not in dumped] == []
            size = f"{found['rows']} rows, {found['files']['count']} files"
            tell(capsys, f"{size}: restored twice and compared in {found['drill_seconds']} s")
    assert diary.errors == []


# --- what is spoiled is found out


@pytest.mark.parametrize("spoil", SPOILINGS, ids=str)
def test_what_is_spoiled_is_found_and_named(backed_up: Deployment, spoil: Spoiling) -> None:
    with spoiled(backed_up, spoil):
        found = answer(backed_up, "drill", environment=spoil.environment)
        assert found["state"] in ("failed", "broken")
        assert kinds(found) >= spoil.kinds, found["problems"]
        others = list_sets(backed_up)[:-1]
        assert any(each["state"] == "proven" for each in others), "an older set is still there"


def test_a_photo_that_was_damaged_is_whole_again_after_the_next_backup(
    backed_up: Deployment,
) -> None:
    (damage,) = [each for each in SPOILINGS if each.name == "photo with one flipped bit"]
    with spoiled(backed_up, damage):
        assert kinds(answer(backed_up, "drill")) == {"file_differs"}
        assert answer(backed_up, "now")["state"] == "proven"


def test_an_index_that_misses_rows_is_found(backed_up: Deployment) -> None:
    backed_up.psql(
        "CREATE INDEX spoiled ON riders (created_at);"
        "UPDATE pg_index SET indisready = false, indisvalid = false"
        " WHERE indexrelid = 'spoiled'::regclass;"
    )
    with at_the_door(backed_up) as client:
        sign_up(backed_up, client)
    ready = "UPDATE pg_index SET indisready = true, indisvalid = true"
    backed_up.psql(f"{ready} WHERE indexrelid = 'spoiled'::regclass")
    try:
        assert kinds(answer(backed_up, "now")) == {"index_damaged"}
    finally:
        backed_up.psql("DROP INDEX spoiled")
    assert answer(backed_up, "now")["state"] == "proven"


# --- what goes wrong while a set is taken


def test_of_two_at_once_the_second_is_told(backed_up: Deployment) -> None:
    first = threading.Thread(target=ask, args=(backed_up, "now"))
    first.start()
    try:
        wait_until(lambda: run(backed_up, "cat /var/backups/contravento/lock"), 20, "it is at work")
        second = ask(backed_up, "now")
    finally:
        first.join()
    assert second.returncode == BUSY
    assert "Another run is at work: a backup, since" in second.stderr


@pytest.mark.parametrize(
    "moment",
    ["pgbackrest --type", "pg_dump --format", "pg_restore --create", "pgbackrest --pg1-path"],
)
def test_a_run_that_is_killed_leaves_nothing_half_done(backed_up: Deployment, moment: str) -> None:
    before = [each["name"] for each in list_sets(backed_up)]
    running = threading.Thread(target=ask, args=(backed_up, "now"))
    running.start()
    run(backed_up, f"python3 - '{moment}' <<'PY'\n{KILL}\nPY")
    running.join()

    after = list_sets(backed_up)
    assert {each["name"] for each in after} >= set(before)
    assert not [each for each in after if each["state"] == "broken"]
    found = answer(backed_up, "now")
    assert found["state"] == "proven"
    assert (
        run(
            backed_up,
            "cd /var/backups/contravento; ls -A throwaway; ls -d sets/.2* 2>/dev/null || true",
        )
        == ""
    )


def test_a_clock_that_was_set_back_is_refused(backed_up: Deployment) -> None:
    newest = list_sets(backed_up)[-1]["name"]
    ahead = "20991231T000000Z"
    run(backed_up, f"cd /var/backups/contravento/sets; cp -a {newest} {ahead}")
    try:
        said = ask(backed_up, "now")
    finally:
        run(backed_up, f"rm -r /var/backups/contravento/sets/{ahead}")
    assert said.returncode == 1
    assert "it was set back" in said.stderr


# --- elsewhere


@pytest.fixture(scope="module")
def s3(backed_up: Deployment) -> Iterator[Deployment]:
    """moto on the network that leads outside."""
    docker("build", "--quiet", "--tag", "contravento-test-s3:1", str(ROOT / "tests/stack/s3"))
    name = f"{backed_up.project}-s3"
    docker("run", "--detach", "--rm", "--name", name, "--network", f"{backed_up.project}_offsite",
           "--network-alias", "s3", "contravento-test-s3:1")  # fmt: skip
    reach = "import socket; socket.create_connection(('s3', 5000), 2)"
    try:
        wait_until(
            lambda: backed_up.shell("backup", f'python3 -c "{reach}"').returncode == 0,
            60,
            "S3 answers",
        )
        yield backed_up
    finally:
        docker("rm", "--force", name)


def restic(deployment: Deployment, *words: str, key: str = "") -> subprocess.CompletedProcess[str]:
    key = key or deployment.values["BACKUP_ENCRYPTION_KEY"]
    script = (
        f"export RESTIC_PASSWORD={key} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=testtest"
        f" HOME=/tmp; restic --no-cache -r s3:http://s3:5000/diary {' '.join(words)}"
    )
    return deployment.shell("backup", script)


def test_the_offsite_copy_is_a_whole_folder_for_who_has_the_key(s3: Deployment) -> None:
    said = ask(s3, "ship", environment=S3)
    assert said.returncode == 0, said.stderr
    assert restic(s3, "cat", "config", key="wrong" * 8).returncode != 0

    back = restic(s3, "restore", "latest", "--target", "/var/backups/contravento/throwaway/back")
    try:
        assert back.returncode == 0, back.stderr
        here, there = (
            "/var/backups/contravento",
            "/var/backups/contravento/throwaway/back/var/backups/contravento",
        )
        for part in ("sets", "files", "environment"):
            run(s3, f"diff -r --exclude='.*' {here}/{part} {there}/{part}")
        newest = list_sets(s3)[-1]["name"]
        proven = ask(s3, "list", "--json", environment=(f"BACKUP_PATH={there}",))
        assert json.loads(proven.stdout)[-1]["name"] == newest
    finally:
        run(s3, "rm -rf /var/backups/contravento/throwaway/back")


def test_nothing_that_riders_wrote_can_be_read_offsite(s3: Deployment) -> None:
    ask(s3, "ship", environment=S3)
    listing = (
        "import urllib.request as r; print(r.urlopen('http://s3:5000/diary?list-type=2').read())"
    )
    found = run(s3, f'python3 -c "{listing}"')
    assert "diary" in found
    assert "sets" not in found
    assert "manifest" not in found


def test_a_set_is_proven_although_the_storage_elsewhere_is_away(s3: Deployment) -> None:
    away = (*S3[1:], "BACKUP_S3_ENDPOINT=http://s3:5999")
    found = ask(s3, "now", environment=away)
    assert found.returncode == 0, found.stderr
    assert "ERROR: the off-site copy is not up to date: s3:5999 does not answer" in found.stdout
    assert list_sets(s3)[-1]["state"] == "proven"
    assert ask(s3, "ship", environment=away).returncode == 1


# --- who is told


def test_prometheus_and_the_operator_are_told(backed_up: Deployment) -> None:
    said = run(backed_up, 'python3 -c "import urllib.request as r;'
               ' print(r.urlopen(\'http://127.0.0.1:9197/metrics\').read().decode())"')  # fmt: skip
    figures = dict(line.rsplit(" ", 1) for line in said.splitlines() if line and line[0] != "#")
    assert time.time() - float(figures["backup_last_proven_timestamp_seconds"]) < 3600
    assert float(figures["backup_drill_last_outcome"]) in (0.0, 1.0)
    assert float(figures['backup_sets{state="proven"}']) >= 1
    assert time.time() - float(figures["backup_recoverable_until_timestamp_seconds"]) < 180
    reports = backed_up.psql("SELECT DISTINCT kind FROM operation_reports ORDER BY 1").split()
    assert {"backup", "drill"} <= set(reports)


def test_what_the_drill_looks_at_cannot_read_secrets(backed_up: Deployment) -> None:
    for path in ("sets", "environment", "repository"):
        assert "denied" in backed_up.shell("drill", f"ls /var/backups/contravento/{path}").stderr
