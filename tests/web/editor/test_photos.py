"""Photos in the editor: captions, order, removal."""

import re

import pytest
from httpx import AsyncClient

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.photos.queries import list_photos
from contravento.tracks.queries import list_tracks
from contravento.trips.models import Trip
from tests.support import factories
from tests.web.editor.making import AS_HTMX, GOOD, Jobs, at, names_of_photos, picture, send_photos


async def photo_id(resources: Resources, trip: Trip, name: str) -> str:
    async with resources.transaction() as session:
        photos = await list_photos(session, trip.id)
    return next(str(photo.id) for photo in photos if photo.file_name == name)


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
