"""The product with its files in a bucket: what riders send and see, also when it is away."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import procrastinate
import pytest
from httpx import AsyncClient, Response
from procrastinate.jobs import Job
from sqlalchemy import select
from starlette.types import ASGIApp

from contravento.accounts.models import Rider
from contravento.kit.jobs import JOBS
from contravento.kit.resources import Resources
from contravento.kit.storage.storage import Storage, StorageAway
from contravento.main import create_app
from contravento.photos.models import Photo
from contravento.tracks.models import Track, TrackState
from contravento.trips.models import Trip
from contravento.worker import MAX_ATTEMPTS_OF_PATIENCE, PATIENCE_SECONDS, Patience
from tests.conftest import open_client, sign_in
from tests.support import factories
from tests.support.queue import run_jobs
from tests.support.s3 import Line, Server, line_to
from tests.tracks.making import ride
from tests.web.making import jpeg

SILENT_SECONDS = 0.4


@pytest.fixture
async def line(s3: Server) -> AsyncIterator[Line]:
    async with line_to(s3) as line:
        yield line


@pytest.fixture
def on_s3(resources: Resources, s3: Server, line: Line) -> Resources:
    access = line.server.access(silent_seconds=SILENT_SECONDS)
    return replace(resources, storage=Storage(f"s3://{s3.make_bucket()}/diary", access))


@pytest.fixture
async def browser(app: ASGIApp, on_s3: Resources, rider: Rider) -> AsyncIterator[AsyncClient]:
    async with open_client(app, on_s3) as client:
        await sign_in(client, on_s3, rider)
        yield client


@pytest.fixture
async def trip(on_s3: Resources, rider: Rider) -> Trip:
    async with on_s3.transaction() as session:
        return await factories.make_trip(session, rider)


async def send(browser: AsyncClient, trip: Trip, kind: str) -> Response:
    file = {"tracks": ("day.gpx", ride(300)), "photos": ("ferry.jpg", jpeg((900, 600)))}[kind]
    return await browser.post(f"/api/v1/trips/{trip.id}/{kind}", files={"file": file})


async def states(resources: Resources) -> list[str]:
    async with resources.transaction() as session:
        return [
            *(await session.scalars(select(Track.state))),
            *(await session.scalars(select(Photo.state))),
        ]


async def test_what_riders_send_is_made_ready_shown_exported_and_deleted(
    browser: AsyncClient, on_s3: Resources, trip: Trip
) -> None:
    track = (await send(browser, trip, "tracks")).json()
    photo = (await send(browser, trip, "photos")).json()
    portrait = await browser.put("/api/v1/me/photo", files={"file": ("me.jpg", jpeg((900, 600)))})
    await run_jobs(on_s3)

    assert portrait.is_success
    assert await states(on_s3) == ["ready", "ready"]
    for address in (
        f"/photos/{photo['id']}/small.jpg",
        "/riders/maite/portrait/small.jpg",
        f"/trips/{trip.slug}",
        f"/api/v1/tracks/{track['id']}/file",
        f"/api/v1/tracks/{track['id']}/geometry",
    ):
        answer = await browser.get(address)
        assert answer.status_code == 200, (address, answer.text)
        assert answer.content
    assert len([file async for file in on_s3.storage.place.list_files()]) > 7

    await browser.delete(f"/api/v1/trips/{trip.id}")
    await browser.delete("/api/v1/me/photo")
    await run_jobs(on_s3)
    assert [file async for file in on_s3.storage.place.list_files()] == []


@pytest.mark.parametrize("where", ["folder", "bucket"])
async def test_a_picture_comes_whole_in_parts_or_not_again(
    where: str, resources: Resources, on_s3: Resources, rider: Rider
) -> None:
    resources = on_s3 if where == "bucket" else resources
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider)
    async with open_client(create_app(resources.settings, resources), resources) as client:
        await sign_in(client, resources, rider)
        photo = (await send(client, trip, "photos")).json()
        await run_jobs(resources)
        address = f"/photos/{photo['id']}/small.jpg"
        whole = await client.get(address)
        size, tag = len(whole.content), whole.headers["etag"]

        async def ask(asked: str, **more: str) -> Response:
            return await client.get(address, headers={"Range": asked, **more})

        assert whole.headers["accept-ranges"] == "bytes"
        for asked, first, end in (
            ("bytes=0-99", 0, 100),
            ("bytes=100-", 100, size),
            ("bytes=-50", size - 50, size),
            (f"bytes=10-{size * 9}", 10, size),
        ):
            part = await ask(asked)
            assert part.status_code == 206, asked
            assert part.content == whole.content[first:end]
            assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
            assert int(part.headers["content-length"]) == end - first
        for asked in (f"bytes={size}-", "bytes=-0"):
            beyond = await ask(asked)
            assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
        for asked in ("bytes=9-5", "bytes=0-1,4-5", "pages=1-2", "bytes=-"):
            assert (await ask(asked)).content == whole.content, asked
        assert (await ask("bytes=0-9", **{"If-Range": tag})).status_code == 206
        assert (await ask("bytes=0-9", **{"If-Range": '"other"'})).status_code == 200
        assert (await ask("bytes=0-9", **{"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize("trouble", ["cut", "slow"])
async def test_an_upload_that_cannot_be_kept_is_refused_and_leaves_nothing(
    browser: AsyncClient, on_s3: Resources, trip: Trip, line: Line, trouble: str
) -> None:
    if trouble == "cut":
        await line.cut()
    if trouble == "slow":
        line.answers.clear()

    for kind in ("tracks", "photos"):
        answer = await send(browser, trip, kind)
        assert answer.status_code == 503, answer.text
        assert "cannot be reached" in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) > 0
    assert await states(on_s3) == []
    assert await run_jobs(on_s3) == []


async def test_an_outage_is_told_and_no_file_is_blamed_for_it(
    browser: AsyncClient, on_s3: Resources, trip: Trip, line: Line
) -> None:
    await send(browser, trip, "tracks")
    photo = (await send(browser, trip, "photos")).json()
    async with on_s3.transaction() as session:
        ids = {
            "tracks.read": {"track_id": (await session.scalars(select(Track.id))).one()},
            "photos.prepare": {"photo_id": (await session.scalars(select(Photo.id))).one()},
        }
    await line.cut()
    for name, arguments in ids.items():
        for _ in range(5):  # more often than a file is tried that brings its process down
            with pytest.raises(StorageAway):
                await JOBS[name](on_s3, **arguments)
    assert "unreadable" not in await states(on_s3)

    await line.mend()
    await run_jobs(on_s3)
    assert await states(on_s3) == [TrackState.READY, "ready"]

    await line.cut()
    for address in (f"/photos/{photo['id']}/small.jpg", f"/trips/{trip.slug}"):
        answer = await browser.get(address)
        assert answer.status_code in (200, 503), answer.text
    away = await browser.get(f"/photos/{photo['id']}/small.jpg")
    assert away.status_code == 503
    assert away.headers["retry-after"]


async def test_a_file_that_is_gone_is_not_found_and_stays_alone(
    browser: AsyncClient, on_s3: Resources, trip: Trip
) -> None:
    photo = (await send(browser, trip, "photos")).json()
    await run_jobs(on_s3)
    async with on_s3.transaction() as session:
        row = await session.get_one(Photo, photo["id"])
        await on_s3.storage.delete((row.sizes or {})["small"]["key"])

    assert (await browser.get(f"/photos/{photo['id']}/small.jpg")).status_code == 404
    assert (await browser.get(f"/photos/{photo['id']}/large.jpg")).status_code == 200


async def test_a_process_is_not_ready_before_its_bucket_has_answered(
    on_s3: Resources, s3: Server, line: Line
) -> None:
    nowhere = replace(on_s3, storage=Storage("s3://nobody-made-this", s3.access()))
    assert await storage_check(nowhere) == "failed: the bucket does not exist"
    assert await storage_check(on_s3) == "ok"
    await line.cut()
    assert await storage_check(on_s3) == "ok"  # pages are better than none


async def storage_check(resources: Resources) -> str:
    async with open_client(create_app(resources.settings, resources), resources) as client:
        found: str = (await client.get("/health/ready")).json()["checks"]["storage"]
        return found


async def test_while_files_move_both_places_are_read_one_is_written_and_both_forget(
    tmp_path: Path, s3: Server
) -> None:
    folder, bucket = (tmp_path / "old").as_uri(), f"s3://{s3.make_bucket()}"
    before, learned, switched, alone = (
        Storage(url, s3.access(), fallback)
        for url, fallback in (
            (folder, None),
            (folder, bucket),
            (bucket, folder),
            (bucket, None),
        )
    )
    for number, storage in enumerate((before, learned, switched, alone)):
        await storage.put(f"key/{number}", b"x" * number)

    for storage in (learned, switched):
        for number in range(4):
            assert await storage.get(f"key/{number}") == b"x" * number
            assert b"".join([chunk async for chunk in storage.stream(f"key/{number}")]) == (
                b"x" * number
            )
    await switched.delete(*(f"key/{number}" for number in range(4)))
    for storage in (before, alone):
        assert [file async for file in storage.place.list_files()] == []


async def test_while_files_move_an_outage_is_no_missing_file(
    tmp_path: Path, s3: Server, line: Line
) -> None:
    folder = (tmp_path / "old").as_uri()
    access = line.server.access(silent_seconds=SILENT_SECONDS)
    storage = Storage(f"s3://{s3.make_bucket()}", access, folder)
    await Storage(folder).put("here", b"x")
    await line.cut()

    assert await storage.get("here") == b"x"
    for ask in (storage.get("there"), anext(storage.stream("there"))):
        with pytest.raises(StorageAway):
            await ask


def decision(error: Exception, attempts: int) -> procrastinate.RetryDecision | None:
    job = Job(id=1, lock=None, queueing_lock=None, task_name="x", queue="x", attempts=attempts)
    return Patience(attempts=5).get_retry_decision(exception=error, job=job)


def test_a_job_that_meets_an_outage_is_tried_for_days_and_one_that_fails_is_not() -> None:
    away = StorageAway("it does not answer")
    assert decision(ValueError(), 5) is None
    assert decision(ValueError(), 1)
    for attempts in (0, 5, 50, 1000):
        tried = decision(away, attempts)
        assert tried
        assert tried.retry_at
        assert (tried.retry_at - datetime.now(UTC)).total_seconds() <= PATIENCE_SECONDS
    assert decision(away, MAX_ATTEMPTS_OF_PATIENCE) is None
