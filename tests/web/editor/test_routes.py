"""Writing a trip: the desk, saving, publishing, taking down, deleting."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import event

from contravento.accounts.models import Rider
from contravento.kit.clock import now
from contravento.kit.resources import Resources
from contravento.trips.models import Trip
from contravento.trips.rules import Audience
from tests.support import factories
from tests.web.editor.making import at, reload, stored, typed

type Jobs = Callable[[], Awaitable[list[str]]]


QUERIES_OF_THE_EDITOR = 4  # who, the trip, its tracks, its photos


async def test_your_trips_begin_empty(signed_in: AsyncClient) -> None:
    shown = await signed_in.get("/trips")

    assert "Nothing here yet, not a breath" in shown.text
    assert 'name="with" value="file"' in shown.text


@pytest.mark.parametrize(
    ("beginning", "where"), [("file", "#files"), ("title", "#title"), ("", "")]
)
async def test_a_draft_is_begun(
    signed_in: AsyncClient, resources: Resources, beginning: str, where: str
) -> None:
    begun = await signed_in.post("/trips", data={"with": beginning})

    assert begun.status_code == 303
    assert re.fullmatch(rf"/trips/\w{{12}}/edit{where}", begun.headers["location"])
    editor = await signed_in.get(begun.headers["location"])
    assert editor.status_code == 200
    assert "A new draft. Only you can see it." in editor.text
    assert "A trip without a title" in (await signed_in.get("/trips")).text


async def test_there_is_a_most_of_trips(
    signed_in: AsyncClient, draft: Trip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contravento.trips.service.MAX_TRIPS", 1)
    refused = await signed_in.post("/trips")

    assert refused.status_code == 422
    assert "One diary holds at most 1 trips." in refused.text


async def test_the_list_tells_drafts_from_published_ones(
    signed_in: AsyncClient, draft: Trip, published: Trip
) -> None:
    shown = (await signed_in.get("/trips")).text

    assert "Draft" in shown
    assert f'href="/trips/{draft.slug}/edit"' in shown
    assert "Everyone can read it" in shown
    assert f'href="/trips/{published.slug}"' in shown


async def test_the_desk_asks_few_questions(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    asked: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(resources.engine.sync_engine, "before_cursor_execute", count)
    await signed_in.get(at(draft, "edit"))
    event.remove(resources.engine.sync_engine, "before_cursor_execute", count)

    assert len(asked) == QUERIES_OF_THE_EDITOR, asked


async def test_saving_without_a_script(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    changes = {
        "title": "Up the Duero",
        "story": "First line.\r\nSecond line.",
        "tags": "Gravel, river ,, gravel",
        "audience": "link",
        "ends_on": "2025-10-01",
    }
    saved = await signed_in.post(
        at(draft, "edit"), data=typed(draft, **changes), follow_redirects=True
    )

    assert saved.status_code == 200
    assert "Up the Duero" in saved.text
    trip = await stored(resources, draft)
    assert trip.story == "First line.\nSecond line."
    assert trip.tags == ["gravel", "river"]
    assert trip.audience is Audience.LINK
    assert trip.ends_on == date(2025, 10, 1)


async def test_tags_can_all_be_taken_off(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider, tags=["gravel"])
    await signed_in.post(at(trip, "edit"), data=typed(trip, tags=""))

    assert (await stored(resources, trip)).tags == []


async def test_what_a_form_does_not_name_stays(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    """A trip for followers shows no radio of the others chosen; saving must not widen it."""
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider, audience=Audience.FOLLOWERS)
    assert 'value="followers" checked' in (await signed_in.get(at(trip, "edit"))).text
    data = typed(trip)
    del data["audience"]
    await signed_in.post(at(trip, "edit"), data=data)

    assert (await stored(resources, trip)).audience is Audience.FOLLOWERS


async def test_dates_that_a_track_gave_meanwhile_are_kept(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider, starts_on=None, ends_on=None)
        shown = typed(trip)
        trip.starts_on = trip.ends_on = date(2025, 6, 3)
    await signed_in.post(at(trip, "edit"), data=shown)

    assert (await stored(resources, trip)).starts_on == date(2025, 6, 3)


async def test_dates_can_be_emptied(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    await signed_in.post(at(draft, "edit"), data=typed(draft, starts_on="", ends_on=""))

    trip = await stored(resources, draft)
    assert (trip.starts_on, trip.ends_on) == (None, None)


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"title": "x" * 121}, "title", "At most 120 characters"),
        ({"ends_on": "2025-01-01"}, "ends_on", "The last day is before the first."),
        ({"starts_on": "yesterday"}, "starts_on", "This is not a date"),
        ({"tags": ", ".join("abcdefghijk")}, "tags", "At most 10, please."),
    ],
)
async def test_a_mistake_holds_up_only_itself(
    signed_in: AsyncClient,
    resources: Resources,
    draft: Trip,
    change: dict[str, str],
    field: str,
    sentence: str,
) -> None:
    data = typed(draft, story="Something that must not be lost.", **change)
    shown = await signed_in.post(at(draft, "edit"), data=data)

    assert shown.status_code == 422
    assert f'id="{field}-error"' in shown.text
    assert sentence in shown.text
    assert "Saved, all but one thing." in shown.text
    assert next(iter(change.values())) in shown.text
    trip = await stored(resources, draft)
    assert trip.story == "Something that must not be lost."
    assert trip.ends_on == date(2025, 9, 29)


async def test_what_was_typed_is_shown_as_text(signed_in: AsyncClient, draft: Trip) -> None:
    bad = "</textarea><script>x</script>"
    data = typed(draft, title=f'"{bad}', story=bad, tags=f'"{bad}'[:30])
    for shown in (
        await signed_in.post(at(draft, "edit"), data=data, follow_redirects=True),
        await signed_in.post(at(draft, "edit"), data={**data, "ends_on": "2025-01-01"}),
        await signed_in.get("/trips"),
    ):
        assert "<script>x" not in shown.text


async def test_a_form_from_before_anothers_change_overwrites_nothing(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    early = typed(draft, story="From the old window.")
    await signed_in.post(at(draft, "edit"), data=typed(draft, story="From the new window."))

    refused = await signed_in.post(at(draft, "edit"), data=early)

    assert refused.status_code == 409
    assert "From the old window." in refused.text
    assert "From the new window." in refused.text
    assert (await stored(resources, draft)).story == "From the new window."

    seen = re.search(r'name="updated_at" value="([^"]+)"', refused.text)
    assert seen
    again = {**early, "updated_at": seen[1]}
    assert (await signed_in.post(at(draft, "edit"), data=again)).status_code == 303
    assert (await stored(resources, draft)).story == "From the old window."


async def test_publishing_saves_and_shows_the_trip(
    signed_in: AsyncClient, client: AsyncClient, resources: Resources, draft: Trip
) -> None:
    data = typed(draft, title="Out in the open")
    done = await signed_in.post(at(draft, "publication"), data=data)

    assert done.status_code == 303
    trip = await stored(resources, draft)
    assert trip.is_published
    assert trip.title == "Out in the open"
    assert done.headers["location"] == f"/trips/{trip.slug}"
    assert "Everyone can read it." in (await signed_in.get(at(trip, "edit"))).text


async def test_publishing_says_what_is_missing(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    data = typed(draft, title="", story="Only this.")
    refused = await signed_in.post(at(draft, "publication"), data=data)

    assert refused.status_code == 409
    assert "Not published yet." in refused.text
    assert '<a href="#title">a title</a>' in refused.text
    assert '<a href="#story">40 more characters of story</a>' in refused.text
    assert '<a href="#files">a track or a photograph, if you have one</a>' in refused.text
    trip = await stored(resources, draft)
    assert not trip.is_published
    assert trip.story == "Only this."


async def test_a_trip_is_taken_down(
    signed_in: AsyncClient, client: AsyncClient, resources: Resources, published: Trip
) -> None:
    done = await signed_in.post(
        at(published, "withdrawal"), data=typed(published, story="Too short now.")
    )

    assert done.headers["location"] == at(published, "edit")
    trip = await stored(resources, published)
    assert not trip.is_published
    assert trip.story == "Too short now."
    assert (await client.get(f"/trips/{published.slug}")).status_code == 404


async def test_deleting_asks_once(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    asked = await signed_in.get(at(draft, "deletion"))
    assert "Delete this draft?" in asked.text
    assert "0 tracks and 0 photographs" in asked.text
    assert await reload(resources, draft)

    gone = await signed_in.post(at(draft, "deletion"), follow_redirects=True)

    assert "The trip is gone." in gone.text
    assert await reload(resources, draft) is None


@pytest.mark.parametrize("what", ["edit", "deletion"])
async def test_a_stranger_finds_no_desk(
    as_stranger: AsyncClient, client: AsyncClient, published: Trip, what: str
) -> None:
    assert (await as_stranger.get(at(published, what))).status_code == 404
    assert (await client.get(at(published, what))).status_code == 303


@pytest.mark.parametrize(
    "what", ["edit", "autosave", "publication", "withdrawal", "deletion", "tracks", "photos"]
)
async def test_a_stranger_changes_nothing(
    as_stranger: AsyncClient, client: AsyncClient, resources: Resources, published: Trip, what: str
) -> None:
    data = typed(published, title="Mine now")
    files = {"file": ("a.gpx", b"<gpx/>")} if what in ("tracks", "photos") else None
    assert (await as_stranger.post(at(published, what), data=data, files=files)).status_code == 404
    assert (await client.post(at(published, what), data=data, files=files)).status_code == 401

    trip = await stored(resources, published)
    assert trip.title == "Down the Duero"
    assert trip.is_published


async def test_an_address_that_is_none_is_not_found(signed_in: AsyncClient) -> None:
    assert (await signed_in.get("/trips/no-such-trip/edit")).status_code == 404


async def test_yesterdays_saving_says_its_day(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    async with resources.transaction() as session:
        trip = await session.get_one(Trip, draft.id)
        trip.updated_at = now() - timedelta(days=2)
    shown = (await signed_in.get(at(draft, "edit"))).text

    assert f"Saved on {trip.updated_at.day} " in shown
