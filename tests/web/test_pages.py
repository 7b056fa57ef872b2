"""Languages, plain pages, errors, and what programs look for."""

import pytest
from httpx import AsyncClient
from starlette.types import ASGIApp, Message

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from tests.support import factories


@pytest.mark.parametrize(
    ("back", "where"),
    [
        ("/trips/x-1?a=b&c=%C3%A9", "/trips/x-1?a=b&c=%C3%A9"),
        ("/", "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("https:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        (" //evil.example", "/"),
        ("evil.example", "/"),
    ],
)
async def test_choosing_a_language_leads_back_to_our_own_pages_only(
    client: AsyncClient, back: str, where: str
) -> None:
    answer = await client.get("/language/es", params={"back": back})

    assert answer.status_code == 303
    assert answer.headers["location"] == where
    assert "language=es" in answer.headers["set-cookie"]
    assert "Max-Age=31536000" in answer.headers["set-cookie"]
    assert "a=b" not in answer.headers["set-cookie"]


async def test_the_choice_is_kept_by_browser_and_rider(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    await signed_in.get("/language/es")

    async with resources.transaction() as session:
        assert (await session.get_one(Rider, rider.id)).language == "es"
    assert '<html lang="es">' in (await signed_in.get("/")).text
    await signed_in.get("/language/en")
    assert '<html lang="en">' in (await signed_in.get("/")).text


async def test_a_language_we_do_not_speak_is_not_found(client: AsyncClient) -> None:
    answer = await client.get("/language/xx")

    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


async def test_pages_speak_the_browsers_language(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        await factories.make_trip(
            session, rider, countries=["ES"], distance_metres=1_014_000, ascent_metres=18_360
        )

    english = (await client.get("/")).text
    spanish = (await client.get("/", headers={"Accept-Language": "es-ES,es;q=0.9,en;q=0.5"})).text

    assert "1,014 <small>km</small>" in english
    assert "18,360 <small>m</small>" in english
    assert "20–29 September 2025" in english
    assert "1014 <small>km</small>" in spanish
    assert "18\u202f360 <small>m</small>" in spanish
    assert "20–29 de septiembre de 2025" in spanish
    assert "<b>España</b>" in spanish


@pytest.mark.parametrize("path", ["/about", "/rules", "/privacy"])
async def test_plain_pages_are_there(client: AsyncClient, path: str) -> None:
    page = await client.get(path)

    assert page.status_code == 200
    assert page.text.count("<h1>") == 1
    assert "%" not in page.text.partition("<main")[2].partition("</main>")[0]


async def test_programs_find_what_they_look_for(client: AsyncClient) -> None:
    robots = await client.get("/robots.txt")
    mark = await client.get("/favicon.ico")

    assert robots.headers["content-type"].startswith("text/plain")
    assert "Disallow: /api/" in robots.text
    assert mark.status_code == 302
    assert (await client.get(mark.headers["location"])).headers["content-type"] == "image/svg+xml"


async def test_an_error_is_a_page_with_weather_and_a_number_to_quote(client: AsyncClient) -> None:
    page = await client.get("/no-such-page?x=<script>")

    assert page.status_code == 404
    assert "<h1>Not found</h1>" in page.text
    assert page.headers["x-request-id"] in page.text
    assert 'class="map weather"' in page.text
    assert "<script>" not in page.text.partition("<main")[2]
    assert '<meta name="robots" content="noindex">' in page.text


@pytest.mark.parametrize("path", ["/", "/map", "/riders", "/about", "/no-such-page"])
async def test_pages_keep_to_the_content_policy(client: AsyncClient, path: str) -> None:
    page = await client.get(path, headers={"Accept": "text/html"})

    assert " style=" not in page.text
    assert " onclick=" not in page.text
    assert "<style" not in page.text
    assert "includeIndicatorStyles" in page.text
    assert "style-src 'self';" in page.headers["content-security-policy"]


async def test_an_outage_is_told_without_the_database(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object, **_options: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("contravento.feed.queries.list_entries", fail)
    page = await client.get("/?tag=gravel")

    assert page.status_code == 503
    assert page.headers["retry-after"] == "20"
    assert "<output data-retry>20</output>" in page.text
    assert 'href="/?tag=gravel">Try again now</a>' in page.text
    assert 'href="/riders"' not in page.text


async def test_the_server_still_knows_that_it_was_asked_for_the_head_alone(
    app: ASGIApp, resources: Resources
) -> None:
    """Else it waits for the body that Content-Length announces, and gives up the connection."""
    scope = {
        "type": "http",
        "method": "HEAD",
        "path": "/robots.txt",
        "raw_path": b"/robots.txt",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
        "state": {"resources": resources},
        "http_version": "1.1",
        "server": ("test", 80),
        "client": ("127.0.0.1", 1),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)

    assert scope["method"] == "HEAD"
    assert sent[0]["status"] == 200
    assert not any(message.get("body") for message in sent)


async def test_a_refusal_does_not_look_signed_out_to_who_is_signed_in(
    signed_in: AsyncClient, client: AsyncClient
) -> None:
    lost = await signed_in.get("/no-such-page", headers={"Accept": "text/html"})
    assert lost.status_code == 404
    assert "Maite Arrieta" in lost.text
    assert "Maite Arrieta" not in (await client.get("/no-such-page")).text


async def test_an_address_that_no_page_can_have_is_a_page_not_found(client: AsyncClient) -> None:
    lost = await client.get("/photos/no-id/small.jpg", headers={"Accept": "text/html"})
    assert lost.status_code == 404
    assert "<h1>Not found</h1>" in lost.text


async def test_the_page_about_us_promises_nothing_that_is_not_there(client: AsyncClient) -> None:
    page = await client.get("/about")

    assert "take it all with you" not in page.text
    assert 'href="/api"' in page.text
