"""The server that takes writes is gone, another takes over: nothing is restarted, nothing that was
acknowledged is lost. Figures are printed."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest

from contravento import migrations
from contravento.kit.database.embedded import create_database
from contravento.kit.resources import open_resources
from contravento.reactions import REACTIONS
from tests.conftest import make_settings, open_folder
from tests.support import factories
from tests.support.clusters import Cluster, await_true, cluster, standby_of
from tests.support.served import Served, served
from tests.tracks.making import ride

pytestmark = pytest.mark.servers

DATABASE = "diary"
WAIT_SECONDS = "40"
AWAY_SECONDS = 2.0
STOP_SECONDS = 60
BEFORE_SECONDS, AFTER_SECONDS = 2.0, 3.0
TROUBLES = (503,)


@dataclass
class Pair:
    """`url` names both servers; whichever takes writes is used."""

    primary: Cluster
    standby: Cluster

    @property
    def url(self) -> str:
        places = f"{self.primary.place},{self.standby.place}"
        return f"postgresql+asyncpg://postgres@{places}/{DATABASE}"


@contextmanager
def pair(folder: Path, **settings: str) -> Iterator[Pair]:
    """Both hold the same migrated database."""
    with (
        cluster(folder / "one", **settings) as primary,
        standby_of(primary, folder / "two") as standby,
    ):
        create_database(primary.url(), DATABASE)
        migrations.upgrade(primary.url(DATABASE))
        yield Pair(primary, standby)


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@pytest.fixture
def safe(folder: Path) -> Iterator[Pair]:
    """What is acknowledged is on both."""
    with pair(folder, synchronous_standby_names="*") as made:
        yield made


@pytest.fixture
def quick(folder: Path) -> Iterator[Pair]:
    """The standby gets what happened a moment later."""
    with pair(folder) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Sent:
    at: float
    kind: str
    status: int
    seconds: float


@dataclass
class Riders:
    """Some read, one writes, one uploads, until `stop`."""

    product: Served
    cookie: str
    trip: str
    sent: list[Sent] = field(default_factory=list)
    trips: list[str] = field(default_factory=list)
    tracks: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        each = (self._read, self._read, self._write, self._write, self._upload)
        self._threads = [threading.Thread(target=one) for one in each]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    def client(self) -> httpx.Client:
        found = self.product.client()
        found.cookies.set("session", self.cookie)
        found.timeout = httpx.Timeout(90)
        return found

    def since(self, moment: float, kind: str) -> list[Sent]:
        return [answer for answer in self.sent if answer.at >= moment and answer.kind == kind]

    def _read(self) -> None:
        with self.client() as client:
            while not self._ended.wait(0.02):
                for path in ("/", "/api/v1/feed", "/settings", f"/api/v1/trips/{self.trip}"):
                    self._ask(client, "read", "GET", path)

    def _write(self) -> None:
        with self.client() as client:
            while not self._ended.wait(0.4):  # a rider may start 200 trips a day
                body = {"title": "Written while it failed over", "audience": "me"}
                answer = self._ask(client, "write", "POST", "/api/v1/trips", json=body)
                if answer.status_code == 201:
                    self.trips.append(answer.json()["id"])

    def _upload(self) -> None:
        with self.client() as client:
            for number in range(1000):
                if self._ended.wait(0.3):
                    return
                file = ("day.gpx", ride(200 + number))
                path = f"/api/v1/trips/{self.trip}/tracks"
                answer = self._ask(client, "upload", "POST", path, files={"file": file})
                if answer.status_code == 202:
                    self.tracks.append(answer.json()["id"])

    def _ask(
        self, client: httpx.Client, kind: str, method: str, path: str, **more: object
    ) -> httpx.Response:
        began = time.monotonic()
        answer = client.request(method, path, **more)  # type: ignore[arg-type]
        self.sent.append(Sent(began, kind, answer.status_code, time.monotonic() - began))
        return answer


async def make_riders(product: Served, url: str, folder: Path) -> Riders:
    async with (
        open_resources(make_settings(url, folder), reactions=REACTIONS) as resources,
        resources.transaction() as session,
    ):
        rider = await factories.make_rider(session)
        trip = await factories.make_trip(session, rider)
        cookie = await factories.make_cookie(session, rider)
    return Riders(product, cookie, str(trip.id))


@contextmanager
def riding(pair: Pair, folder: Path) -> Iterator[Riders]:
    with served(pair.url, folder, DATABASE_WAIT_SECONDS=WAIT_SECONDS) as product:
        riders = asyncio.run(make_riders(product, pair.url, folder))
        riders.start()
        time.sleep(BEFORE_SECONDS)
        try:
            yield riders
        finally:
            riders.stop()


def test_it_reads_and_writes_again_without_a_restart(safe: Pair, tmp_path: Path) -> None:
    with riding(safe, tmp_path) as riders:
        crashed = time.monotonic()
        safe.primary.crash()
        time.sleep(AWAY_SECONDS)  # until somebody has noticed
        promoted = time.monotonic()
        safe.standby.promote()
        await_true(lambda: since(riders, promoted, "write", 201))
        await_true(lambda: since(riders, promoted, "upload", 202))
        time.sleep(AFTER_SECONDS)
        riders.stop()
        tell(riders, crashed, promoted)

        reads = riders.since(0, "read")
        assert {read.status for read in reads} == {200}, "who only reads notices nothing but time"
        others = [*riders.since(0, "write"), *riders.since(0, "upload")]
        assert {other.status for other in others} <= {201, 202, *TROUBLES}
        assert not [
            other for other in others if other.at > promoted + 10 and other.status in TROUBLES
        ]
        assert_kept(riders)
        await_true(lambda: are_read(riders))  # by the worker, which was not restarted, either
        for process in (riders.product.web_process, riders.product.worker_process):
            assert process.poll() is None


def assert_kept(riders: Riders) -> None:
    with riders.client() as client:
        for trip in riders.trips:
            assert client.get(f"/api/v1/trips/{trip}").status_code == 200, "acknowledged, and lost"
        for track in riders.tracks:
            assert client.get(f"/api/v1/tracks/{track}").status_code == 200


def are_read(riders: Riders) -> bool:
    with riders.client() as client:
        states = [client.get(f"/api/v1/tracks/{track}").json()["state"] for track in riders.tracks]
    return set(states) == {"ready"}


def since(riders: Riders, moment: float, kind: str, status: int) -> list[Sent]:
    return [answer for answer in riders.since(moment, kind) if answer.status == status]


def tell(riders: Riders, crashed: float, promoted: float) -> None:
    """Of what was under way when it happened and of everything after."""
    print()  # noqa: T201
    for kind in ("read", "write", "upload"):
        sent = riders.since(0, kind)
        good = [answer.at + answer.seconds for answer in sent if answer.status < 300]
        again = min(answered_at for answered_at in good if answered_at > promoted)
        gone = sum(answer.status >= 300 for answer in sent)
        slowest = max(answer.seconds for answer in sent)
        print(  # noqa: T201
            f"{kind}s: {len(sent)}, of them {gone} told to come back; the first after the crash"
            f" {again - crashed:.1f} s after it, {again - promoted:.2f} s after promoting began;"
            f" the slowest took {slowest:.1f} s"
        )
    print(f"acknowledged and there: {len(riders.trips)} trips, {len(riders.tracks)} tracks")  # noqa: T201


def test_without_waiting_for_the_standby_what_it_had_not_got_is_lost(
    quick: Pair, tmp_path: Path
) -> None:
    """Which is what docs/guides/databases.md says of asynchronous replication."""
    with riding(quick, tmp_path) as riders:
        quick.standby.ask("ALTER SYSTEM SET primary_conninfo = ''")  # the line between them is cut
        quick.standby.ask("SELECT pg_reload_conf()")
        await_true(lambda: not quick.standby.ask("SELECT count(*) FROM pg_stat_wal_receiver"))
        unsent = len(riders.trips)
        await_true(lambda: len(riders.trips) >= unsent + 5)
        riders.stop()
        quick.primary.crash()
        quick.standby.promote()

        with riders.client() as client:
            lost = [trip for trip in riders.trips if not is_there(client, trip)]
        print(f"\nacknowledged {len(riders.trips)}, lost {len(lost)}")  # noqa: T201
        assert len(lost) >= 5
        assert set(lost) <= set(riders.trips[unsent - 2 :]), "what it had got is kept"


def is_there(client: httpx.Client, trip: str) -> bool:
    return client.get(f"/api/v1/trips/{trip}").status_code == 200


def test_a_server_that_has_become_a_standby_is_left(safe: Pair, tmp_path: Path) -> None:
    """Here one that was told to take no more writes, as before a planned change."""
    with riding(safe, tmp_path) as riders:
        with psycopg.connect(safe.primary.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")
        began = time.monotonic()
        time.sleep(1.0)
        safe.primary.stop()
        safe.standby.promote()
        await_true(lambda: since(riders, began + 1.0, "write", 201))
        riders.stop()
        assert {answer.status for answer in riders.since(0, "read")} == {200}
        assert {answer.status for answer in riders.since(0, "write")} <= {201, *TROUBLES}
        assert_kept(riders)


def test_a_worker_is_stopped_although_the_database_is_away(safe: Pair, tmp_path: Path) -> None:
    with served(safe.url, tmp_path) as product:
        safe.primary.crash()
        time.sleep(AWAY_SECONDS)
        product.worker_process.terminate()
        assert product.worker_process.wait(STOP_SECONDS) == 0
