"""A host whose riders write all the time, and what it held at certain moments."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from contravento_ops.environment import file as env_files
from contravento_ops.kit.errors import Exit
from tests.stack.deployment import AtLoopback, trusting_anybody, wait_until
from tests.stack.docker import ROOT, docker
from tests.stack.releases import DOMAIN, OVERLAY, Host, a_host
from tests.tracks.making import ride

JOBS_SECONDS, SET_SECONDS = 60, 240
BUSY = 5  # of the backup service's program
# What the application changes by itself, and what nobody is shown.
OWN = (
    "procrastinate",
    "operation_reports",
    "mishaps",
    "sign_ins",
    "refresh_tokens",
    "mailed_links",
    "holdings",
)
UNDONE = (
    "SELECT count(*) FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing') AND scheduled_at IS NULL"
)
FILES = "cd /var/lib/contravento/storage; find . -type f | sort | xargs -r sha256sum"


@dataclass(frozen=True)
class Moment:
    """`content` is a hash for each table; `files` those that rows speak of, with theirs."""

    at: str
    content: dict[str, Any]
    trips: tuple[str, ...]


@dataclass
class Diary:
    """Riders of a host. `still` keeps them from writing as long as a block lasts."""

    host: Host
    trips: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    is_paused: threading.Lock = field(default_factory=threading.Lock)

    @property
    def client(self) -> httpx.Client:
        values = env_files.read(self.host.folder / ".env.staging")
        assert values
        site = f"https://{DOMAIN}:{values.values['TEST_HTTPS_PORT']}"
        return httpx.Client(base_url=site, transport=AtLoopback(trusting_anybody()), timeout=30)

    def sign_up(self) -> dict[str, str]:
        """One more rider, as whom to ask."""
        made = self.exec("backend", "contravento", "riders", "probe")
        self.tokens.append(json.loads(made)["token"])
        return self.signed_in()

    def signed_in(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[-1]}"}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Trips with a picture and a track, without a pause, until the block ends."""
        over = threading.Event()

        def write() -> None:
            with self.client as client:
                client.headers.update(self.sign_up())
                while not over.is_set():
                    with self.is_paused:
                        self._attempt(client)
                    over.wait(0.1)

        riders = [threading.Thread(target=write) for _ in range(2)]
        for rider in riders:
            rider.start()
        try:
            yield
        finally:
            over.set()
            for rider in riders:
                rider.join()

    def await_trips(self, number: int) -> None:
        """So many more than there are now."""
        wanted = len(self.trips) + number
        wait_until(lambda: len(self.trips) >= wanted, 90, "riders write")

    def _attempt(self, client: httpx.Client) -> None:
        try:
            self.trips.append(write_a_trip(client))
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                self.errors.append(str(error))
            time.sleep(1)
        except httpx.HTTPError as error:
            self.errors.append(str(error))

    @contextmanager
    def still(self) -> Iterator[Moment]:
        """Nothing is written, and every job is done: a moment with a content that is known."""
        with self.is_paused:
            wait_until(lambda: self.host.psql(UNDONE) == "0", JOBS_SECONDS, "all jobs are done")
            content = self.content()
            at = self.host.psql("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
            there = set(self.host.psql("SELECT id FROM trips").split())
            trips = tuple(trip for trip in self.trips if trip in there)  # some were restored away
            moment = Moment(f"{at}+00:00", content, trips)
            time.sleep(0.1)
            yield moment

    # --- what there is

    def content(self, database: str = "") -> dict[str, Any]:
        """A hash for each of the tables that riders fill."""
        words = ("--database", database) if database else ()
        said = json.loads(self.exec("backup", "contravento-backup", "fingerprint", *words))
        tables: dict[str, Any] = said["tables"]
        return {
            name: each
            for name, each in tables.items()
            if not name.removeprefix("public.").startswith(OWN)
        }

    def files(self) -> set[str]:
        """SHA-256 and name of everything that is stored."""
        return set(self.exec("backup", "sh", "-c", FILES).splitlines())

    def databases(self) -> set[str]:
        return set(self.host.psql("SELECT datname FROM pg_database").split())

    def shows(self, moment: Moment) -> bool:
        """Every trip of that moment is served with its pictures, and no other trip is there."""
        with self.client as client:
            client.headers.update(self.signed_in())
            for trip in moment.trips[-3:]:
                found = client.get(f"/api/v1/trips/{trip}")
                photos = client.get(f"/api/v1/trips/{trip}/photos")
                if found.status_code != 200 or photos.status_code != 200:
                    return False
        return True

    def answers(self) -> bool:
        with self.client as client:
            try:
                return client.get("/api/v1/feed").status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

    def value(self, name: str) -> str:
        values = env_files.read(self.host.folder / ".env.staging")
        assert values
        return values.values[name]

    # --- what is done

    def delete_oldest(self) -> None:
        """By whichever rider wrote it."""
        gone = self.trips.pop(0)
        with self.client as client:
            for token in self.tokens:
                as_rider = {"Authorization": f"Bearer {token}"}
                client.delete(f"/api/v1/trips/{gone}", headers=as_rider)

    def take_set(self) -> tuple[str, dict[str, Any]]:
        """Its name, and what it holds; waits for one that is being taken."""
        words = ("contravento-backup", "now", "--json")
        with self.still() as moment:
            until = time.monotonic() + SET_SECONDS
            while (done := self._ended("backup", *words)).returncode == BUSY:
                assert time.monotonic() < until, done.stderr
                time.sleep(2)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(json.loads(done.stdout)["name"]), moment.content

    def archive(self) -> None:
        """All WAL until now is in the repository, and all files are in the backup."""
        wal = self.host.psql("SELECT pg_walfile_name(pg_current_wal_lsn())")
        self.host.psql("SELECT pg_switch_wal()")
        query = "SELECT last_archived_wal FROM pg_stat_archiver"
        wait_until(lambda: self.host.psql(query) >= wal, 90, "WAL is archived")
        self.exec("backup", "python3", "-c", COLLECT)

    def shell(self, service: str, script: str, *, check: bool = True) -> str:
        done = self._ended(service, "sh", "-c", script)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stop_writers(self) -> None:
        """So that a database can be copied, which nobody may be connected to."""
        docker("stop", "--time", "5", *self._writers())

    def start_writers(self) -> None:
        docker("start", *self._writers())

    def _writers(self) -> list[str]:
        return [container.name for container in self.host.compose.containers("backend", "worker")]

    @property
    def program(self) -> list[str]:
        return [sys.executable, "-m", "contravento_ops", "staging"]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.host.environment, "PYTHONPATH": str(ROOT / "src")}

    def kill_steps(self) -> None:
        """Containers of a restore that is no more."""
        label = f"label=com.docker.compose.project={self.host.project}"
        oneoff = "label=com.docker.compose.oneoff=True"
        if found := docker("ps", "--quiet", "--filter", label, "--filter", oneoff).split():
            subprocess.run(["docker", "kill", *found], capture_output=True, check=False)

    def lose(self) -> None:
        """The server burns down, but for this folder's clone."""
        docker(*self.host.compose.call("down", "--volumes", "--timeout", "3").words[1:])
        (self.host.folder / ".env.staging").unlink()
        shutil.rmtree(self.host.folder / "var")

    def exec(self, service: str, *words: str) -> str:
        done = self._ended(service, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _ended(self, service: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.host.compose.call("exec", "-T", service, *words).words,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def restore(self, *words: str) -> dict[str, Any]:
        """As a script does it; it must succeed."""
        done = self.host.ops("restore", *words, "--yes", "staging", "--json")
        assert done.status == 0, done.words
        return done.report

    def sets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(
            self.exec("backup", "contravento-backup", "list", "--json")
        )
        return found

    def newest_proven(self) -> str:
        return max(
            (backup_set["name"] for backup_set in self.sets() if backup_set["state"] == "proven"),
            default="",
        )


NUMBERS = count()
COLLECT = """
from contravento_backup import service
from contravento_backup.kit import settings
service.Service(settings.read(), print).collect()
"""


def write_a_trip(client: httpx.Client) -> str:
    number = next(NUMBERS)
    story = "Along the river, into the wind. " * 8
    made = client.post("/api/v1/trips", json={"title": f"Day {number}", "story": story})
    trip: str = made.raise_for_status().json()["id"]
    files = {"photos": ("ferry.jpg", picture(number)), "tracks": ("day.gpx", ride(200))}
    for kind, file in files.items():
        client.post(f"/api/v1/trips/{trip}/{kind}", files={"file": file}).raise_for_status()
    client.put(f"/api/v1/trips/{trip}/publication")
    return trip


def picture(number: int) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (640, 480), (number % 256, number // 256, 160)).save(buffer, "JPEG")
    return buffer.getvalue()


@contextmanager
def a_diary(folder: Path, images: str) -> Iterator[Diary]:
    """On a host whose first set is proven."""
    with a_host(folder, f"contravento:{images}", overlay=OVERLAY) as host:
        done = host.deploy(host.good("first"))
        assert done.status == Exit.DONE, done.words
        diary = Diary(host)
        wait_until(diary.newest_proven, SET_SECONDS, "the first set is proven")
        yield diary
