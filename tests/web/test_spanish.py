"""What pages, errors and mails really say to somebody who reads Spanish."""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from httpx import AsyncClient, Response

from contravento.accounts.models import Rider
from contravento.kit.mail import FolderMailer
from contravento.kit.resources import Resources
from contravento.tracks import service as tracks
from contravento.trips.models import Trip
from contravento.trips.rules import Audience
from tests.support import factories
from tests.support.mailbox import Mailbox
from tests.support.spanish import PLACE, catalogue, entries, forms
from tests.web.making import add_photo, add_track, gpx

IN_SPANISH = {"Accept-Language": "es-ES,es;q=0.9", "Accept": "text/html"}
TELLING_CHARACTERS = 13  # shorter sentences may stand in a page by chance
STORY = "Pasada Zamora no había más sombra que la nuestra, y menguaba a cada hora que pasaba."
WEB_PAGE = b"<!doctype html><html><body>Nada</body></html>"
ENGLISH = re.compile(r"\b(?:the|and|of|with|your|this|that|is|was|not|from|for)\b", re.IGNORECASE)
ATTRIBUTE = re.compile(r'\b(?:alt|title|placeholder|content|aria-label|data-word-[\w-]+)="([^"]*)"')


@pytest.fixture
async def trips(resources: Resources, rider: Rider) -> list[Trip]:
    """A public one with all there can be, one by link, and a draft that a file was refused for."""
    words: dict[str, Any] = {"story": STORY, "excerpt": STORY}
    async with resources.transaction() as session:
        rider.language, rider.bio = "es", "Encuadernadora."
        session.add(await session.merge(rider))
        made = [
            await factories.make_trip(
                session, rider, title="Duero abajo", tags=["pistas"], **words
            ),
            await factories.make_trip(
                session, rider, title="Atajo", audience=Audience.LINK, **words
            ),
            await factories.make_trip(session, rider, title="", published=False, **words),
        ]
    await add_track(resources, made[0], gpx(name="Por el puerto"))
    await add_photo(resources, made[0])
    await add_photo(resources, made[0])
    await add_track(resources, made[2], odd_gpx())
    async with resources.transaction() as session:
        await tracks.upload_tracks(
            session,
            made[2].id,
            BytesIO(WEB_PAGE),
            file_name="ride.gpx",
            file_bytes=len(WEB_PAGE),
            rider_id=rider.id,
            storage=resources.storage,
        )
    return made


def odd_gpx() -> bytes:
    return re.sub(rb"<time>[^<]*</time>", b"", gpx(name="Otro"), count=3)


def leftovers(page: Response) -> list[str]:
    """English sentences that a page says although there is Spanish for them."""
    said = " ".join(
        unescape(re.sub(r"<(script|style)\b.*?</\1>", "", page.text, flags=re.S)).split()
    )
    left = []
    for entry in entries(catalogue()):
        for english, words in zip(forms(entry.id), forms(entry.string), strict=True):
            pieces = PLACE.sub("\0", english.replace("%%", "%")).split("\0")
            longest = max(pieces, key=len).strip()
            if len(longest) >= TELLING_CHARACTERS and longest not in words and longest in said:
                left.append(english)
    return left


def english_words(page: Response) -> list[str]:
    """Words that no Spanish page has, wherever somebody may read or hear them."""
    text = re.sub(r"<(script|style|code)\b.*?</\1>", "", page.text, flags=re.DOTALL)
    said = [re.sub(r"<[^>]*>", " ", text), *ATTRIBUTE.findall(text)]
    return [words for words in said if ENGLISH.search(unescape(words))]


def check_spanish(page: Response, status: int = 200) -> None:
    assert page.status_code == status, page.text[:300]
    assert '<html lang="es">' in page.text
    assert leftovers(page) == [], page.url
    assert english_words(page) == [], page.url


async def test_a_page_in_english_would_be_noticed(client: AsyncClient) -> None:
    page = await client.get("/privacy")

    assert "A draft is yours alone." in " ".join(leftovers(page))
    assert "Who sees what" in leftovers(page)
    assert english_words(page) != []


async def test_what_anybody_sees_is_in_spanish(client: AsyncClient, trips: list[Trip]) -> None:
    client.headers.update(IN_SPANISH)
    for path in (
        "/",
        "/?tag=pistas",
        "/?tag=nada",
        "/map",
        "/riders",
        "/riders/maite",
        f"/trips/{trips[0].slug}",
        f"/trips/{trips[1].slug}",
        "/about",
        "/rules",
        "/privacy",
        "/sign-in",
        "/sign-up",
        "/forgotten",
        "/confirm",
        "/sent/sign-up",
        "/sent/confirmation",
        "/sent/reset",
        "/sign-in?note=confirmed",
        "/sign-in?note=reset",
        "/sign-in?note=deleted",
    ):
        check_spanish(await client.get(path))


async def test_nothing_there_is_in_spanish(client: AsyncClient) -> None:
    client.headers.update(IN_SPANISH)
    for path in ("/", "/map", "/riders", "/outbox"):
        check_spanish(await client.get(path))


async def test_mistakes_are_in_spanish(client: AsyncClient, rider: Rider) -> None:
    client.headers.update(IN_SPANISH)
    wrong = {"username": "maite", "email": "nowhere", "password": "short"}
    empty = {"username": "", "email": "", "password": ""}

    check_spanish(await client.post("/sign-up", data=wrong), 422)
    check_spanish(await client.post("/sign-up", data=empty), 422)
    check_spanish(await client.post("/sign-in", data={"login": "maite", "password": "no"}), 422)
    check_spanish(await client.get("/confirm/abc"), 410)
    check_spanish(await client.get("/reset/abc"), 410)
    check_spanish(await client.get("/no-such-page"), 404)
    check_spanish(await client.put("/about"), 405)
    check_spanish(
        await client.post("/sign-in", headers={"Sec-Fetch-Site": "cross-site"}, data=wrong), 403
    )


async def test_an_outage_is_in_spanish(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object, **_options: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("contravento.feed.queries.list_entries", fail)
    check_spanish(await client.get("/?tag=pistas", headers=IN_SPANISH), 503)


async def test_what_a_rider_sees_is_in_spanish(
    signed_in: AsyncClient,
    resources: Resources,
    trips: list[Trip],
    jobs: Callable[[], Awaitable[Any]],
) -> None:
    public, linked, draft = (f"/trips/{trip.slug}" for trip in trips)
    for path in (
        "/",
        "/trips",
        "/settings",
        "/settings/deletion",
        "/settings?note=password",
        "/settings?note=portrait",
        "/riders/maite",
        f"{draft}/edit",
    ):
        check_spanish(await signed_in.get(path))
    await jobs()
    for path in (
        linked,
        draft,
        f"{draft}/edit",
        f"{public}/edit",
        f"{draft}/deletion",
        f"{public}/deletion",
    ):
        check_spanish(await signed_in.get(path))


async def test_a_riders_mistakes_are_in_spanish(signed_in: AsyncClient, trips: list[Trip]) -> None:
    draft = f"/trips/{trips[2].slug}"
    backwards = {"title": "x" * 200, "starts_on": "2025-06-03", "ends_on": "nunca"}
    passwords = {"current": "not mine at all", "new": "short"}
    file = {"file": ("me.gif", b"GIF89a", "image/gif")}

    check_spanish(await signed_in.post(f"{draft}/edit", data=backwards), 422)
    check_spanish(await signed_in.post(f"{draft}/publication", data={"story": "Corto."}), 409)
    stale = {"title": "Otro", "updated_at": "2001-01-01T00:00:00+00:00"}
    check_spanish(await signed_in.post(f"{draft}/edit", data=stale), 409)
    check_spanish(await signed_in.post("/settings/password", data=passwords), 422)
    check_spanish(await signed_in.post("/settings/photo", files=file), 422)
    check_spanish(await signed_in.post("/settings/tokens", data={"name": ""}), 422)
    check_spanish(await signed_in.post("/settings/tokens", data={"name": "notas"}))
    check_spanish(await signed_in.post("/preview", data={"story": "Uno."}))


# Mails, and answers to programs.


async def test_mails_are_in_the_riders_spanish(
    client: AsyncClient, mailbox: Mailbox, resources: Resources, jobs: Callable[[], Awaitable[Any]]
) -> None:
    wanted = {
        "username": "Itziar_O",
        "email": "itziar@example.org",
        "password": "una frase corta mía",
        "rules": "on",
    }
    await client.post("/sign-up", data=wanted, headers=IN_SPANISH)
    await jobs()

    mail = mailbox.last
    assert mail.subject == "Confirma tu dirección"
    assert mail.text.startswith(
        "¿Eres tú, Itziar_O?\n\nAlguien ha empezado un diario en ContraVento con esta dirección."
        " Si has sido tú, ábrelo aquí:\n\nhttp://test/confirm/"
    )
    assert "Sin ese clic la cuenta desaparece sola." in mail.text
    assert '<html lang="es">' in (mail.html or "")

    check_spanish(await client.get(f"/confirm/{mailbox.last_token()}", headers=IN_SPANISH))
    assert resources.settings.mail_folder
    await FolderMailer(resources.settings.mail_folder, "ContraVento").send(mail)
    check_spanish(await client.get("/outbox", headers=IN_SPANISH))


async def test_a_reset_speaks_the_riders_language_not_the_browsers(
    client: AsyncClient, mailbox: Mailbox, trips: list[Trip], jobs: Callable[[], Awaitable[Any]]
) -> None:
    await client.post("/forgotten", data={"email": "maite"})
    await jobs()

    assert mailbox.last.subject == "Una contraseña nueva"
    assert "El enlace sirve una sola vez, durante una hora." in mailbox.last.text
    path, short = f"/reset/{mailbox.last_token()}", {"password": "corta"}
    check_spanish(await client.get(path, headers=IN_SPANISH))
    check_spanish(await client.post(path, data=short, headers=IN_SPANISH), 422)


@pytest.mark.parametrize(
    ("given", "title", "message"),
    [
        ({"email": "nowhere"}, "Algo que arreglar", "Esto no parece una dirección de correo."),
        ({"username": "maite"}, "Tal como está, no", "Ya hay alguien que rueda como «maite»."),
        ({"colour": "red"}, "Algo que arreglar", "No existe ese campo."),
        (
            {"password": "short"},
            "Algo que arreglar",
            "Hay 5 de los 12 caracteres que hacen falta como mínimo."
            " Lo más fácil es una frase corta.",
        ),
    ],
)
async def test_programs_are_refused_in_spanish(
    client: AsyncClient, rider: Rider, given: dict[str, str], title: str, message: str
) -> None:
    whole = {"username": "ines", "email": "ines@example.org", "password": "una frase corta mía"}
    answer = await client.post("/api/v1/accounts", json=whole | given, headers=IN_SPANISH)

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == title
    assert [error["message"] for error in answer.json()["errors"]] == [message]


async def test_what_the_framework_refuses_is_told_in_spanish(client: AsyncClient) -> None:
    wrong_way = await client.put("/api/v1/feed", headers=IN_SPANISH)
    nowhere = await client.get("/api/v1/nowhere", headers=IN_SPANISH)

    assert wrong_way.json()["detail"] == "Esta dirección no admite ese tipo de petición."
    assert nowhere.json()["detail"] == "Aquí no hay nada, o no se ha compartido contigo."


async def test_choices_and_what_is_missing_are_listed_in_spanish(
    signed_in: AsyncClient, trips: list[Trip]
) -> None:
    path = f"/api/v1/trips/{trips[2].id}"
    odd = await signed_in.patch(path, json={"audience": "aliens"})
    early = await signed_in.put(f"{path}/publication")

    assert odd.json()["errors"][0]["message"] == (
        "Elige uno de estos: 'everyone', 'followers', 'link', 'me'."
    )
    assert early.json()["detail"] == "Para publicarlo, aún le falta: un título."


async def test_a_tracks_report_is_in_spanish(signed_in: AsyncClient, trips: list[Trip]) -> None:
    answer = await signed_in.get(f"/api/v1/trips/{trips[2].id}/tracks")

    (report,) = [item["report"] for item in answer.json()["items"] if item["report"]]
    assert {each["code"]: each["message"] for each in report} == {
        "partly_timed": "Puntos sin hora: 3 de 82."
    }
