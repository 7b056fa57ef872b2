"""What every JSON answer has in common: problems, origins, languages, the description."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import AsyncClient
from pydantic import ValidationError
from starlette.types import ASGIApp

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.main import create_app
from contravento.trips.inputs import TripDraft
from tests.api.conftest import grant
from tests.conftest import make_settings, open_client
from tests.support import factories

TRIPS = "/api/v1/trips"
APP = "https://app.example.org"


async def test_a_body_that_is_no_json_is_a_problem(signed_in: AsyncClient) -> None:
    for content, kind in ((b"{", "application/json"), (b"\xff\xfe", "application/json")):
        answer = await signed_in.post(TRIPS, content=content, headers={"Content-Type": kind})
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == "application/problem+json"
    form = await signed_in.post(TRIPS, data={"title": "by form"})
    assert form.status_code == 422


async def test_a_body_is_bounded(signed_in: AsyncClient) -> None:
    answer = await signed_in.post(TRIPS, json={"story": "x" * 2_200_000})
    assert answer.status_code == 413
    assert "1\N{NO-BREAK SPACE}MB" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/api/v1/accounts", {f"f{number}": 0 for number in range(5000)}),
        ("/api/v1/sessions", {f"f{number}": 0 for number in range(5000)}),
        (TRIPS, {f"f{number}": 0 for number in range(150_000)}),
        (TRIPS, {"tags": [0] * 400_000}),
    ],
    ids=["accounts", "sessions", "trips", "tags"],
)
async def test_a_heap_of_mistakes_gets_a_short_answer(
    address: str, body: dict[str, object], signed_in: AsyncClient
) -> None:
    """As one mistake does, in what it says and in how many errors are made of it."""
    answer = await signed_in.post(address, json=body)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) <= 20
    assert len(answer.content) < 5000


def test_mistakes_beyond_the_first_fields_are_not_collected() -> None:
    with pytest.raises(ValidationError) as wrong:
        TripDraft.model_validate({f"f{number}": 0 for number in range(1000)})
    assert wrong.value.error_count() == 1


async def test_too_many_bytes_for_an_account_are_not_read(client: AsyncClient) -> None:
    for address in ("/api/v1/accounts", "/api/v1/sessions", "/sign-up"):
        answer = await client.post(address, json={"username": "x" * 70_000})
        assert answer.status_code == 413


async def test_a_refused_method_is_told_all_that_the_path_takes(
    client: AsyncClient, trip_id: str
) -> None:
    expected = {
        f"{TRIPS}/{trip_id}": "HEAD, GET, PATCH, DELETE",
        "/api/v1/me": "HEAD, GET, PATCH, DELETE",
        "/api/v1/me/password": "PUT",
        "/api/v1/sessions": "HEAD, GET, POST, DELETE",
        "/sign-in": "HEAD, GET, POST",
        "/settings/tokens": "HEAD, GET, POST",
    }
    for address, methods in expected.items():
        method = "OPTIONS" if "PUT" in methods else "PUT"
        answer = await client.request(method, address)
        assert (answer.status_code, answer.headers["allow"]) == (405, methods), address


async def test_a_problem_has_what_the_standard_says(client: AsyncClient) -> None:
    for address, status in (("/api/v1/nothing", 404), ("/api/v1/me", 401)):
        answer = await client.get(address)
        assert answer.status_code == status
        assert answer.json().keys() >= {"type", "title", "status", "detail"}
        assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
    wrong = await client.patch("/api/v1/feed")
    assert wrong.status_code == 405
    assert wrong.headers["content-type"] == "application/problem+json"


async def test_what_another_site_sends_with_a_riders_cookie_is_refused(
    signed_in: AsyncClient,
) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    ):
        answer = await signed_in.post(TRIPS, json={"title": "Forged"}, headers=headers)
        assert answer.status_code == 403
        assert "another site" in answer.json()["detail"]
    del signed_in.headers["Sec-Fetch-Site"]
    for headers in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}):
        answer = await signed_in.post(TRIPS, json={"title": "Forged"}, headers=headers)
        assert answer.status_code == 403
    honest = await signed_in.post(TRIPS, json={"title": "Mine"}, headers={"Origin": "http://test"})
    assert honest.status_code == 201


async def test_only_the_named_origins_are_let_in(resources: Resources, rider: Rider) -> None:
    settings = resources.settings.model_copy(update={"cors_origins": (APP,)})
    app = create_app(settings, resources)
    async with open_client(app, resources) as client:
        for origin, allowed in ((APP, APP), ("https://evil.example", None)):
            ask = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            preflight = await client.options(TRIPS, headers=ask)
            plain = await client.get("/api/v1/feed", headers={"Origin": origin})
            assert preflight.headers.get("Access-Control-Allow-Origin") == allowed
            assert plain.headers.get("Access-Control-Allow-Origin") == allowed
            assert "Access-Control-Allow-Credentials" not in plain.headers


async def test_a_program_at_a_named_origin_may_sign_in(resources: Resources, rider: Rider) -> None:
    settings = resources.settings.model_copy(update={"cors_origins": (APP,)})
    own = replace(resources, settings=settings)
    async with open_client(create_app(settings, own), own) as client:
        for origin, status in ((APP, 201), ("https://evil.example", 403)):
            answer = await client.post(
                "/api/v1/sessions",
                json={"login": "maite", "password": factories.PASSWORD},
                headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"},
            )
            assert answer.status_code == status


async def test_a_token_needs_no_origin(program: AsyncClient, rider: Rider) -> None:
    await grant(program, rider)
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await program.post(TRIPS, json={"title": "Mine"}, headers=headers)
    assert answer.status_code == 201


async def test_the_description_is_public(client: AsyncClient) -> None:
    page = await client.get("/api")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/openapi.json" in page.text
    assert "/api/v1/feed" in (await client.get("/api/openapi.json")).json()["paths"]


async def test_without_debug_there_is_no_description_at_the_addresses_of_developers(
    client: AsyncClient,
) -> None:
    for address in ("/docs", "/redoc", "/openapi.json"):
        assert (await client.get(address)).status_code == 404


@pytest.fixture
async def debugging(resources: Resources, tmp_path: Path) -> ASGIApp:
    settings = make_settings(resources.settings.database, tmp_path, debug=True)
    return create_app(settings, resources)


async def test_with_debug_the_page_shows_the_description_from_our_own_files(
    debugging: ASGIApp, resources: Resources
) -> None:
    async with open_client(debugging, resources) as client:
        page = await client.get("/docs")
        assert page.status_code == 200
        assert "https://" not in page.text
        for found in page.text.split('"'):
            if found.startswith(("/static/", "/api/openapi")):
                assert (await client.get(found)).status_code == 200, found
        described = (await client.get("/openapi.json")).json()
    assert described["components"]["securitySchemes"].keys() == {"bearer"}
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert any(status.startswith("2") for status in operation["responses"])


async def test_an_unforeseen_mistake_is_told_without_its_particulars(
    app: ASGIApp,
    resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("contravento.feed.queries.list_entries", fail)
    async with open_client(app, resources) as client:
        client._transport.raise_app_exceptions = False  # type: ignore[attr-defined]
        with caplog.at_level(logging.ERROR):
            answer = await client.get("/api/v1/feed")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


@pytest.mark.parametrize("kind", ["Basic eDp5", "Digest x", "x", ""])
async def test_beside_an_authorization_header_a_cookie_counts_for_nothing(
    kind: str, signed_in: AsyncClient
) -> None:
    headers = {"Authorization": kind, "Sec-Fetch-Site": "cross-site"}
    for method, address in (("POST", TRIPS), ("POST", "/trips"), ("GET", "/api/v1/me")):
        answer = await signed_in.request(method, address, headers=headers)
        assert answer.status_code == 401, address
