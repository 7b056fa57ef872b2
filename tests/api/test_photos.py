"""Photos by JSON."""

import pytest
from httpx import AsyncClient

from contravento.kit.resources import Resources
from tests.api.conftest import RunJobs, jpeg, send_photo
from tests.support.queue import list_queued


async def test_a_photo_is_accepted_and_made_in_sizes(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    sent = await signed_in.post(
        f"/api/v1/trips/{trip_id}/photos",
        files={"file": ("ferry.jpg", jpeg())},
        data={"caption": " The ferry at noon "},
    )
    assert sent.status_code == 202, sent.text
    assert (sent.json()["state"], sent.json()["sizes"]) == ("queued", {})
    await jobs()

    photo = (await signed_in.get(f"/api/v1/photos/{sent.json()['id']}")).json()
    assert (photo["state"], photo["caption"]) == ("ready", "The ferry at noon")
    assert photo["sizes"]["small"] == {
        "url": f"/photos/{photo['id']}/small.jpg",
        "width": 400,
        "height": 267,
    }


async def test_a_photo_that_cannot_be_read_says_why(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    photo_id = await send_photo(signed_in, trip_id, b"GIF89a and no more")
    await jobs()
    photo = (await signed_in.get(f"/api/v1/photos/{photo_id}")).json()
    assert photo["state"] == "unreadable"
    assert "GIF" in photo["refusal"]["message"]


async def test_a_photo_over_twenty_megabytes_is_refused_and_nothing_kept(
    signed_in: AsyncClient, trip_id: str, resources: Resources
) -> None:
    assert resources.storage.folder
    for extra in (1, 2 * 1024 * 1024):
        answer = await signed_in.post(
            f"/api/v1/trips/{trip_id}/photos",
            files={"file": ("a.jpg", b" " * (20 * 1024 * 1024 + extra))},
        )
        assert answer.status_code == 413
        assert "20 MB" in answer.json()["detail"].replace("\N{NO-BREAK SPACE}", " ")
    assert list(resources.storage.folder.iterdir()) == []
    assert await list_queued(resources) == []


@pytest.mark.parametrize("caption", ["x" * 301, "a\x00b"])
async def test_a_caption_that_cannot_be_kept_is_refused(
    caption: str, signed_in: AsyncClient, trip_id: str, photo_id: str
) -> None:
    sent = await signed_in.post(
        f"/api/v1/trips/{trip_id}/photos",
        files={"file": ("a.jpg", jpeg())},
        data={"caption": caption},
    )
    changed = await signed_in.patch(f"/api/v1/photos/{photo_id}", json={"caption": caption})
    for answer in (sent, changed):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "caption"


async def test_what_is_said_of_a_photo_changes(signed_in: AsyncClient, photo_id: str) -> None:
    await signed_in.patch(f"/api/v1/photos/{photo_id}", json={"caption": "Noon"})
    changed = await signed_in.patch(f"/api/v1/photos/{photo_id}", json={"alt": "A ferry"})
    assert (changed.json()["caption"], changed.json()["alt"]) == ("Noon", "A ferry")


async def test_photos_stand_in_the_riders_order_and_the_first_is_the_cover(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    first, second, third = [await send_photo(signed_in, trip_id) for _ in range(3)]
    await jobs()
    await signed_in.put(f"/api/v1/trips/{trip_id}/publication")
    ordered = await signed_in.put(
        f"/api/v1/trips/{trip_id}/photos/order", json={"ids": [third, first]}
    )
    listed = (await signed_in.get(f"/api/v1/trips/{trip_id}/photos")).json()["items"]
    (entry,) = (await signed_in.get("/api/v1/feed")).json()["items"]

    assert [photo["id"] for photo in ordered.json()["items"]] == [third, first, second]
    assert [photo["id"] for photo in listed] == [third, first, second]
    assert entry["cover"]["photo_id"] == third

    assert (await signed_in.delete(f"/api/v1/photos/{third}")).status_code == 204
    (entry,) = (await signed_in.get("/api/v1/feed")).json()["items"]
    assert entry["cover"]["photo_id"] == first
    assert (await signed_in.get(f"/api/v1/photos/{third}")).status_code == 404


async def test_a_reader_is_shown_what_is_ready_and_changes_nothing(
    signed_in: AsyncClient, as_stranger: AsyncClient, trip_id: str, photo_id: str
) -> None:
    waiting = await send_photo(signed_in, trip_id)
    await signed_in.put(f"/api/v1/trips/{trip_id}/publication")

    listed = (await as_stranger.get(f"/api/v1/trips/{trip_id}/photos")).json()["items"]
    assert [(photo["id"], photo["file_name"]) for photo in listed] == [(photo_id, None)]
    answers = [
        await as_stranger.get(f"/api/v1/photos/{waiting}"),
        await as_stranger.patch(f"/api/v1/photos/{photo_id}", json={"alt": "mine"}),
        await as_stranger.delete(f"/api/v1/photos/{photo_id}"),
        await as_stranger.put(f"/api/v1/trips/{trip_id}/photos/order", json={"ids": [photo_id]}),
    ]
    assert {answer.status_code for answer in answers} == {404}
