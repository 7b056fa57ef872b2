"""Trips by JSON."""

from uuid import uuid4

import pytest
from httpx import AsyncClient

from contravento.kit.resources import Resources
from tests.api.conftest import RunJobs, send_photo, send_track
from tests.support.counting import reads, statements
from tests.support.factories import STORY
from tests.support.queue import list_queued

TRIPS = "/api/v1/trips"


async def test_a_trip_goes_from_draft_to_published(signed_in: AsyncClient) -> None:
    made = await signed_in.post(TRIPS, json={"title": "Duero", "story": STORY})
    assert made.status_code == 201, made.text
    trip = made.json()
    assert trip["is_published"] is False
    assert trip["slug"].startswith("duero-")

    published = await signed_in.put(f"{TRIPS}/{trip['id']}/publication")

    assert published.status_code == 200, published.text
    assert published.json()["is_published"] is True


async def test_publishing_twice_is_harmless_and_unpublishing_hides(
    signed_in: AsyncClient, client: AsyncClient, trip_id: str
) -> None:
    first = await signed_in.put(f"{TRIPS}/{trip_id}/publication")
    again = await signed_in.put(f"{TRIPS}/{trip_id}/publication")
    assert first.json()["published_at"] == again.json()["published_at"]
    assert (await client.get(f"{TRIPS}/{trip_id}")).status_code == 200

    assert (await signed_in.delete(f"{TRIPS}/{trip_id}/publication")).status_code == 200
    assert (await client.get(f"{TRIPS}/{trip_id}")).status_code == 404


async def test_what_is_missing_is_said(signed_in: AsyncClient) -> None:
    made = await signed_in.post(TRIPS, json={"title": "", "story": "Too short."})
    refused = await signed_in.put(f"{TRIPS}/{made.json()['id']}/publication")

    assert refused.status_code == 409
    assert "a title" in refused.json()["detail"]
    assert "40 more characters of story" in refused.json()["detail"]


async def test_a_published_trip_keeps_what_publishing_asked_of_it(
    signed_in: AsyncClient, trip_id: str
) -> None:
    await signed_in.put(f"{TRIPS}/{trip_id}/publication")
    refused = await signed_in.patch(f"{TRIPS}/{trip_id}", json={"story": "Shorter."})

    assert refused.status_code == 409
    assert (await signed_in.get(f"{TRIPS}/{trip_id}")).json()["story"] == STORY


async def test_only_what_is_named_changes(signed_in: AsyncClient, trip_id: str) -> None:
    await signed_in.patch(
        f"{TRIPS}/{trip_id}", json={"starts_on": "2025-06-03", "tags": ["#River ", "river"]}
    )
    changed = await signed_in.patch(f"{TRIPS}/{trip_id}", json={"ends_on": "2025-06-15"})

    trip = changed.json()
    assert (trip["starts_on"], trip["ends_on"]) == ("2025-06-03", "2025-06-15")
    assert (trip["title"], trip["story"], trip["tags"]) == ("Down the Duero", STORY, ["river"])
    cleared = await signed_in.patch(f"{TRIPS}/{trip_id}", json={"ends_on": None})
    assert cleared.json()["ends_on"] is None


@pytest.mark.parametrize(
    "sent",
    [
        {"starts_on": "2025-06-15", "ends_on": "2025-06-03"},
        {"starts_on": "3 June"},
        {"title": "x" * 121},
        {"tags": [str(number) for number in range(11)]},
        {"audience": "friends"},
        {"title": "a\x00b"},
        {"slug": "mine"},
    ],
)
async def test_what_a_trip_cannot_be_is_said_at_its_field(
    sent: dict[str, object], signed_in: AsyncClient, trip_id: str
) -> None:
    """The same when it starts and when it changes; dates in order is a rule, not a type."""
    field = "ends_on" if "ends_on" in sent else next(iter(sent))
    for answer in (
        await signed_in.post(TRIPS, json=sent),
        await signed_in.patch(f"{TRIPS}/{trip_id}", json=sent),
    ):
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_refusal_speaks_the_riders_language(signed_in: AsyncClient, trip_id: str) -> None:
    sent = {"starts_on": "2025-06-15", "ends_on": "2025-06-03"}
    await signed_in.patch("/api/v1/me", json={"language": "en"})
    answer = await signed_in.patch(f"{TRIPS}/{trip_id}", json=sent)
    assert answer.json()["errors"][0]["message"] == "The last day is before the first."


@pytest.mark.parametrize(
    ("method", "end", "sent"),
    [
        ("GET", "", None),
        ("PATCH", "", {"title": "Mine"}),
        ("DELETE", "", None),
        ("PUT", "/publication", None),
        ("DELETE", "/publication", None),
        ("GET", "/photos", None),
        ("PUT", "/photos/order", {"ids": []}),
        ("GET", "/tracks", None),
        ("GET", "/geometry", None),
        ("GET", "/profile", None),
    ],
)
async def test_a_strangers_draft_reads_like_a_trip_that_is_not_there(
    method: str,
    end: str,
    sent: dict[str, object] | None,
    as_stranger: AsyncClient,
    trip_id: str,
) -> None:
    answers = [
        await as_stranger.request(method, f"{TRIPS}/{each}{end}", json=sent)
        for each in (trip_id, uuid4())
    ]
    hidden, missing = ({**answer.json(), "request_id": ""} for answer in answers)
    assert {answer.status_code for answer in answers} == {404}
    assert hidden == missing


async def test_nobody_changes_a_strangers_published_trip(
    signed_in: AsyncClient, as_stranger: AsyncClient, trip_id: str
) -> None:
    await signed_in.put(f"{TRIPS}/{trip_id}/publication")
    for method, sent in (("PATCH", {"title": "Mine"}), ("DELETE", None)):
        answer = await as_stranger.request(method, f"{TRIPS}/{trip_id}", json=sent)
        assert answer.status_code == 404
    assert (await signed_in.get(f"{TRIPS}/{trip_id}")).json()["title"] == "Down the Duero"


async def test_a_deleted_trip_takes_its_files_along(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs, resources: Resources
) -> None:
    await send_track(signed_in, trip_id)
    await send_photo(signed_in, trip_id)
    await jobs()

    assert (await signed_in.delete(f"{TRIPS}/{trip_id}")).status_code == 204
    assert (await signed_in.get(f"{TRIPS}/{trip_id}")).status_code == 404
    await jobs()
    assert resources.storage.folder
    assert [path for path in resources.storage.folder.rglob("*") if path.is_file()] == []


async def test_a_refused_request_queues_nothing(
    signed_in: AsyncClient, as_stranger: AsyncClient, trip_id: str, resources: Resources
) -> None:
    await as_stranger.delete(f"{TRIPS}/{trip_id}")
    await as_stranger.post(f"{TRIPS}/{trip_id}/tracks", files={"file": ("a.gpx", b"<gpx/>")})
    assert await list_queued(resources) == []


async def test_a_trip_takes_one_statement_beside_the_sign_in(
    signed_in: AsyncClient, client: AsyncClient, trip_id: str, resources: Resources
) -> None:
    await signed_in.put(f"{TRIPS}/{trip_id}/publication")
    for reader, count in ((client, 1), (signed_in, 2)):
        with statements(resources) as sent:
            await reader.get(f"{TRIPS}/{trip_id}")
        assert len(reads(sent)) == count


async def test_an_id_that_is_none_is_a_problem(client: AsyncClient) -> None:
    answer = await client.get(f"{TRIPS}/not-an-id")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "trip_id", "message": "This is not an id."}]
