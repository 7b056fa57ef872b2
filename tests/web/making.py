"""Trips with real tracks and photographs, made by the services that riders use."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

from PIL import Image

from contravento.kit.resources import Resources
from contravento.photos import service as photos
from contravento.photos.models import Photo
from contravento.tracks import service as tracks
from contravento.trips.models import Trip
from tests.support.queue import run_jobs

START = datetime(2025, 6, 3, 8, tzinfo=UTC)


def gpx(
    *, days: int = 2, name: str = "Over the hill", longitude: float = -3.0, peak_metres: int = 600
) -> bytes:
    """East to west, 40 km a day, up to the peak and down again every day."""
    points = []
    for day in range(days):
        for step in range(41):
            height = 50 + (peak_metres - 50) * (1 - abs(step - 20) / 20)
            moment = START + timedelta(days=day, minutes=4 * step)
            points.append(
                f'<trkpt lat="43.2" lon="{longitude - 0.5 * day - 0.0122 * step:.5f}">'
                f"<ele>{height:.0f}</ele><time>{moment:%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
            )
    return (
        '<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><name>{name}</name><trkseg>{''.join(points)}</trkseg></trk></gpx>"
    ).encode()


async def add_track(resources: Resources, trip: Trip, content: bytes = b"") -> None:
    content = content or gpx()
    async with resources.transaction() as session:
        await tracks.upload_tracks(
            session,
            trip.id,
            BytesIO(content),
            file_name="ride.gpx",
            file_bytes=len(content),
            rider_id=trip.rider_id,
            storage=resources.storage,
        )
    await run_jobs(resources)


async def add_photo(
    resources: Resources, trip: Trip, *, caption: str = "", size: tuple[int, int] = (900, 600)
) -> Photo:
    content = jpeg(size)
    async with resources.transaction() as session:
        photo = await photos.upload_photo(
            session,
            trip.id,
            BytesIO(content),
            file_name="one.jpg",
            file_bytes=len(content),
            caption=caption,
            rider_id=trip.rider_id,
            storage=resources.storage,
        )
    await run_jobs(resources)
    async with resources.transaction() as session:
        return await session.get_one(Photo, photo.id)


def jpeg(size: tuple[int, int]) -> bytes:
    file = BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(file, "JPEG")
    return file.getvalue()
