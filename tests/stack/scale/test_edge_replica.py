"""nginx in front, a replica behind: what both keep for a moment is two seconds together."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from tests.stack.deployment import Deployment, tell, wait_until
from tests.stack.edge import Edge, an_edge
from tests.stack.test_edge_cache import BOUND_SECONDS, last_seen
from tests.support.served import figure

pytestmark = pytest.mark.stack

type Sees = Callable[[httpx.Response], bool]

PORT = 5433
READY_SECONDS = 60
TURNS = 4
# Beside the primary in its container: copied over its socket, in its volume for dumps.
START = f"""\
rm -rf /tmp/follower && pg_basebackup -U "$POSTGRES_USER" -D /tmp/follower -R -X stream -c fast &&
exec pg_ctl -D /tmp/follower -l /tmp/follower.log -w start \
    -o '-p {PORT} -k /tmp -c listen_addresses=* -c shared_buffers=32MB'
"""
STOP = "pg_ctl -D /tmp/follower -m immediate -w stop"
ASK = "import sys, urllib.request as r; sys.stdout.write(r.urlopen('{}').read().decode())"


@dataclass(frozen=True, slots=True)
class Follower:
    deployment: Deployment

    def start(self) -> None:
        self._run(START)

    def stop(self) -> None:
        self._run(STOP)

    def ask(self, statement: str) -> str:
        line = f'psql -XAtq -h /tmp -p {PORT} -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c'
        return self._run(f'{line} "{statement}"').strip()

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.ask("SELECT pg_wal_replay_pause()")
        wait_until(
            lambda: self.ask("SELECT pg_get_wal_replay_pause_state()") == "paused", 20, "it pauses"
        )
        try:
            yield
        finally:
            self.ask("SELECT pg_wal_replay_resume()")

    def is_used(self) -> bool:
        return '"replica":"ok"' in self._told("/health/ready")

    def reads(self) -> float:
        return figure(self._told("/metrics"), "contravento_public_reads_total", outcome="replica")

    def _told(self, path: str) -> str:
        program = ASK.format(f"http://127.0.0.1:8000{path}")
        return self.deployment.exec("backend", "python3", "-c", program)

    def _run(self, script: str) -> str:
        done = self.deployment.shell("postgres", script)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def edge(images: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    password = secrets.token_urlsafe(32)
    url = f"postgresql+asyncpg://contravento_app:{password}@postgres:{PORT}/contravento_staging"
    given = {"POSTGRES_APP_PASSWORD": password, "DATABASE_REPLICA_URL": url}
    with an_edge(tmp_path_factory.mktemp("edge"), images, **given) as made:
        yield made


@pytest.fixture
def follower(edge: Edge) -> Iterator[Follower]:
    made = Follower(edge.deployment)
    made.start()
    wait_until(made.is_used, READY_SECONDS, "the replica is read")
    yield made
    made.stop()


def shows(words: str) -> Sees:
    return lambda page: words in page.text


def lacks(words: str) -> Sees:
    return lambda page: words not in page.text


def is_there(page: httpx.Response) -> bool:
    return page.status_code == 200


@pytest.mark.parametrize("is_paused", [False, True], ids=["following", "standing still"])
def test_what_riders_do_takes_effect_within_two_seconds(
    is_paused: bool, edge: Edge, follower: Follower, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also when the replica stops to follow right before, so that what it shows gets older."""
    times: dict[str, list[float]] = {"published": [], "edited": [], "hidden": []}
    reads = follower.reads()

    def measure(what: str, act: Callable[[], None], path: str, sees: Sees) -> None:
        wait_until(follower.is_used, READY_SECONDS, "the replica is read")
        with follower.paused() if is_paused else nullcontext():
            times[what].append(last_seen(edge, act, path, sees))

    for turn in range(TURNS):
        first, then = f"Quite new {turn}", f"Another name {turn}"
        news = edge.trip(first, published=False)
        measure("published", news.publish, "/", lacks(first))
        measure("edited", partial(news.change, title=then), "/api/v1/feed", shows(first))
        measure("hidden", news.hide, news.place, is_there)

    most = {what: max(found) for what, found in times.items()}
    told = ", ".join(f"{what} {seconds:.2f} s" for what, seconds in most.items())
    how = "standing still" if is_paused else "following"
    tell(capsys, f"replica {how}: still seen at most, of {TURNS} times, after it was {told}")
    assert follower.reads() > reads
    assert all(seconds < BOUND_SECONDS for seconds in most.values()), told


def test_nobody_is_shown_an_error_when_the_replica_goes_and_comes(
    edge: Edge, follower: Follower, capsys: pytest.CaptureFixture[str]
) -> None:
    edge.trip("There all the time")
    over, statuses = threading.Event(), list[int]()

    def read(number: int) -> None:
        with edge.visitor() as nobody:
            while not over.is_set():
                for path in (f"/?before={number}", "/api/v1/feed?limit=7", "/riders", "/map"):
                    statuses.append(_status(nobody, path))

    readers = [threading.Thread(target=read, args=(number,)) for number in range(3)]
    for reader in readers:
        reader.start()
    try:
        follower.stop()
        wait_until(lambda: not follower.is_used(), READY_SECONDS, "it is missed")
        follower.start()
        wait_until(follower.is_used, READY_SECONDS, "the replica is read again")
    finally:
        over.set()
        for reader in readers:
            reader.join()
    tell(capsys, f"{len(statuses)} pages while the replica went and came, all with 200")
    assert set(statuses) == {200}


def _status(nobody: httpx.Client, path: str) -> int:
    return nobody.get(path).status_code
