"""The caller's own account by JSON."""

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, text

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from tests.api.conftest import RunJobs, grant, jpeg, odd_gpx, send_photo, send_track
from tests.support import factories
from tests.support.queue import list_queued

ME = "/api/v1/me"
SIGN_IN_NEEDED = [
    ("GET", ME),
    ("PATCH", ME),
    ("DELETE", ME),
    ("PUT", f"{ME}/password"),
    ("PUT", f"{ME}/photo"),
    ("DELETE", f"{ME}/photo"),
    ("GET", f"{ME}/trips"),
    ("GET", f"{ME}/tokens"),
    ("POST", f"{ME}/tokens"),
    ("GET", "/api/v1/sessions"),
    ("DELETE", "/api/v1/sessions"),
    ("DELETE", "/api/v1/sessions/current"),
    ("POST", "/api/v1/trips"),
]


@pytest.mark.parametrize(("method", "address"), SIGN_IN_NEEDED)
async def test_nobody_is_asked_to_sign_in_first(
    method: str, address: str, program: AsyncClient
) -> None:
    sent = {"password": factories.PASSWORD, "current": "x", "new": "y", "name": "z"}
    if method in ("GET", "DELETE") and address != ME:
        answer = await program.request(method, address)
    else:
        answer = await program.request(method, address, json=sent)
    assert answer.status_code in (401, 422)
    if answer.status_code == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_rider_reads_their_own_account(signed_in: AsyncClient) -> None:
    me = (await signed_in.get(ME)).json()
    assert (me["username"], me["email"], me["verified"]) == ("maite", "maite@example.org", True)
    assert (me["name"], me["bio"], me["language"]) == ("Maite Arrieta", "", "en")
    assert (me["portrait"], me["is_admin"]) == (None, False)


async def test_only_what_is_named_changes(signed_in: AsyncClient) -> None:
    changed = await signed_in.patch(ME, json={"bio": "Slowly, mostly.", "language": "es"})
    assert changed.status_code == 200
    assert changed.json()["bio"] == "Slowly, mostly."
    assert changed.json()["name"] == "Maite Arrieta"
    assert (await signed_in.get(ME)).json()["language"] == "es"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "x" * 61},
        {"bio": "x" * 601},
        {"bio": "a\x00b"},
        {"language": "fr"},
        {"is_admin": True},
        {"username": "other"},
        {"email": "other@example.org"},
    ],
)
async def test_what_a_profile_cannot_be_is_refused(
    changes: dict[str, object], signed_in: AsyncClient
) -> None:
    answer = await signed_in.patch(ME, json=changes)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in changes


async def test_a_changed_password_signs_the_other_devices_out(
    program: AsyncClient, signed_in: AsyncClient, rider: Rider
) -> None:
    await grant(program, rider)
    new = "another road to Soria"
    answer = await signed_in.put(f"{ME}/password", json={"current": factories.PASSWORD, "new": new})

    assert answer.status_code == 204
    assert (await signed_in.get(ME)).status_code == 200
    assert (await program.get(ME)).status_code == 401
    del program.headers["Authorization"]
    again = await program.post("/api/v1/sessions", json={"login": "maite", "password": new})
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("current", "new", "status", "field"),
    [
        ("not this one at all", "another road to Soria", 403, "current"),
        (factories.PASSWORD, "short", 422, "password"),
        (factories.PASSWORD, "maite@example.org", 422, "password"),
    ],
)
async def test_a_password_change_is_refused(
    current: str, new: str, status: int, field: str, signed_in: AsyncClient
) -> None:
    answer = await signed_in.put(f"{ME}/password", json={"current": current, "new": new})
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == field


async def test_a_deleted_account_leaves_no_row_and_no_file(
    signed_in: AsyncClient, resources: Resources, jobs: RunJobs, rider: Rider
) -> None:
    made = await signed_in.post("/api/v1/trips", json={"title": "Gone"})
    trip_id = made.json()["id"]
    await send_track(signed_in, trip_id, odd_gpx())
    await send_photo(signed_in, trip_id)
    await signed_in.put(f"{ME}/photo", files={"file": ("me.jpg", jpeg())})
    await jobs()
    assert _files(resources)

    wrong = await signed_in.request("DELETE", ME, json={"password": "not this one at all"})
    right = await signed_in.request("DELETE", ME, json={"password": factories.PASSWORD})
    await jobs()

    assert (wrong.status_code, right.status_code) == (403, 204)
    assert _files(resources) == []
    assert (await signed_in.get(ME)).status_code == 401
    async with resources.transaction() as session:
        for table in ("riders", "trips", "tracks", "photos", "sign_ins", "track_days"):
            counted = select(func.count()).select_from(text(table))
            assert await session.scalar(counted) == 0, table


def _files(resources: Resources) -> list[str]:
    assert resources.storage.folder
    return [path.name for path in resources.storage.folder.rglob("*") if path.is_file()]


async def test_a_portrait_is_made_in_two_sizes_and_taken_away(
    signed_in: AsyncClient, jobs: RunJobs, resources: Resources
) -> None:
    sent = await signed_in.put(f"{ME}/photo", files={"file": ("me.jpg", jpeg())})
    assert (sent.status_code, sent.json()) == (202, {"state": "queued"})
    await jobs()

    portrait = (await signed_in.get(ME)).json()["portrait"]
    assert {name: size["width"] for name, size in portrait.items()} == {"large": 512, "small": 128}

    assert (await signed_in.delete(f"{ME}/photo")).status_code == 204
    assert (await signed_in.get(ME)).json()["portrait"] is None
    await jobs()
    assert _files(resources) == []


async def test_a_portrait_needs_a_file_with_something_in_it(
    signed_in: AsyncClient, resources: Resources
) -> None:
    empty = await signed_in.put(f"{ME}/photo", files={"file": ("me.jpg", b"")})
    none = await signed_in.put(f"{ME}/photo", json={"file": "me.jpg"})

    assert (empty.status_code, none.status_code) == (422, 422)
    assert none.json()["errors"][0]["field"] == "file"
    assert await list_queued(resources) == []


async def test_ones_own_list_holds_drafts(signed_in: AsyncClient, trip_id: str) -> None:
    listed = (await signed_in.get(f"{ME}/trips")).json()
    assert [trip["id"] for trip in listed["items"]] == [trip_id]
    assert listed["next"] is None


async def test_a_personal_token_is_shown_once_and_ends_when_deleted(
    signed_in: AsyncClient, program: AsyncClient
) -> None:
    made = await signed_in.post(f"{ME}/tokens", json={"name": "laptop", "days": 30})
    token = made.json()["token"]
    listed = (await signed_in.get(f"{ME}/tokens")).json()["items"]

    assert made.status_code == 201
    assert token.startswith("cv_")
    assert [item["name"] for item in listed] == ["laptop"]
    assert "token" not in listed[0]
    assert listed[0]["expires_at"]

    program.headers["Authorization"] = f"Bearer {token}"
    assert (await program.get(ME)).status_code == 200
    await signed_in.delete(f"{ME}/tokens/{listed[0]['id']}")
    assert (await program.get(ME)).status_code == 401


async def test_a_token_does_what_its_scopes_say(
    signed_in: AsyncClient, program: AsyncClient
) -> None:
    for scopes, status in ((["read"], 403), (["read", "write"], 201)):
        made = await signed_in.post(f"{ME}/tokens", json={"name": "x", "scopes": scopes})
        program.headers["Authorization"] = f"Bearer {made.json()['token']}"
        assert (await program.get(ME)).status_code == 200
        started = await program.post("/api/v1/trips", json={"title": "By a program"})
        assert started.status_code == status


async def test_a_personal_token_does_not_decide_over_the_account(
    signed_in: AsyncClient, program: AsyncClient
) -> None:
    made = await signed_in.post(f"{ME}/tokens", json={"name": "x", "scopes": ["read", "write"]})
    program.headers["Authorization"] = f"Bearer {made.json()['token']}"
    new = {"current": factories.PASSWORD, "new": "another road to Soria"}
    answers = [
        await program.post(f"{ME}/tokens", json={"name": "more"}),
        await program.get(f"{ME}/tokens"),
        await program.put(f"{ME}/password", json=new),
        await program.request("DELETE", ME, json={"password": factories.PASSWORD}),
        await program.delete("/api/v1/sessions"),
    ]
    assert {answer.status_code for answer in answers} == {403}


async def test_nobody_ends_a_strangers_token(
    signed_in: AsyncClient, as_stranger: AsyncClient
) -> None:
    made = (await signed_in.post(f"{ME}/tokens", json={"name": "mine"})).json()
    await as_stranger.delete(f"{ME}/tokens/{made['id']}")
    assert len((await signed_in.get(f"{ME}/tokens")).json()["items"]) == 1


async def test_an_old_token_opens_nothing(
    signed_in: AsyncClient, program: AsyncClient, resources: Resources
) -> None:
    made = (await signed_in.post(f"{ME}/tokens", json={"name": "old", "days": 1})).json()
    async with resources.transaction() as session:
        await session.execute(text("UPDATE personal_tokens SET expires_at = now()"))
    program.headers["Authorization"] = f"Bearer {made['token']}"
    assert (await program.get(ME)).status_code == 401
