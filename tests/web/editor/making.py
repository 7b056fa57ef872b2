"""Files, forms and addresses for these tests."""

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from httpx import AsyncClient
from PIL import Image

from contravento.kit.resources import Resources
from contravento.photos.queries import list_photos
from contravento.trips.models import Trip

type Jobs = Callable[[], Awaitable[list[str]]]


AS_SCRIPT = {"Accept": "text/html"}


AS_HTMX = {"HX-Request": "true"}


GOOD = b"""<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">
<trk><trkseg>
<trkpt lat="41.60" lon="-4.10"><ele>850</ele><time>2025-09-20T08:00:00Z</time></trkpt>
<trkpt lat="41.61" lon="-4.15"><ele>900</ele><time>2025-09-20T08:20:00Z</time></trkpt>
<trkpt lat="41.62" lon="-4.20"><ele>880</ele><time>2025-09-20T08:40:00Z</time></trkpt>
</trkseg></trk></gpx>"""


def picture(colour: str = "steelblue") -> bytes:
    content = BytesIO()
    Image.new("RGB", (300, 200), colour).save(content, "JPEG")
    return content.getvalue()


def at(trip: Trip, what: str) -> str:
    return f"/trips/{trip.slug}/{what}"


async def names_of_photos(resources: Resources, trip: Trip) -> list[str]:
    async with resources.transaction() as session:
        return [photo.file_name for photo in await list_photos(session, trip.id)]


async def send_photos(client: AsyncClient, trip: Trip, *names: str) -> Any:
    files = [("file", (name, picture())) for name in names]
    return await client.post(at(trip, "photos"), files=files, headers=AS_SCRIPT)


async def reload(resources: Resources, trip: Trip) -> Trip | None:
    async with resources.transaction() as session:
        return await session.get(Trip, trip.id, populate_existing=True)


async def stored(resources: Resources, trip: Trip) -> Trip:
    current = await reload(resources, trip)
    assert current
    return current


def typed(trip: Trip, **changes: str) -> dict[str, str]:
    return {
        "title": trip.title,
        "story": trip.story,
        "starts_on": str(trip.starts_on or ""),
        "ends_on": str(trip.ends_on or ""),
        "shown_starts_on": str(trip.starts_on or ""),
        "shown_ends_on": str(trip.ends_on or ""),
        "tags": ", ".join(trip.tags or []),
        "audience": trip.audience,
        "updated_at": trip.updated_at.isoformat(),
        **changes,
    }
