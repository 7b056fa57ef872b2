"""Reading from a real replica: proven not to be late, and not missed when it is gone."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, generate_latest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from contravento.kit.database import replica
from contravento.kit.database.replica import Marks, Replica, ReplicaState, Stand, make_replica
from contravento.kit.database.session import make_engine
from contravento.kit.resources import open_resources
from contravento.reactions import REACTIONS
from tests.conftest import make_settings, open_folder
from tests.support.replication import Standby, standby

CREATE = text("CREATE TABLE notes (number int)")
WRITE = text("INSERT INTO notes VALUES (:number)")
READ = text("SELECT number FROM notes ORDER BY number")
LATEST = text("SELECT coalesce(max(number), 0) FROM notes")
IS_REPLICA = text("SELECT pg_is_in_recovery()")
NOBODY = "postgresql://nobody@127.0.0.1:9/none"
PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Pair:
    """The database and its replica, as a web process holds them."""

    database: str
    primary: AsyncEngine
    replica: Replica

    async def write(self, number: int) -> None:
        async with self.primary.begin() as connection:
            await connection.execute(WRITE, {"number": number})

    async def read(self) -> list[int] | None:
        """None where the primary has to be asked."""
        async with self.replica.reading() as session:
            return None if session is None else list(await session.scalars(READ))

    async def becomes(self, state: ReplicaState) -> None:
        await until(lambda: self.replica.state is state)

    async def is_told_of(self, caplog: pytest.LogCaptureFixture) -> None:
        """What the replica is, for the first time."""
        await until(lambda: "the replica is" in caplog.text)

    async def is_read_again(self) -> None:
        await self.becomes(ReplicaState.USED)
        async with self.replica.reading() as session:
            assert session
            assert await session.scalar(IS_REPLICA)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110  (another process has no event to wait for)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def watched(
    database: str, replica_url: str, folder: Path, max_lag_seconds: float = 1
) -> AsyncIterator[Pair]:
    lag = {"database_replica_max_lag_seconds": max_lag_seconds}
    settings = make_settings(database, folder, database_replica_url=replica_url, **lag)
    primary = make_engine(settings)
    made = make_replica(settings, primary)
    assert made
    watch = asyncio.create_task(made.watch())
    try:
        yield Pair(database, primary, made)
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await made.close()
        await primary.dispose()


@asynccontextmanager
async def following(
    database: str, follower: Standby, folder: Path, max_lag_seconds: float = 1
) -> AsyncIterator[Pair]:
    async with watched(database, follower.url(database), folder, max_lag_seconds) as pair:
        async with pair.primary.begin() as connection:
            await connection.execute(CREATE)
        await asyncio.to_thread(follower.wait_for, database)
        await pair.becomes(ReplicaState.USED)
        yield pair


@pytest.fixture
async def pair(own_database: str, follower: Standby, tmp_path: Path) -> AsyncIterator[Pair]:
    async with following(own_database, follower, tmp_path) as pair:
        yield pair


def stand(position: int, *, timeline: int = 1, cluster: int = 7) -> Stand:
    return Stand(cluster, timeline, position)


def test_a_state_is_as_of_the_latest_mark_that_it_has_reached() -> None:
    marks = Marks()
    for moment, position in ((1.0, 10), (2.0, 20), (3.0, 20), (4.0, 30)):
        marks.note(moment, stand(position))

    assert marks.as_of(stand(9)) is None
    assert [marks.as_of(stand(each)) for each in (10, 19, 20, 29, 30, 99)] == [1, 1, 3, 3, 4, 4]


def test_a_position_in_another_log_proves_nothing() -> None:
    marks = Marks()
    marks.note(1.0, stand(10))

    assert marks.as_of(stand(99, timeline=2)) is None
    assert marks.as_of(stand(99, cluster=8)) is None
    assert marks.doubt(stand(99, timeline=2)) == marks.doubt(stand(99, cluster=8)) != ""
    assert marks.doubt(stand(9)) == ""


def test_after_a_failing_over_nothing_older_is_believed() -> None:
    marks = Marks()
    marks.note(1.0, stand(10))
    marks.note(2.0, stand(12, timeline=2))

    assert marks.as_of(stand(11)) is None
    assert marks.as_of(stand(11, timeline=2)) is None
    assert marks.as_of(stand(12, timeline=2)) == 2.0


async def test_what_was_written_is_read_from_the_replica(pair: Pair, follower: Standby) -> None:
    await pair.write(1)
    await asyncio.to_thread(follower.wait_for, pair.database)

    await pair.is_read_again()
    assert await pair.read() == [1]


async def test_a_replica_that_shows_nothing_new_is_left_for_the_primary(
    pair: Pair, follower: Standby
) -> None:
    with follower.paused():
        await pair.write(1)
        await asyncio.sleep(pair.replica.max_lag_seconds)
        assert await pair.read() is None
        await pair.becomes(ReplicaState.LATE)

    await pair.is_read_again()
    assert await pair.read() == [1]


@pytest.mark.servers
async def test_nothing_read_is_older_than_allowed_however_replaying_stutters(
    own_database: str, follower: Standby, tmp_path: Path
) -> None:
    """A number is written again and again, and the latest one is read all the time."""
    allowed = 0.3
    acknowledged: list[tuple[float, int]] = []

    async def write(pair: Pair) -> None:
        for number in range(1, 400):
            await pair.write(number)
            acknowledged.append((time.monotonic(), number))
            await asyncio.sleep(0.01)

    async def stutter() -> None:
        for seconds in (0.1, 0.2, 0.5, 0.1, 0.4, 0.8):
            with follower.paused():
                await asyncio.sleep(seconds)
            await asyncio.sleep(0.1)

    async with following(own_database, follower, tmp_path, allowed) as pair:
        at_work = asyncio.gather(write(pair), stutter())
        there, elsewhere, behind = 0, 0, 0
        while not at_work.done():
            asked = time.monotonic()
            async with pair.replica.reading() as session:
                if session is None:
                    elsewhere += 1
                    await asyncio.sleep(0.001)
                    continue
                shown = await session.scalar(LATEST)
            there += 1
            due = max(
                (each for moment, each in acknowledged if moment < asked - allowed), default=0
            )
            assert shown is not None
            assert shown >= due
            behind += shown < acknowledged[-1][1] if acknowledged else 0
        await at_work
    sys.stdout.write(
        f"\n  {there} reads there, {behind} not of the latest; {elsewhere} elsewhere\n"
    )
    assert there > 0
    assert elsewhere > 0
    assert behind > 0, "it never was late, so nothing was shown"


async def test_a_replica_of_a_database_that_rests_is_not_late(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = []
    monkeypatch.setattr(pair.replica, "_note", lambda state, why="": states.append(state))
    await until(lambda: len(states) >= 3 * replica.LOOKS_WITHIN_LAG)

    assert set(states) == {ReplicaState.USED}


@pytest.mark.servers
async def test_a_killed_replica_is_no_error(pair: Pair, follower: Standby) -> None:
    await pair.write(1)
    await asyncio.to_thread(follower.wait_for, pair.database)
    await pair.is_read_again()
    async with pair.replica.reading() as session:
        assert session
        assert await session.scalar(IS_REPLICA)
        await asyncio.to_thread(follower.kill)
        try:
            assert list(await session.scalars(READ)) == [1]
            assert not await session.scalar(IS_REPLICA)
        finally:
            await asyncio.to_thread(follower.start)

    await pair.is_read_again()


@pytest.mark.servers
async def test_one_that_went_before_it_was_asked_is_no_error(pair: Pair, follower: Standby) -> None:
    """Its connections look well, and are not."""
    await asyncio.to_thread(follower.kill)
    try:
        assert await pair.read() is None
        await pair.becomes(ReplicaState.AWAY)
        assert await pair.read() is None
    finally:
        await asyncio.to_thread(follower.start)
    await pair.is_read_again()


@pytest.mark.servers
async def test_one_that_takes_questions_and_answers_none_is_waited_for_by_few(
    pair: Pair, follower: Standby
) -> None:
    async with pair.replica.reading() as session:
        assert session
        with follower.silent():
            assert list(await session.scalars(READ)) == []
            assert not await session.scalar(IS_REPLICA)
            assert await pair.read() is None

    await pair.is_read_again()


async def test_a_mistake_is_told_by_the_primary_and_no_reason_to_leave_the_replica(
    pair: Pair,
) -> None:
    async with pair.replica.reading() as session:
        assert session
        with pytest.raises(Exception, match="nowhere"):
            await session.execute(text("SELECT * FROM nowhere"))

    assert pair.replica.state is ReplicaState.USED


@pytest.mark.servers
async def test_what_has_been_promoted_is_no_replica(own_database: str, tmp_path: Path) -> None:
    """It would show what nobody wrote here, and miss all that is."""
    with open_folder() as folder, standby(own_database, folder / "replica") as one:
        async with following(own_database, one, tmp_path, max_lag_seconds=0.2) as pair:
            await asyncio.to_thread(one.promote)
            async with pair.replica.engine.connect() as connection:
                said = await connection.execute(replica.REPLICA_STANDS)
                assert said.one_or_none() is None
            await pair.becomes(ReplicaState.LATE)
            await pair.write(1)
            assert await pair.read() is None


@pytest.mark.servers
async def test_who_follows_the_next_primary_is_read_from_its_restart_point_on(
    own_database: str, tmp_path: Path
) -> None:
    """Before that it does not say that it has come along."""
    with (
        open_folder() as folder,
        standby(own_database, folder / "next") as next_one,
        standby(next_one.url(own_database), folder / "its") as follower,
    ):
        database = next_one.url(own_database)
        await asyncio.to_thread(next_one.promote)
        async with watched(database, follower.url(database), tmp_path) as pair:
            await pair.becomes(ReplicaState.LATE)
            assert await pair.read() is None
            await asyncio.to_thread(next_one.ask, "CHECKPOINT")
            await asyncio.to_thread(follower.wait_for, database)
            await asyncio.to_thread(follower.ask, "CHECKPOINT")
            await pair.is_read_again()


async def test_the_database_itself_is_no_replica(
    own_database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, replica.__name__)
    async with watched(own_database, own_database, tmp_path) as pair:
        await pair.becomes(ReplicaState.LATE)
        assert await pair.read() is None
    told = [record.message for record in caplog.records if record.name == replica.__name__]
    assert told == ["the replica is late: it follows nobody"]


async def test_of_several_servers_one_that_follows_is_found(
    own_database: str, follower: Standby, tmp_path: Path
) -> None:
    folders = [
        str(make_url(url).query["host"]) for url in (own_database, follower.url(own_database))
    ]
    both = f"postgresql://postgres@/{make_url(own_database).database}?host={','.join(folders)}"
    async with watched(own_database, both, tmp_path) as pair:
        await pair.is_read_again()


@pytest.mark.parametrize("gone", ["replica", "primary", "role"])
async def test_where_one_does_not_answer_nothing_is_proven(
    gone: str,
    own_database: str,
    follower: Standby,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without the primary nobody knows what is missing."""
    urls = {"primary": own_database, "replica": follower.url(own_database)} | {gone: NOBODY}
    if gone == "role":  # of whom the replica knows nothing
        url = make_url(urls["replica"]).set(username="nobody")
        urls["replica"] = url.render_as_string(hide_password=False)
    async with watched(urls["primary"], urls["replica"], tmp_path) as pair:
        await pair.is_told_of(caplog)
        assert pair.replica.state is ReplicaState.AWAY
        assert await pair.read() is None
    who = "the database" if gone == "primary" else "it"
    why = "InvalidAuthorizationSpecificationError" if gone == "role" else "ConnectionRefusedError"
    assert f"the replica is away: {who} does not answer ({why})" in caplog.text


async def test_who_does_not_watch_it_tells_nothing_of_it(own_database: str, tmp_path: Path) -> None:
    """Such as a worker, of which an alert would say that it reads from none."""
    url = "postgresql://u@replica.velo.test/diary"
    settings = make_settings(own_database, tmp_path, database_replica_url=url)
    async with open_resources(settings, reactions=REACTIONS) as resources:
        assert resources.replica
        async with resources.replica.reading() as session:
            assert session is None
    told = generate_latest(REGISTRY).decode()
    assert "contravento_database_replica_in_use" in told
    assert "replica.velo.test" not in told


def test_without_its_address_there_is_none(own_database: str, tmp_path: Path) -> None:
    settings = make_settings(own_database, tmp_path)
    assert make_replica(settings, make_engine(settings)) is None
