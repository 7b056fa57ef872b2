"""Riders send and look while their files move to a bucket, back, and there for good."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from contravento_ops.kit.errors import Exit
from contravento_ops.storage_migration.plan import FOLDER
from tests.stack.backups import picture
from tests.stack.deployment import AtLoopback, tell, trusting_anybody, wait_until
from tests.stack.docker import ROOT, docker
from tests.stack.releases import DOMAIN, Host, a_host
from tests.tracks.making import ride

pytestmark = pytest.mark.stack

BUCKET = "s3://diary/staging"
PACE = ("--bake-seconds", "3", "--healthy-seconds", "60")
PAUSE_SECONDS = 3.0
READY_SECONDS = 120
KILLED_AFTER_SECONDS = (2, 9, 20, 35)
MAKE_BUCKET = """
import boto3
s3 = boto3.client("s3", endpoint_url="http://127.0.0.1:5000", region_name="us-east-1",
                  aws_access_key_id="test", aws_secret_access_key="testtest")
s3.create_bucket(Bucket="diary")
s3.put_bucket_versioning(Bucket="diary", VersioningConfiguration={"Status": "Enabled"})
"""
COUNT_FILES = "find /var/lib/contravento/storage -type f -path '*/??/*' | wc -l"


@dataclass
class Rider:
    """Sends a photo and a track again and again, and looks at one sent before."""

    client: httpx.Client
    trip: str = ""
    photos: list[str] = field(default_factory=list)
    tracks: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    at_it: threading.Thread | None = None

    def begin(self) -> None:
        self.at_it = threading.Thread(target=self.ride)
        self.at_it.start()

    def rest(self) -> None:
        self.over.set()
        if self.at_it:
            self.at_it.join()

    def ride(self) -> None:
        while not self.over.wait(PAUSE_SECONDS):
            try:
                self._send()
            except httpx.HTTPStatusError as error:
                if error.response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    self.wrong.append(str(error))
            except httpx.HTTPError as error:
                self.wrong.append(f"{type(error).__name__}: {error}")

    def _send(self) -> None:
        if len(self.photos) % 30 == 0:
            made = self.client.post("/api/v1/trips", json={"title": "On the move", "story": "…"})
            self.trip = made.raise_for_status().json()["id"]
        for kind, file, sent in (
            ("photos", ("ferry.jpg", picture(len(self.photos))), self.photos),
            ("tracks", ("day.gpx", ride(300)), self.tracks),
        ):
            answer = self.client.post(f"/api/v1/trips/{self.trip}/{kind}", files={"file": file})
            sent.append(str(answer.raise_for_status().json()["id"]))

    def unshown(self) -> list[str]:
        """What was acknowledged and is not to be had."""
        asked = [f"/photos/{photo}/small.jpg" for photo in self.photos]
        asked += [f"/api/v1/tracks/{track}/file" for track in self.tracks]
        return [path for path in asked if self.client.get(path).status_code != httpx.codes.OK]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("moving")
    with a_host(
        folder,
        f"contravento:{images}",
        STORAGE_S3_ENDPOINT="http://s3:5000",
        STORAGE_S3_ACCESS_KEY="test",
        STORAGE_S3_SECRET_KEY="testtest",
    ) as host:
        done = host.deploy(host.base, "--skip", "firewall")
        assert done.status == Exit.DONE, done.words
        with bucket_beside(host):
            yield host


@contextmanager
def bucket_beside(host: Host) -> Iterator[None]:
    """moto on the application's network, under the name of s3."""
    docker("build", "--quiet", "--tag", "contravento-test-s3:1", str(ROOT / "tests/stack/s3"))
    name = f"{host.project}-s3"
    docker(
        "run",
        "--detach",
        "--name",
        name,
        "--network",
        f"{host.project}-application",
        "--network-alias",
        "s3",
        "contravento-test-s3:1",
    )
    try:
        wait_until(lambda: is_made(name), 60, "the bucket is made")
        yield
    finally:
        docker("rm", "--force", name)


def is_made(name: str) -> bool:
    words = ["docker", "exec", name, "python3", "-c", MAKE_BUCKET]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@contextmanager
def riding(host: Host) -> Iterator[Rider]:
    made = json.loads(
        docker("exec", host.serving()[0][0], "contravento", "riders", "probe").splitlines()[-1]
    )
    port = int(value_in(host, "TEST_HTTPS_PORT"))
    with httpx.Client(
        base_url=f"https://{DOMAIN}:{port}",
        transport=AtLoopback(trusting_anybody()),
        timeout=60,
        headers={"Authorization": f"Bearer {made['token']}"},
    ) as client:
        rider = Rider(client)
        rider.begin()
        try:
            wait_until(lambda: len(rider.tracks) > 2, 60, "the rider rides")
            yield rider
        finally:
            rider.rest()


def value_in(host: Host, name: str) -> str:
    lines = (host.folder / ".env.staging").read_text().splitlines()
    return next((line.partition("=")[2] for line in lines if line.startswith(f"{name}=")), "")


def files_in_folder(host: Host) -> int:
    return int(docker("exec", host.serving()[0][0], "sh", "-c", COUNT_FILES))


def shows_everything(rider: Rider) -> None:
    wait_until(lambda: not rider.unshown(), READY_SECONDS, "everything sent is shown", every=3)
    assert rider.wrong == []


def kill_after(host: Host, seconds: float, *words: str) -> None:
    """As the power goes, or somebody loses patience: nothing of it tidies up."""
    running = subprocess.Popen(
        [sys.executable, "-m", "contravento_ops", host.mode, "move-storage", *words, *PACE],
        env={**os.environ, **host.environment, "PYTHONPATH": str(ROOT / "src")},
        cwd=host.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def test_files_move_there_and_back_and_there_for_good(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    with riding(host) as rider:
        for seconds in KILLED_AFTER_SECONDS:
            kill_after(host, seconds, "--to", BUCKET)
        there = host.ops("move-storage", "--to", BUCKET, *PACE, "--json")
        assert there.status == Exit.DONE, there.words
        assert there.report["requests"]["lost"] == 0, there.words
        assert value_in(host, "STORAGE_URL") == BUCKET
        time.sleep(5)  # files that only the bucket has
        back = host.ops("move-storage", "--back", *PACE, "--json")
        assert back.status == Exit.DONE, back.words
        assert back.report["verified"]["lost"] == []
        assert (value_in(host, "STORAGE_URL"), value_in(host, "STORAGE_FALLBACK_URL")) == (
            FOLDER,
            "",
        )
        for words in (("--finish",), ("--to", BUCKET), ("--finish",)):
            done = host.ops("move-storage", *words, *PACE, "--json")
            assert done.status == Exit.DONE, done.words
            tell(capsys, f"{' '.join(words)}: {done.report['verified']} {done.report['requests']}")
        assert files_in_folder(host) == 0
        rider.rest()
        tell(capsys, f"{len(rider.photos)} photos and {len(rider.tracks)} tracks sent meanwhile")
        shows_everything(rider)


def test_a_bucket_that_is_away_changes_nothing(host: Host, tmp_path: Path) -> None:
    before = (host.folder / ".env.staging").read_text()
    docker("stop", f"{host.project}-s3")
    refused = host.ops("move-storage", "--to", "folder", *PACE, "--json")
    docker("start", f"{host.project}-s3")

    assert refused.status == Exit.FAILED, refused.words
    assert "it does not answer" in refused.words
    assert (host.folder / ".env.staging").read_text() == before
