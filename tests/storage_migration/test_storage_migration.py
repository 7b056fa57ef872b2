"""Files move while riders are about: everything arrives whole, and nothing comes back."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.kit.storage.backend import Found, StorageAway, StorageBackend
from contravento.kit.storage.storage import Storage, random_key
from contravento.photos import service as photos
from contravento.photos.models import Photo
from contravento.storage_migration import keys
from contravento.storage_migration.copy import copy_all, copy_one, empty, sizes
from contravento.storage_migration.verify import sha256_of, sweep, verify
from contravento.tracks.models import Track
from contravento.trips.models import Trip
from tests.conftest import SECRET
from tests.support import factories
from tests.support.queue import run_jobs
from tests.support.s3 import KEYS, Line, Server, line_to
from tests.web.making import add_photo, add_track, jpeg

MEGABYTE = 1024 * 1024


@pytest.fixture
async def line(s3: Server) -> AsyncIterator[Line]:
    async with line_to(s3) as line:
        yield line


@pytest.fixture
def old(resources: Resources) -> StorageBackend:
    return resources.storage.place


@pytest.fixture(params=["to a bucket", "to a folder"])
def new(request: pytest.FixtureRequest, tmp_path: Path, s3: Server) -> StorageBackend:
    if request.param == "to a folder":
        return StorageBackend((tmp_path / "new").as_uri())
    return StorageBackend(f"s3://{s3.make_bucket()}/diary", s3.access())


@pytest.fixture
async def trip(resources: Resources, rider: Rider) -> Trip:
    """With a track, a photo and its rider's portrait; another portrait waits for its turn."""
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider)
    await add_track(resources, trip)
    await add_photo(resources, trip)
    for is_ready in (True, False):
        async with resources.transaction() as session:
            await photos.upload_portrait(
                session, BytesIO(jpeg((300, 300))), rider_id=rider.id, storage=resources.storage
            )
        if is_ready:
            await run_jobs(resources)
    return trip


async def known(resources: Resources) -> set[str]:
    return {key async for key in keys.each_known(resources)}


async def test_the_database_names_every_file_that_is_stored(
    resources: Resources, trip: Trip, old: StorageBackend
) -> None:
    assert await known(resources) == set(await sizes(old))
    some = list(await known(resources))[:3]
    assert await keys.known_among(resources, [*some, "photos/00/nothing"]) == set(some)


async def test_everything_is_copied_once_and_proven_by_its_hash(
    resources: Resources, trip: Trip, old: StorageBackend, new: StorageBackend
) -> None:
    first, again = await copy_all(resources, old, new), await copy_all(resources, old, new)
    result = await verify(resources, old, new)

    stored = await sizes(old)
    assert await sizes(new) == stored
    assert (first.files, first.bytes) == (len(stored), sum(stored.values()))
    assert (again.files, again.there) == (0, len(stored))
    assert (result.files, result.compared, result.is_good) == (len(stored), len(stored), True)
    assert (result.lost, result.late, result.mended, result.alone) == ([], 0, 0, 0)


async def keep(
    resources: Resources, trip: Trip, place: StorageBackend, content: bytes = b"x"
) -> str:
    """A photo whose file is in this place."""
    key = random_key("photos")
    await place.put(key, content)
    async with resources.transaction() as session:
        session.add(
            Photo(
                trip_id=trip.id,
                file_name="x.jpg",
                file_bytes=1,
                file_key=key,
                caption="",
                position=1,
            )
        )
    return key


async def test_what_comes_while_it_is_copied_is_caught_up(
    resources: Resources, trip: Trip, old: StorageBackend, new: StorageBackend
) -> None:
    alone, came = asyncio.Lock(), list[str]()

    class Busy(StorageBackend):
        async def find(self, key: str) -> Found | None:
            async with alone:
                if len(came) < 5:
                    came.append(await keep(resources, trip, old))
            return await super().find(key)

    copied = await copy_all(resources, Busy(old.url), new)

    assert copied.passes > 2
    assert len(came) == 5
    assert await sizes(new) == await sizes(old)


async def test_what_nobody_names_is_not_carried_along(
    resources: Resources, trip: Trip, old: StorageBackend, new: StorageBackend
) -> None:
    await old.put(random_key("photos"), b"its row was deleted")
    await copy_all(resources, old, new)
    assert set(await sizes(new)) == await known(resources)


async def test_a_copy_that_was_broken_off_goes_on_where_it_was(
    resources: Resources, rider: Rider, old: StorageBackend, s3: Server, line: Line
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider)
    contents = [os.urandom(3 * MEGABYTE) for _ in range(6)]
    content = {await keep(resources, trip, old, content): content for content in contents}
    bucket = f"s3://{s3.make_bucket()}"
    behind = StorageBackend(bucket, line.server.access(silent_seconds=0.4))
    told: list[dict[str, int]] = []

    def cut(progress: dict[str, int]) -> None:
        told.append(progress)
        line.answers.clear()

    with pytest.raises(StorageAway):
        await copy_all(resources, old, behind, cut)
    line.answers.set()
    there = StorageBackend(bucket, s3.access())
    before = await sizes(there)
    assert 0 < len(before) < 6
    assert set(before.values()) == {3 * MEGABYTE}, "half a file"

    copied = await copy_all(resources, old, there)
    assert copied.files == 6 - len(before)
    for key, each in content.items():
        assert await there.get(key) == each


async def test_a_source_that_goes_away_leaves_no_half_file(
    tmp_path: Path, s3: Server, line: Line
) -> None:
    bucket = f"s3://{s3.make_bucket()}"
    key, content = random_key("tracks"), os.urandom(20 * MEGABYTE)
    await StorageBackend(bucket, s3.access()).put(key, content)
    behind = StorageBackend(bucket, line.server.access(silent_seconds=0.4))
    folder = StorageBackend((tmp_path / "back").as_uri())

    copying = asyncio.create_task(copy_one(key, behind, folder))
    await asyncio.sleep(0.05)
    line.answers.clear()
    with suppress(StorageAway):
        await copying
    assert await sizes(folder) in ({}, {key: len(content)})

    line.answers.set()
    assert await copy_one(key, StorageBackend(bucket, s3.access()), folder) == len(content)
    assert await folder.get(key) == content


async def test_what_a_rider_deletes_while_it_is_copied_does_not_come_back(
    old: StorageBackend, new: StorageBackend
) -> None:
    """Whatever the moment: the mover looks once more at where it came from."""
    key = random_key("photos")
    storage = Storage(new.url)
    storage.place, storage.fallback = new, old

    class Meddled(StorageBackend):
        async def put(self, key: str, content: object) -> str:
            done = await new.put(key, content)  # type: ignore[arg-type]
            await storage.delete(key)
            return done

    meddled = Meddled(old.url)
    meddled._store = new._store
    await old.put(key, b"x")

    assert await copy_one(key, old, meddled) is None
    assert (await old.find(key), await new.find(key)) == (None, None)
    assert await copy_one(key, old, new) is None


async def test_what_was_deleted_in_the_old_place_only_is_swept_from_the_new(
    resources: Resources, trip: Trip, old: StorageBackend, new: StorageBackend
) -> None:
    """By backends that did not know of the new place yet. What came since is let alone."""
    await copy_all(resources, old, new)
    async with resources.transaction() as session:
        track = (await session.scalars(select(Track))).one()
        gone = {track.file_key, track.points_key}
        await session.delete(track)
    await old.delete(*(key for key in gone if key))
    mark = random_key("look")
    await asyncio.sleep(1.1)  # buckets count in seconds
    await new.put(mark, b"x")
    file = await new.find(mark)
    assert file
    uploading = random_key("photos")
    await new.put(uploading, b"its row is not committed yet")

    swept = await sweep(resources, old, new, file.changed_at)

    assert swept == len(gone)
    assert set(await sizes(new)) == {*await sizes(old), mark, uploading}


async def test_what_differs_is_copied_anew_and_what_is_nowhere_is_named(
    resources: Resources, trip: Trip, old: StorageBackend, new: StorageBackend
) -> None:
    await copy_all(resources, old, new)
    damaged, late, lost, since = sorted(await known(resources))[:4]
    length = (await sizes(old))[damaged]
    await new.put(damaged, b"!" * length)
    await new.delete(late, lost)
    await old.delete(lost, since)

    result = await verify(resources, old, new)

    assert (result.mended, result.late, result.alone, result.lost) == (1, 1, 1, [lost])
    assert result.is_good
    assert await sha256_of(damaged, new) == await sha256_of(damaged, old)


async def test_a_place_that_spoils_what_it_gets_is_not_believed(
    resources: Resources, trip: Trip, old: StorageBackend, tmp_path: Path
) -> None:
    class Spoiling(StorageBackend):
        async def put(self, key: str, content: object) -> str:
            return await super().put(key, b"spoiled")

    result = await verify(resources, old, Spoiling((tmp_path / "spoiling").as_uri()))

    assert not result.is_good
    assert set(result.damaged) == await known(resources)


async def test_the_old_place_is_emptied_of_what_the_new_one_has(
    resources: Resources, trip: Trip, old: StorageBackend, new: StorageBackend
) -> None:
    await copy_all(resources, old, new)
    copied = len(await sizes(old))
    only_here = random_key("photos")
    await old.put(only_here, b"nobody names it; a database of before may")

    emptied = await empty(old, new)

    assert (emptied.files, emptied.left) == (copied, 1)
    assert set(await sizes(old)) == {only_here}


# --- as deploy.sh says it


def say(
    database: str, s3: Server, *words: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "APP_ENV": "local",
        "DATABASE_URL": database,
        "SECRET_KEY": SECRET,
        "MAIL_FOLDER": "/nowhere",
        "STORAGE_URL": "file:///nowhere",
        "STORAGE_S3_ENDPOINT": s3.url,
        "STORAGE_S3_ACCESS_KEY": KEYS["access_key"],
        "STORAGE_S3_SECRET_KEY": KEYS["secret_key"],
        **settings,
    }
    return subprocess.run(
        [sys.executable, "-m", "contravento", "files", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def answer(said: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert said.returncode == 0, said.stdout + said.stderr
    found: dict[str, object] = json.loads(said.stdout.splitlines()[-1])["answer"]
    return found


@pytest.mark.servers
async def test_the_commands_say_what_they_did_and_why_they_could_not(
    own_database: str, live_resources: Resources, s3: Server
) -> None:
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session, username="maite", name="Maite")
        trip = await factories.make_trip(session, rider)
    await keep(live_resources, trip, live_resources.storage.place)
    folder = live_resources.storage.place.url
    bucket = f"s3://{s3.make_bucket(keeps_versions=True)}/diary"
    between = ("--from", folder, "--to", bucket)

    async def ask(*words: str, server: Server = s3) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(say, own_database, server, *words)

    looked = answer(await ask("look", "--at", bucket))
    assert (looked["keeps_versions"], looked["is_empty"]) == (True, True)
    now = datetime.fromisoformat(str(looked["now"]))
    assert abs((datetime.now(UTC) - now).total_seconds()) < 60
    assert answer(await ask("copy", *between))["files"] == 1
    assert answer(await ask("look", "--at", bucket))["is_empty"] is False
    verified = answer(await ask("verify", *between, "--sweep-before", str(looked["now"])))
    assert (verified["is_good"], verified["compared"], verified["orphans"]) == (True, 1, 0)
    assert answer(await ask("empty", "--from", folder, "--kept-in", bucket))["files"] == 1

    nowhere = await ask("look", "--at", "s3://nobody-made-this")
    assert (nowhere.returncode, nowhere.stdout) == (3, "")
    assert "the bucket does not exist" in nowhere.stderr
    away = await ask("copy", *between, server=Server("http://127.0.0.1:9"))
    assert away.returncode == 3
    assert "it does not answer" in away.stderr
    assert (await ask("look", "--at", "ftp://x")).returncode == 2
