"""Files on their way into a trip, and the rows that tell of them."""

import re
from pathlib import Path

import pytest
from httpx import AsyncClient

from contravento.accounts.models import Rider
from contravento.kit.errors import OutOfSpace
from contravento.kit.resources import Resources
from contravento.kit.storage.storage import Storage
from contravento.tracks.queries import list_tracks
from contravento.trips.models import Trip
from contravento.web.editor.outline import outline_path
from contravento.web.editor.uploads import is_track
from tests.support import factories
from tests.tracks.making import one_track, point
from tests.web.editor.making import (
    AS_HTMX,
    AS_SCRIPT,
    GOOD,
    Jobs,
    at,
    names_of_photos,
    picture,
    send_photos,
)

FILES = Path(__file__).parents[2] / "tracks/files"


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

    assert "Good to know (3)" in shown
    assert "Points that repeat the one before were left out: 84 of 420." in shown
    assert '<li class="upload" id="track-' in shown
    assert 'data-kind="warning"' not in shown


async def test_what_was_changed_and_left_out_is_told_apart_from_notes(
    signed_in: AsyncClient, trip: Trip, jobs: Jobs
) -> None:
    content = one_track(point(1, 2, 9, "soon"), point(1, 95), point(1.001, 2, 9))
    await signed_in.post(at(trip, "tracks"), files={"file": ("odd.gpx", content)})
    await jobs()

    shown = (await signed_in.get(at(trip, "edit"))).text

    assert "Changed (1), left out (1), good to know (1)" in shown
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


async def test_a_trip_that_is_full_says_so(
    signed_in: AsyncClient, trip: Trip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contravento.tracks.service.MAX_TRACKS_PER_TRIP", 1)
    files = [("file", (name, GOOD)) for name in ("a.gpx", "b.gpx")]
    sent = await signed_in.post(at(trip, "tracks"), files=files, headers=AS_SCRIPT)

    assert sent.text.count('<li class="upload"') == 2
    assert "This trip has 1 tracks already." in sent.text


def test_the_ending_tells_tracks_from_photos() -> None:
    assert is_track("Ride.GPX")
    assert is_track("ride.fit.gz")
    assert not is_track("ride.heic")


def test_a_sketch_fits_its_frame() -> None:
    drawn = outline_path([[[-4.1, 41.6], [-4.2, 41.7]], [[-4.3, 41.5]]])
    numbers = [float(each) for each in re.findall(r"-?[\d.]+", drawn)]

    assert drawn.count("M") == 2
    assert all(6 <= x <= 58 for x in numbers[::2])
    assert all(6 <= y <= 42 for y in numbers[1::2])
    assert outline_path([]) == ""
    assert outline_path([[[0.0, 0.0]]]).startswith("M")


async def test_a_file_of_a_kind_that_is_not_taken_is_refused_at_once(
    signed_in: AsyncClient, trip: Trip
) -> None:
    files = {"file": ("notes.txt", b"Bread at Villaralbo at ten.")}

    sent = await signed_in.post(at(trip, "photos"), files=files, headers=AS_SCRIPT)

    assert 'data-kind="error"' in sent.text
    assert "Sizes are being made" not in sent.text


async def test_without_a_script_what_waits_says_how_to_see_more(
    signed_in: AsyncClient, trip: Trip
) -> None:
    await signed_in.post(at(trip, "tracks"), files={"file": ("day-1.gpx", GOOD)})

    page = (await signed_in.get(at(trip, "edit"))).text

    assert "<noscript> · Reload this page to see what came of it.</noscript>" in page


@pytest.mark.parametrize("step", ["publication", "withdrawal", "tracks", "photos"])
async def test_the_address_of_an_answered_form_leads_back_to_the_editor(
    signed_in: AsyncClient, trip: Trip, step: str
) -> None:
    answer = await signed_in.get(at(trip, step))

    assert answer.status_code == 303
    assert answer.headers["location"] == at(trip, "edit")
