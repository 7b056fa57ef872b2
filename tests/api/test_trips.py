"""Trips by JSON."""

from httpx import AsyncClient

from tests.factories import STORY


async def test_a_trip_goes_from_draft_to_published(signed_in: AsyncClient) -> None:
    made = await signed_in.post("/api/v1/trips", json={"title": "Duero", "story": STORY})
    assert made.status_code == 201, made.text
    trip = made.json()
    assert trip["is_published"] is False
    assert trip["slug"].startswith("duero-")

    published = await signed_in.put(f"/api/v1/trips/{trip['id']}/publication")

    assert published.status_code == 200, published.text
    assert published.json()["is_published"] is True


async def test_what_is_missing_is_said(signed_in: AsyncClient) -> None:
    made = await signed_in.post("/api/v1/trips", json={"title": "", "story": "Too short."})
    refused = await signed_in.put(f"/api/v1/trips/{made.json()['id']}/publication")

    assert refused.status_code == 409
    assert "a title" in refused.json()["detail"]
    assert "40 more characters of story" in refused.json()["detail"]


async def test_the_same_key_does_a_thing_once(signed_in: AsyncClient) -> None:
    key = {"Idempotency-Key": "a-key-of-mine"}
    first = await signed_in.post("/api/v1/trips", json={"title": "Once"}, headers=key)
    again = await signed_in.post("/api/v1/trips", json={"title": "Once"}, headers=key)
    other = await signed_in.post("/api/v1/trips", json={"title": "Twice"}, headers=key)

    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 409
