"""What riders change about themselves."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from io import BytesIO

import pytest
from httpx import AsyncClient
from PIL import Image
from sqlalchemy import func, select, update

from contravento.accounts.models import PersonalToken, Rider, SignIn
from contravento.kit.clock import now
from contravento.kit.resources import Resources
from contravento.photos.rules import MAX_PHOTO_BYTES
from contravento.web.settings import describe_agent
from tests.conftest import sign_in
from tests.support.factories import PASSWORD

type Jobs = Callable[[], Awaitable[list[str]]]

FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


async def reload(resources: Resources, rider: Rider) -> Rider | None:
    async with resources.transaction() as session:
        return await session.get(Rider, rider.id, populate_existing=True)


def picture() -> bytes:
    content = BytesIO()
    Image.new("RGB", (300, 400), "steelblue").save(content, "JPEG")
    return content.getvalue()


async def test_the_profile_is_saved(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    saved = await signed_in.post(
        "/settings/profile",
        data={"name": "Maite A.", "bio": "Rides against it.\r\nAlways.", "language": "en"},
        follow_redirects=True,
    )

    assert "Saved." in saved.text
    current = await reload(resources, rider)
    assert current
    assert (current.name, current.bio) == ("Maite A.", "Rides against it.\nAlways.")


async def test_a_name_may_be_taken_back(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    await signed_in.post("/settings/profile", data={"name": "", "bio": "", "language": "en"})

    current = await reload(resources, rider)
    assert current
    assert current.name == ""


async def test_a_new_language_holds_on_this_device(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    saved = await signed_in.post("/settings/profile", data={"language": "es"})

    assert saved.cookies["language"] == "es"
    current = await reload(resources, rider)
    assert current
    assert current.language == "es"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "x" * 61}, "At most 60 characters, please."),
        ({"bio": "x" * 601}, "At most 600 characters, please."),
        ({"bio": "\x00"}, "A character in it cannot be kept."),
        ({"language": "fr"}, "Choose one of en, es."),
    ],
)
async def test_a_mistake_in_the_profile_is_shown_with_what_was_typed(
    signed_in: AsyncClient, change: dict[str, str], sentence: str
) -> None:
    typed = {"name": "<b>Maite", "bio": "", "language": "en", **change}
    shown = await signed_in.post("/settings/profile", data=typed)

    assert shown.status_code == 422
    assert sentence in shown.text
    assert "<b>Maite" not in shown.text


async def test_a_portrait_is_made_and_removed(
    signed_in: AsyncClient, resources: Resources, rider: Rider, jobs: Jobs
) -> None:
    files = {"file": ("me.jpg", picture(), "image/jpeg")}
    sent = await signed_in.post("/settings/photo", files=files, follow_redirects=True)
    assert "Portrait received." in sent.text
    await jobs()
    assert "/riders/maite/portrait/small.jpg" in (await signed_in.get("/settings")).text

    await signed_in.post("/settings/photo/removal")

    current = await reload(resources, rider)
    assert current
    assert current.portrait is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b"not a picture at all", "This is not a picture we can read."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is a drawing in SVG."),
        (b"\xff\xd8\xff" + bytes(MAX_PHOTO_BYTES), "This file is larger than 20 MB."),
    ],
)
async def test_a_portrait_that_cannot_be_is_refused_at_once(
    signed_in: AsyncClient, jobs: Jobs, content: bytes, sentence: str
) -> None:
    shown = await signed_in.post("/settings/photo", files={"file": ("me.jpg", content)})

    assert shown.status_code == 422
    assert sentence in shown.text
    assert await jobs() == []


async def test_a_portrait_that_turns_out_to_be_damaged_is_said(
    signed_in: AsyncClient, resources: Resources, rider: Rider, jobs: Jobs
) -> None:
    whole = picture()
    half = {"file": ("me.jpg", whole[: len(whole) // 2], "image/jpeg")}
    await signed_in.post("/settings/photo", files=half)
    await jobs()

    said = "The last picture was not taken. The end of this picture is missing"
    assert said in (await signed_in.get("/settings")).text
    assert (await signed_in.get("/api/v1/me")).json()["portrait_refusal"]["code"] == "CutShort"
    assert resources.storage.folder
    assert [path for path in resources.storage.folder.rglob("*") if path.is_file()] == []

    await signed_in.post("/settings/photo", files={"file": ("me.jpg", whole, "image/jpeg")})
    await jobs()
    assert said not in (await signed_in.get("/settings")).text


async def test_sending_no_file_is_refused(signed_in: AsyncClient) -> None:
    shown = await signed_in.post("/settings/photo", files={"file": ("", b"")})

    assert shown.status_code == 422


async def test_a_new_password_signs_the_other_devices_out(
    signed_in: AsyncClient, client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    await sign_in(client, resources, rider)
    changed = await signed_in.post(
        "/settings/password",
        data={"current": PASSWORD, "new": "a sail at Muxía"},
        follow_redirects=True,
    )

    assert "The new password holds." in changed.text
    assert (await client.get("/settings")).status_code == 303


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({"current": "not it at all", "new": "a sail at Muxía"}, "current", "not your present"),
        ({"current": PASSWORD, "new": "velocidad"}, "new", "at least 12 are needed"),
    ],
)
async def test_a_refused_password_changes_nothing(
    signed_in: AsyncClient, client: AsyncClient, data: dict[str, str], field: str, sentence: str
) -> None:
    shown = await signed_in.post("/settings/password", data=data)

    assert shown.status_code == 422
    assert f'id="{field}-error"' in shown.text
    assert sentence in shown.text
    signed = await client.post("/sign-in", data={"login": "maite", "password": PASSWORD})
    assert signed.status_code == 303


async def test_guessing_the_password_from_within_is_limited(signed_in: AsyncClient) -> None:
    wrong = {"current": "not it at all", "new": "a sail at Muxía"}
    for _ in range(10):
        assert (await signed_in.post("/settings/password", data=wrong)).status_code == 422

    assert (await signed_in.post("/settings/password", data=wrong)).status_code == 429
    assert (await signed_in.post("/settings/deletion", data=wrong)).status_code == 429


async def test_one_device_is_ended(
    signed_in: AsyncClient, client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    await client.post(
        "/sign-in",
        data={"login": "maite", "password": PASSWORD},
        headers={"User-Agent": FIREFOX},
    )
    assert "Firefox, Android" in (await signed_in.get("/settings")).text
    async with resources.transaction() as session:
        other = await session.scalar(select(SignIn.id).where(SignIn.agent == FIREFOX))

    await signed_in.post(f"/settings/devices/{other}/end")

    assert (await client.get("/settings")).status_code == 303
    assert (await signed_in.get("/settings")).status_code == 200


async def test_a_device_says_when_it_was_last_seen(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        await session.execute(update(SignIn).values(seen_at=now() - timedelta(days=3)))
    await signed_in.get("/trips")

    async with resources.transaction() as session:
        seen = await session.scalar(select(SignIn.seen_at))
    assert seen
    assert now() - seen < timedelta(minutes=1)


async def test_nobody_ends_anothers_device(
    signed_in: AsyncClient, as_stranger: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        mine = await session.scalar(select(SignIn.id).where(SignIn.rider_id == rider.id))

    await as_stranger.post(f"/settings/devices/{mine}/end")

    assert (await signed_in.get("/settings")).status_code == 200


async def test_signing_out_everywhere_leaves_no_device(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    done = await signed_in.post("/settings/devices/end", follow_redirects=True)

    assert "Signed out everywhere." in done.text
    async with resources.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(SignIn)) == 0


async def test_a_token_is_shown_once_and_works(signed_in: AsyncClient, client: AsyncClient) -> None:
    made = await signed_in.post(
        "/settings/tokens", data={"name": "<i>backup", "scopes": "read", "days": "30"}
    )
    token = made.text.split('id="token-value">')[1].split("<")[0]
    assert token.startswith("cv_")
    assert "<i>backup" not in made.text
    assert token not in (await signed_in.get("/settings")).text

    bearer = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/settings", headers=bearer)).status_code == 403
    refused = await client.post("/api/v1/trips", json={}, headers=bearer)
    assert refused.status_code == 403  # it may only read


async def test_a_token_without_an_end_is_deleted(
    signed_in: AsyncClient, as_stranger: AsyncClient, resources: Resources
) -> None:
    await signed_in.post("/settings/tokens", data={"name": "x", "scopes": "write", "days": ""})
    async with resources.transaction() as session:
        token = await session.scalar(select(PersonalToken))
    assert token
    assert token.expires_at is None
    assert token.scopes == ["read", "write"]

    await as_stranger.post(f"/settings/tokens/{token.id}/removal")
    assert "no end" in (await signed_in.get("/settings")).text
    await signed_in.post(f"/settings/tokens/{token.id}/removal")

    async with resources.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(PersonalToken)) == 0


async def test_a_token_needs_a_name(signed_in: AsyncClient) -> None:
    shown = await signed_in.post("/settings/tokens", data={"name": "", "scopes": "read"})

    assert shown.status_code == 422
    assert 'id="token-name-error"' in shown.text


async def test_the_diary_is_deleted_with_the_password(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    assert "Your password" in (await signed_in.get("/settings/deletion")).text
    wrong = await signed_in.post("/settings/deletion", data={"current": "not it at all"})
    assert wrong.status_code == 422
    assert 'id="current-error"' in wrong.text
    assert await reload(resources, rider)

    gone = await signed_in.post(
        "/settings/deletion", data={"current": PASSWORD}, follow_redirects=True
    )

    assert "Your diary is gone." in gone.text
    async with resources.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Rider)) == 0


@pytest.mark.parametrize(
    "path",
    ["profile", "photo", "photo/removal", "password", "devices/end", "tokens", "deletion"],
)
async def test_nobody_changes_anything_without_signing_in(client: AsyncClient, path: str) -> None:
    assert (await client.post(f"/settings/{path}")).status_code == 401


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Linux"),
        ("curl/8.14.1", "curl/8.14.1"),
        ("", ""),
    ],
)
def test_an_agent_reads_as_a_device(agent: str, words: str) -> None:
    assert describe_agent(agent) == words


@pytest.mark.parametrize(
    ("path", "section"),
    [("tokens", "tokens"), ("profile", "profile"), ("password", "password"), ("photo", "portrait")],
)
async def test_the_address_of_an_answered_form_leads_back_to_the_settings(
    signed_in: AsyncClient, path: str, section: str
) -> None:
    answer = await signed_in.get(f"/settings/{path}")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/settings#{section}"
