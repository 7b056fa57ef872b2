"""Which requests are answered from a replica, and that nobody notices but by its being quicker."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from httpx import AsyncClient
from prometheus_client import REGISTRY
from starlette.types import ASGIApp

from contravento.accounts.models import Rider
from contravento.kit.database.replica import ReplicaState
from contravento.kit.resources import Resources, open_resources
from contravento.main import create_app
from contravento.reactions import REACTIONS
from contravento.trips.rules import Audience
from tests.api.conftest import grant
from tests.conftest import make_settings, open_client, sign_in
from tests.http.test_cache_control import SHARED, addresses, filled
from tests.support import factories
from tests.support.replication import Standby
from tests.test_visibility import BROWSER, SURFACES, Shown, show

pytestmark = pytest.mark.servers

# What looks the same to all, signed in or not.
COMMON = {"/", "/feed.atom", "/feed.json", "/map", "/map/tours.json", "/riders", "/api/v1/feed"}
# What everyone may see: all that edges may keep, but for what is in no database, and besides
# files that nobody keeps.
PUBLIC = {path for path, keys in SHARED.items() if keys != "site"} | {
    "/trips/{slug}/tracks.{ending}",
    "/trips/{slug}/tracks/{track_id}.{ending}",
    "/riders/{username}/portrait/{size}.jpg",
}
PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Site:
    """The application with a database and its replica."""

    app: ASGIApp
    resources: Resources
    follower: Standby
    shown: Shown

    @property
    def state(self) -> ReplicaState:
        assert self.resources.replica
        return self.resources.replica.state

    async def catch_up(self) -> None:
        """Until the replica shows all there is, and is read."""
        await asyncio.to_thread(self.follower.wait_for, self.resources.settings.database)
        await until(lambda: self.state is ReplicaState.USED)
        assert self.resources.replica
        await asyncio.sleep(self.resources.replica.max_lag_seconds)

    async def fall_behind(self) -> None:
        """While replaying is paused: until what was written is older than what may be read."""
        await until(lambda: self.state is ReplicaState.LATE)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110  (another process has no event to wait for)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def paused(follower: Standby) -> AsyncIterator[None]:
    pause = follower.paused()
    await asyncio.to_thread(pause.__enter__)
    try:
        yield
    finally:
        await asyncio.to_thread(pause.__exit__, None, None, None)


@pytest.fixture
async def site(own_database: str, follower: Standby, tmp_path: Path) -> AsyncIterator[Site]:
    settings = make_settings(
        own_database,
        tmp_path,
        database_replica_url=follower.url(own_database),
        metrics=True,
    )
    async with open_resources(settings, reactions=REACTIONS) as resources:
        assert resources.replica
        watch = asyncio.create_task(resources.replica.watch())
        async with resources.transaction() as session:
            rider = await factories.make_rider(session, username="maite", name="Maite Arrieta")
        shown = await show(resources, rider, Audience.EVERYONE, published=True)
        site = Site(create_app(settings, resources), resources, follower, shown)
        await site.catch_up()
        yield site
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


@pytest.fixture
async def nobody(site: Site) -> AsyncIterator[AsyncClient]:
    async with open_client(site.app, site.resources) as client:
        yield client


@pytest.fixture
async def owner(site: Site) -> AsyncIterator[AsyncClient]:
    async with open_client(site.app, site.resources) as client:
        await sign_in(client, site.resources, site.shown.rider)
        yield client


def outcomes() -> dict[str, float]:
    """How many reads there were so far by where they were made."""
    return {
        each: REGISTRY.get_sample_value("contravento_public_reads_total", {"outcome": each}) or 0.0
        for each in ("replica", "signed_in", "wrote", "late", "away")
    }


async def outcome_of(site: Site, ask: Callable[[], Awaitable[object]]) -> str | None:
    """Where one request read what is public, if it did; asked again where this process, or the
    whole machine, was too busy for a proof."""
    while True:
        before = outcomes()
        await ask()
        risen = [each for each, count in outcomes().items() if count > before[each]]
        assert len(risen) <= 1, risen
        if risen != ["late"]:
            return risen[0] if risen else None
        await until(lambda: site.state is ReplicaState.USED)


async def where_read(client: AsyncClient, site: Site, **headers: str) -> dict[str, str]:
    """Each readable address that is read at one of several places, and at which."""
    found = {}
    for path in addresses(site.app):
        address = filled(path, site.shown)
        ask = partial(client.get, address, headers=BROWSER | headers)
        outcome = await outcome_of(site, ask)
        if outcome:
            found[path] = outcome
    return found


async def test_what_everyone_may_see_is_read_from_the_replica_and_nothing_else(
    nobody: AsyncClient, site: Site
) -> None:
    assert await where_read(nobody, site) == dict.fromkeys(PUBLIC, "replica")


async def test_riders_who_signed_in_are_shown_from_it_what_all_see_alike(
    owner: AsyncClient, site: Site
) -> None:
    expected = dict.fromkeys(PUBLIC, "signed_in") | dict.fromkeys(COMMON, "replica")
    assert await where_read(owner, site) == expected


async def test_whoever_brings_a_token_reads_from_the_primary(
    nobody: AsyncClient, site: Site
) -> None:
    await grant(nobody, site.shown.rider)
    nobody.cookies.clear()
    assert await where_read(nobody, site) == dict.fromkeys(PUBLIC, "signed_in")


async def test_whoever_has_just_written_reads_from_the_primary(
    nobody: AsyncClient, site: Site
) -> None:
    found = await where_read(nobody, site, Cookie="wrote=1")
    assert found == dict.fromkeys(PUBLIC, "wrote")


async def test_a_browser_remembers_that_it_wrote_for_as_long_as_the_replica_may_be_late(
    owner: AsyncClient, site: Site
) -> None:
    trip = f"/api/v1/trips/{site.shown.trip.id}"
    answer = await owner.patch(trip, json={"title": "Up the Duero"})

    told = answer.headers["Set-Cookie"]
    assert told == "wrote=1; Max-Age=2; Path=/; HttpOnly; SameSite=Lax"
    assert owner.cookies["wrote"] == "1"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await outcome_of(site, lambda: owner.get("/")) != "replica":  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_who_reads_only_or_has_no_browser_is_given_nothing_to_remember(
    nobody: AsyncClient, site: Site
) -> None:
    await grant(nobody, site.shown.rider)
    nobody.cookies.clear()
    trip = f"/api/v1/trips/{site.shown.trip.id}"
    for answer in (
        await nobody.patch(trip, json={"title": "Up the Duero"}),
        await nobody.get(trip),
        await nobody.head("/"),
    ):
        assert "Set-Cookie" not in answer.headers


async def test_without_a_replica_nothing_is_to_be_remembered(signed_in: AsyncClient) -> None:
    answer = await signed_in.post("/api/v1/trips", json={"title": "Down the Duero"})
    assert "Set-Cookie" not in answer.headers


async def test_riders_see_at_once_what_they_publish_while_the_replica_does_not(
    owner: AsyncClient, nobody: AsyncClient, site: Site
) -> None:
    made = await owner.post(
        "/api/v1/trips", json={"title": "Over the Oroel", "story": factories.STORY}
    )
    await site.catch_up()
    async with paused(site.follower):
        published = await owner.put(f"/api/v1/trips/{made.json()['id']}/publication")
        assert published.status_code == 200
        seen = {path: (await owner.get(path)).text for path in ("/", "/api/v1/feed", "/riders")}
        before = outcomes()
        others = (await nobody.get("/api/v1/feed")).text
        was_read = outcomes()["replica"] > before["replica"]
        await site.fall_behind()
        later = (await nobody.get("/api/v1/feed")).text

    assert "Over the Oroel" in seen["/"]
    assert "Over the Oroel" in seen["/api/v1/feed"]
    assert ("Over the Oroel" not in others) == was_read, "the replica was not behind"
    assert "Over the Oroel" in later


async def test_what_is_hidden_is_gone_for_its_rider_at_once_and_for_all_within_the_bound(
    owner: AsyncClient, nobody: AsyncClient, site: Site
) -> None:
    async with paused(site.follower):
        await owner.patch(f"/api/v1/trips/{site.shown.trip.id}", json={"audience": "me"})
        assert site.shown.trip.slug not in (await owner.get("/")).text
        await site.fall_behind()
        for path in ("/", "/map/tours.json", "/api/v1/feed"):
            assert site.shown.trip.slug not in (await nobody.get(path)).text, path
        for surface in SURFACES:
            answer = await nobody.get(site.shown.fill(surface), headers=BROWSER)
            assert answer.status_code == 404, surface


async def test_what_is_private_comes_from_no_replica(site: Site, nobody: AsyncClient) -> None:
    """A draft is there, too, since it is a copy of everything; nobody is shown it."""
    async with site.resources.transaction() as session:
        rider = await session.get(Rider, site.shown.rider.id)
    assert rider
    draft = await show(site.resources, rider, Audience.EVERYONE, published=False)
    await site.catch_up()
    for surface in SURFACES:
        assert (await nobody.get(draft.fill(surface), headers=BROWSER)).status_code == 404


async def test_the_edge_keeps_what_may_be_late_for_a_second_and_no_longer(
    nobody: AsyncClient, site: Site
) -> None:
    """A second late when it is read and a second at the edge are two."""
    asked = {"Edge-Second": "1763900000"}
    late = await nobody.get("/", headers=asked)
    new = await nobody.get("/", headers=asked | {"Cookie": "wrote=1"})

    assert late.headers["X-Accel-Expires"] == new.headers["X-Accel-Expires"] == "@1763900000"
    assert late.headers["Cache-Control"].endswith("must-revalidate, s-maxage=1")
    assert new.headers["Cache-Control"].endswith("s-maxage=1, stale-while-revalidate=1")


async def test_nobody_is_told_of_an_error_when_the_replica_is_killed_while_it_is_read(
    nobody: AsyncClient, site: Site
) -> None:
    left_out = ("portrait", "trips/{trip_id}/file")  # the latter as one download too many at once
    read = [path for path in sorted(PUBLIC) if not any(word in path for word in left_out)]
    paths = [filled(path, site.shown) for path in read]
    answered: list[int] = []

    async def read_on(path: str, stop: asyncio.Event) -> None:
        while not stop.is_set():
            answered.append((await nobody.get(path, headers=BROWSER)).status_code)

    async with AsyncExitStack() as at_the_end:
        stop = asyncio.Event()
        readers = [asyncio.create_task(read_on(path, stop)) for path in paths]
        await asyncio.sleep(0.5)
        await asyncio.to_thread(site.follower.kill)
        at_the_end.push_async_callback(asyncio.to_thread, site.follower.start)
        before = outcomes()
        await until(lambda: outcomes()["away"] > before["away"] + 2 * len(paths))
        stop.set()
        await asyncio.gather(*readers)
        ready = await nobody.get("/health/ready")
    assert set(answered) == {200}
    assert ready.json()["checks"]["replica"] == "away"

    await until(lambda: site.state is ReplicaState.USED)
    assert await outcome_of(site, lambda: nobody.get("/")) == "replica"


async def test_being_ready_does_not_depend_on_the_replica_and_its_state_is_told(
    nobody: AsyncClient, site: Site
) -> None:
    async with paused(site.follower):
        async with site.resources.transaction() as session:
            await factories.make_rider(session)
        await site.fall_behind()
        late = (await nobody.get("/health/ready")).json()
        figures = (await nobody.get("/metrics")).text
    (lag,) = re.findall(
        r"contravento_database_replica_lag_seconds\{server=\"local\"\} (\S+)", figures
    )
    assert late["checks"]["replica"] == "late"
    assert late["checks"]["database"] == "ok"
    assert float(lag) > 1
    assert 'contravento_database_replica_in_use{server="local"} 0.0' in figures

    await site.catch_up()
    figures = (await nobody.get("/metrics")).text
    assert 'contravento_database_replica_in_use{server="local"} 1.0' in figures
