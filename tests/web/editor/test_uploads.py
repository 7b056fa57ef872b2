"""Files on their way into a trip, and the rows that tell of them."""

import re
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from PIL import Image

from contravento.accounts.models import Rider
from contravento.kit.errors import OutOfSpace
from contravento.kit.resources import Resources
from contravento.kit.storage.storage import Storage
from contravento.photos.queries import list_photos
from contravento.tracks.queries import list_tracks
from contravento.trips.models import Trip
from contravento.web.editor.state import sketch
from contravento.web.editor.uploads import is_track, plain_name
from tests.support import factories

type Jobs = Callable[[], Awaitable[list[str]]]

FILES = Path(__file__).parents[2] / "tracks/files"
AS_SCRIPT = {"Accept": "text/html"}
AS_HTMX = {"HX-Request": "true"}
GOOD = b"""<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">
<trk><trkseg>
<trkpt lat="41.60" lon="-4.10"><ele>850</ele><time>2025-09-20T08:00:00Z</time></trkpt>
<trkpt lat="41.61" lon="-4.15"><ele>900</ele><time>2025-09-20T08:20:00Z</time></trkpt>
<trkpt lat="41.62" lon="-4.20"><ele>880</ele><time>2025-09-20T08:40:00Z</time></trkpt>
</trkseg></trk></gpx>"""


@pytest.fixture
async def trip(resources: Resources, rider: Rider) -> Trip:
    async with resources.transaction() as session:
        return await factories.make_trip(session, rider, published=False)


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


async def photo_id(resources: Resources, trip: Trip, name: str) -> str:
    async with resources.transaction() as session:
        photos = await list_photos(session, trip.id)
    return next(str(photo.id) for photo in photos if photo.file_name == name)


async def test_a_track_is_a_row_that_asks_until_it_is_read(
    signed_in: AsyncClient, trip: Trip, jobs: Jobs
) -> None:
    sent = await signed_in.post(
        at(trip, "tracks"), files={"file": ("day-1.gpx", GOOD)}, headers=AS_SCRIPT
    )
    assert sent.status_code == 202
    assert sent.text.lstrip().startswith('<li class="upload"')
    row = re.search(r'hx-get="(/tracks/[^"]+/row[^"]*)" hx-trigger="every 1s"', sent.text)
    assert row
    assert (await signed_in.get(row[1])).status_code == 204  # nothing new to say
    assert "Waiting to be read" in (await signed_in.get(row[1].partition("?")[0])).text
    await jobs()

    ready = (await signed_in.get(row[1], headers=AS_HTMX)).text

    assert "8.6 km, 3 points, 50 m of ascent" in ready.replace("\xa0", " ")
    assert '<path class="map-route" d="M' in ready
    assert "hx-trigger" not in ready
    assert 'id="publishing" hx-swap-oob="true"' in ready
    assert "data-kind" not in ready.split("</li>")[0].replace('data-kind="quiet"', "")


async def test_the_days_of_a_track_appear_where_the_form_has_none(
    signed_in: AsyncClient, resources: Resources, rider: Rider, jobs: Jobs
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider, starts_on=None, ends_on=None)
    await signed_in.post(at(trip, "tracks"), files={"file": ("day-1.gpx", GOOD)})
    await jobs()
    async with resources.transaction() as session:
        track = (await list_tracks(session, trip.id))[0].id
    row = f"/tracks/{track}/row?shown=reading"

    empty = await signed_in.get(f"{row}&starts_on=&ends_on=", headers=AS_HTMX)
    typed = await signed_in.get(f"{row}&starts_on=2025-01-01&ends_on=", headers=AS_HTMX)

    assert 'id="dates" hx-swap-oob="true"' in empty.text
    assert 'name="shown_starts_on" value="2025-09-20"' in empty.text
    assert 'id="dates"' not in typed.text


async def test_repairs_are_told_one_by_one(signed_in: AsyncClient, trip: Trip, jobs: Jobs) -> None:
    content = (FILES / "gpx10-no-elevation-half-timed.gpx").read_bytes()
    await signed_in.post(at(trip, "tracks"), files={"file": ("odd.gpx", content)})
    await jobs()

    shown = (await signed_in.get(at(trip, "edit"))).text

    assert "Read with 3 repairs." in shown
    assert "See what was mended" in shown
    assert "Points that repeat the one before were left out: 84 of 420." in shown
    assert '<li class="upload" id="track-' in shown
    assert 'data-kind="warning"' in shown


async def test_an_unreadable_track_says_why(signed_in: AsyncClient, trip: Trip, jobs: Jobs) -> None:
    page = b"<!doctype html><html><body>Sign in to export</body></html>"
    await signed_in.post(at(trip, "tracks"), files={"file": ("route.gpx", page)})
    await jobs()

    shown = (await signed_in.get(at(trip, "edit"))).text

    assert "This is a web page saved with the ending .gpx." in shown
    assert "Dismiss" in shown
    assert 'data-kind="error"' in shown


@pytest.mark.parametrize(
    ("what", "content", "sentence"),
    [
        ("tracks", b"", "This file is empty. Export the track again"),
        ("photos", b"", "This file is empty. Copy it from the camera again."),
        ("photos", bytes(20 * 1024 * 1024 + 1), "This file is larger than 20 MB."),
        ("tracks", bytes(50 * 1024 * 1024 + 1), "This file is larger than 50 MB."),
    ],
)
async def test_a_file_that_cannot_be_taken_is_a_row(
    signed_in: AsyncClient, trip: Trip, jobs: Jobs, what: str, content: bytes, sentence: str
) -> None:
    files = {"file": ("<img src=x>.gpx", content)}
    sent = await signed_in.post(at(trip, what), files=files, headers=AS_SCRIPT)

    assert sent.status_code == 202
    assert sentence in sent.text
    assert 'data-kind="error"' in sent.text
    assert "data-dismiss" in sent.text
    assert "<img src=x>" not in sent.text
    assert await jobs() == []

    plain = await signed_in.post(at(trip, what), files=files)
    assert plain.status_code == 422
    assert sentence in plain.text


async def test_a_full_disk_is_said_and_the_text_kept(
    signed_in: AsyncClient, trip: Trip, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def put(*_: object) -> None:
        raise OutOfSpace

    monkeypatch.setattr(Storage, "put", put)
    sent = await signed_in.post(
        at(trip, "edit"),
        data={"title": "Kept all the same"},
        files=[("file", ("a.gpx", GOOD)), ("file", ("b.jpg", picture()))],
    )

    assert sent.status_code == 422
    assert sent.text.count("The server has no room left for this file.") == 2
    async with resources.transaction() as session:
        stored = await session.get(Trip, trip.id, populate_existing=True)
        assert stored
        assert stored.title == "Kept all the same"


async def test_without_a_script_the_whole_form_brings_its_files(
    signed_in: AsyncClient, trip: Trip, resources: Resources
) -> None:
    sent = await signed_in.post(
        at(trip, "edit"),
        data={"title": "With files"},
        files=[("file", ("a.GPX", GOOD)), ("file", ("b.jpg", picture()))],
        follow_redirects=True,
    )

    assert sent.status_code == 200
    assert "With files" in sent.text
    async with resources.transaction() as session:
        assert [each.file_name for each in await list_tracks(session, trip.id)] == ["a.GPX"]
    assert await names_of_photos(resources, trip) == ["b.jpg"]


async def test_choosing_no_file_is_no_file(
    signed_in: AsyncClient, trip: Trip, resources: Resources
) -> None:
    sent = await signed_in.post(at(trip, "edit"), data={"title": "x"}, files={"file": ("", b"")})

    assert sent.status_code == 303
    assert await names_of_photos(resources, trip) == []


async def test_several_files_are_several_rows(
    signed_in: AsyncClient, trip: Trip, resources: Resources
) -> None:
    sent = await send_photos(signed_in, trip, "a.jpg", "b.jpg")
    assert sent.text.count('<li class="upload"') == 2

    plain = await signed_in.post(at(trip, "photos"), files={"file": ("c.jpg", picture())})

    assert plain.status_code == 303
    assert plain.headers["location"] == at(trip, "edit#files")
    assert await names_of_photos(resources, trip) == ["a.jpg", "b.jpg", "c.jpg"]


async def test_a_photo_is_a_row_with_its_words(
    signed_in: AsyncClient, trip: Trip, resources: Resources, jobs: Jobs
) -> None:
    sent = await send_photos(signed_in, trip, "a.jpg")
    assert re.search(r'hx-get="/photos/[^"]+/row[^"]*" hx-trigger="every 1s"', sent.text)
    await jobs()
    photo = await photo_id(resources, trip, "a.jpg")

    row = (await signed_in.get(f"/photos/{photo}/row")).text

    assert f'src="/photos/{photo}/small.jpg"' in row
    assert f'name="caption-{photo}"' in row
    assert f'name="alt-{photo}"' in row
    assert "hx-trigger" not in row


async def test_a_damaged_photo_says_so(
    signed_in: AsyncClient, trip: Trip, resources: Resources, jobs: Jobs
) -> None:
    files = {"file": ("a.jpg", picture()[:-400])}
    await signed_in.post(at(trip, "photos"), files=files)
    await jobs()
    photo = await photo_id(resources, trip, "a.jpg")

    row = (await signed_in.get(f"/photos/{photo}/row")).text

    assert 'data-kind="error"' in row
    assert "Copy it from the camera again." in row


@pytest.mark.parametrize("what", ["edit", "autosave"])
async def test_words_under_a_photo_are_saved_with_the_form(
    signed_in: AsyncClient, trip: Trip, resources: Resources, jobs: Jobs, what: str
) -> None:
    await send_photos(signed_in, trip, "a.jpg")
    await jobs()
    photo = await photo_id(resources, trip, "a.jpg")
    words = {f"caption-{photo}": '"><script>x</script>', f"alt-{photo}": "A mole in fog"}
    await signed_in.post(at(trip, what), data={"title": "x", **words})

    shown = (await signed_in.get(at(trip, "edit"))).text
    assert "<script>x" not in shown
    async with resources.transaction() as session:
        found = (await list_photos(session, trip.id))[0]
        assert (found.caption, found.alt) == ('"><script>x</script>', "A mole in fog")


async def test_a_caption_that_is_too_long_stands_there_with_its_mistake(
    signed_in: AsyncClient, trip: Trip, resources: Resources, jobs: Jobs
) -> None:
    await send_photos(signed_in, trip, "a.jpg")
    await jobs()
    photo = await photo_id(resources, trip, "a.jpg")
    data = {"title": "Kept", f"caption-{photo}": "x" * 301}
    shown = await signed_in.post(at(trip, "edit"), data=data)

    assert shown.status_code == 422
    assert f'id="caption-{photo}-error"' in shown.text
    assert "x" * 301 in shown.text
    assert "Kept" in shown.text


async def test_photos_change_places_without_a_script(
    signed_in: AsyncClient, trip: Trip, resources: Resources, jobs: Jobs
) -> None:
    await send_photos(signed_in, trip, "a.jpg", "b.jpg", "c.jpg")
    await jobs()
    last = await photo_id(resources, trip, "c.jpg")
    moved = await signed_in.post(
        f"/photos/{last}/place", data={"to": "earlier", "title": "Not lost"}
    )

    assert moved.status_code == 303
    assert await names_of_photos(resources, trip) == ["a.jpg", "c.jpg", "b.jpg"]
    assert "Not lost" in (await signed_in.get(moved.headers["location"])).text


async def test_htmx_is_given_the_two_rows_that_changed_places(
    signed_in: AsyncClient, trip: Trip, resources: Resources, jobs: Jobs
) -> None:
    await send_photos(signed_in, trip, "a.jpg", "b.jpg")
    await jobs()
    a, b = [await photo_id(resources, trip, name) for name in ("a.jpg", "b.jpg")]
    words = {f"caption-{a}": "Typed just now"}
    moved = await signed_in.post(
        f"/photos/{b}/place", data={"to": "earlier", **words}, headers=AS_HTMX
    )

    first, second = re.findall(r'<li class="upload" id="photo-([^"]+)"', moved.text)
    assert (first, second) == (a, b)
    assert f'hx-swap-oob="outerHTML:#photo-{a}"' in moved.text
    assert "Typed just now" in moved.text
    assert await names_of_photos(resources, trip) == ["b.jpg", "a.jpg"]

    beyond = await signed_in.post(f"/photos/{b}/place", data={"to": "earlier"}, headers=AS_HTMX)
    assert beyond.text.count('<li class="upload"') == 1


@pytest.mark.parametrize("headers", [{}, AS_HTMX])
async def test_files_are_taken_out(
    signed_in: AsyncClient,
    trip: Trip,
    resources: Resources,
    jobs: Jobs,
    headers: dict[str, str],
) -> None:
    await send_photos(signed_in, trip, "a.jpg")
    await signed_in.post(at(trip, "tracks"), files={"file": ("a.gpx", GOOD)})
    await jobs()
    async with resources.transaction() as session:
        track = (await list_tracks(session, trip.id))[0].id
    photo = await photo_id(resources, trip, "a.jpg")

    for path in (f"/tracks/{track}/removal", f"/photos/{photo}/removal"):
        gone = await signed_in.post(path, data={"title": "Not lost"}, headers=headers)
        if headers:
            assert gone.status_code == 200
            assert '<li class="upload"' not in gone.text
            assert 'hx-swap-oob="true"' in gone.text
        else:
            assert gone.status_code == 303
    async with resources.transaction() as session:
        assert await list_tracks(session, trip.id) == []
    assert await names_of_photos(resources, trip) == []


async def test_a_mistake_in_the_text_does_not_keep_a_file_from_being_taken_out(
    signed_in: AsyncClient, trip: Trip, resources: Resources, jobs: Jobs
) -> None:
    await send_photos(signed_in, trip, "a.jpg")
    photo = await photo_id(resources, trip, "a.jpg")
    typed = {"title": "T", "starts_on": "2025-02-02", "ends_on": "2025-01-01"}
    shown = await signed_in.post(f"/photos/{photo}/removal", data=typed)

    assert shown.status_code == 422
    assert "The last day is before the first." in shown.text
    assert await names_of_photos(resources, trip) == []


async def test_a_stranger_reaches_no_file(
    signed_in: AsyncClient, as_stranger: AsyncClient, resources: Resources, rider: Rider, jobs: Jobs
) -> None:
    async with resources.transaction() as session:
        shared = await factories.make_trip(session, rider)
    await send_photos(signed_in, shared, "a.jpg")
    await signed_in.post(at(shared, "tracks"), files={"file": ("a.gpx", GOOD)})
    await jobs()
    async with resources.transaction() as session:
        track = (await list_tracks(session, shared.id))[0].id
    photo = await photo_id(resources, shared, "a.jpg")

    for path in (f"/tracks/{track}/row", f"/photos/{photo}/row"):
        assert (await as_stranger.get(path)).status_code == 404
    for path in (f"/tracks/{track}/removal", f"/photos/{photo}/removal", f"/photos/{photo}/place"):
        assert (await as_stranger.post(path, data={"to": "later"})).status_code == 404
    assert await names_of_photos(resources, shared) == ["a.jpg"]


async def test_a_trip_that_is_full_says_so(
    signed_in: AsyncClient, trip: Trip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contravento.tracks.service.MAX_TRACKS_PER_TRIP", 1)
    files = [("file", (name, GOOD)) for name in ("a.gpx", "b.gpx")]
    sent = await signed_in.post(at(trip, "tracks"), files=files, headers=AS_SCRIPT)

    assert sent.text.count('<li class="upload"') == 2
    assert "This trip has 1 tracks already." in sent.text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\rides\\day 1.gpx", "day 1.gpx"),
        ("a\x00b\n.gpx", "ab.gpx"),
        ("", "file"),
        (None, "file"),
        ("x" * 300 + ".gpx", "x" * 196 + ".gpx"),
    ],
)
def test_a_file_name_is_only_a_name(given: str | None, kept: str) -> None:
    assert plain_name(given) == kept


def test_the_ending_tells_tracks_from_photos() -> None:
    assert is_track("Ride.GPX")
    assert is_track("ride.fit.gz")
    assert not is_track("ride.heic")


def test_a_sketch_fits_its_frame() -> None:
    drawn = sketch([[[-4.1, 41.6], [-4.2, 41.7]], [[-4.3, 41.5]]])
    numbers = [float(each) for each in re.findall(r"-?[\d.]+", drawn)]

    assert drawn.count("M") == 2
    assert all(6 <= x <= 58 for x in numbers[::2])
    assert all(6 <= y <= 42 for y in numbers[1::2])
    assert sketch([]) == ""
    assert sketch([[[0.0, 0.0]]]).startswith("M")
