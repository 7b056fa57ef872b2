"""How much a rider may keep here, and how often they may send."""

import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, update

from contravento.kit.clock import now
from contravento.kit.resources import Resources
from contravento.kit.settings import Settings
from contravento.photos.models import Photo
from contravento.photos.service import remove_unreadable_photos
from contravento.tracks.models import Track
from contravento.tracks.service import remove_unreadable_tracks
from contravento.web.rendering.formats import size
from contravento.worker import SCHEDULE
from tests.api.conftest import RunJobs, send_photo, send_track
from tests.conftest import make_settings

MEGABYTE = 1_000_000


@pytest.fixture
def settings(shared_database: str, tmp_path: Path) -> Settings:
    return make_settings(shared_database, tmp_path, rider_quota_megabytes=1500)


async def fill(resources: Resources, megabytes: int) -> None:
    """As if the track that is there were so large."""
    async with resources.transaction() as session:
        await session.execute(update(Track).values(file_bytes=megabytes * MEGABYTE))


@pytest.mark.parametrize("is_readable", [True, False])
async def test_a_full_rider_sends_nothing_more(
    is_readable: bool, signed_in: AsyncClient, trip_id: str, resources: Resources, jobs: RunJobs
) -> None:
    await send_track(signed_in, trip_id, b"" if is_readable else b"nothing that is a track")
    await jobs()
    quota = resources.settings.rider_quota_megabytes
    await fill(resources, quota)
    slug = (await signed_in.get(f"/api/v1/trips/{trip_id}")).json()["slug"]
    for method, address in (
        ("POST", f"/api/v1/trips/{trip_id}/tracks"),
        ("POST", f"/api/v1/trips/{trip_id}/photos"),
        ("PUT", "/api/v1/me/photo"),
    ):
        refused = await signed_in.request(method, address, files={"file": ("a.gpx", b"x")})
        assert refused.status_code == 409, address
        assert "Take some out." in refused.json()["detail"]
    page = await signed_in.post(f"/trips/{slug}/tracks", files={"file": ("a.gpx", b"x" * 99)})
    assert "Take some out." in page.text
    await fill(resources, quota - 2)
    await send_photo(signed_in, trip_id)


async def test_a_zip_counts_as_large_as_what_is_in_it(
    signed_in: AsyncClient, trip_id: str, resources: Resources
) -> None:
    await send_track(signed_in, trip_id)
    await fill(resources, resources.settings.rider_quota_megabytes - 1)
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for day in range(2):
            made.writestr(f"{day}.gpx", b" " * 600_000)
    refused = await signed_in.post(
        f"/api/v1/trips/{trip_id}/tracks", files={"file": ("tour.zip", archive.getvalue())}
    )
    assert (refused.status_code, "Take some out." in refused.text) == (409, True)
    listed = await signed_in.get(f"/api/v1/trips/{trip_id}/tracks")
    assert len(listed.json()["items"]) == 1


async def test_settings_say_how_much_room_is_taken(
    signed_in: AsyncClient, track_id: str, resources: Resources
) -> None:
    await fill(resources, 1234)
    shown = (await signed_in.get("/settings")).text
    room = resources.settings.rider_quota_megabytes * MEGABYTE
    assert f"take {size(1234 * MEGABYTE, 'en')} of {size(room, 'en')}." in shown


async def test_uploads_are_counted_by_the_hour(
    signed_in: AsyncClient, trip_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contravento.http.upload_quota.UPLOAD_LIMIT", "2/hour")
    for _ in range(2):
        await send_photo(signed_in, trip_id)
    refused = await signed_in.post(
        f"/api/v1/trips/{trip_id}/photos", files={"file": ("a.jpg", b"x")}
    )
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")


async def test_trips_are_counted_by_the_day(
    signed_in: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contravento.trips.service.MAX_TRIPS_A_DAY", 2)
    statuses = [
        (await signed_in.post("/api/v1/trips", json={"title": "Again"})).status_code
        for _ in range(3)
    ]
    assert statuses == [201, 201, 429]


async def test_what_could_not_be_read_goes_after_a_week(
    signed_in: AsyncClient, trip_id: str, resources: Resources, jobs: RunJobs
) -> None:
    await send_track(signed_in, trip_id, b"nothing that is a track")
    await send_photo(signed_in, trip_id, b"nothing that is a picture")
    good = await send_track(signed_in, trip_id)
    await jobs()
    for age, left in ((timedelta(days=6), (2, 1)), (timedelta(days=8), (1, 0))):
        async with resources.transaction() as session:
            for model in (Track, Photo):
                await session.execute(update(model).values(created_at=now() - age))
        await remove_unreadable_tracks(resources)
        await remove_unreadable_photos(resources)
        async with resources.transaction() as session:
            counts = [
                await session.scalar(select(func.count()).select_from(model))
                for model in (Track, Photo)
            ]
        assert tuple(counts) == left
    assert (await signed_in.get(f"/api/v1/tracks/{good}")).status_code == 200
    assert {remove_unreadable_tracks, remove_unreadable_photos} <= set(SCHEDULE.values())
