"""What caches may keep: never what somebody signed in is shown, and all that everyone may see."""

import re

import pytest
from httpx import AsyncClient, Response
from starlette.types import ASGIApp

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.trips.rules import Audience
from tests.api.conftest import grant
from tests.conftest import open_client
from tests.support.factories import make_cookie
from tests.support.reading import readable_paths
from tests.test_visibility import BROWSER, SURFACES, Shown, show

# Which answers are the same for everybody who has not signed in, and by what they change.
SHARED = {
    **dict.fromkeys(
        ("/", "/feed.atom", "/feed.json", "/map", "/map/tours.json", "/riders", "/api/v1/feed"),
        "lists",
    ),
    **dict.fromkeys(("/about", "/rules", "/privacy"), "site"),
    **dict.fromkeys(("/api/v1/riders/{username}",), "rider"),
    **dict.fromkeys(
        (
            "/riders/{username}",
            "/riders/{username}/feed.atom",
            "/riders/{username}/feed.json",
            "/api/v1/riders/{username}/trips",
            "/api/v1/riders/{username}/statistics",
        ),
        "rider lists",
    ),
    **dict.fromkeys(
        (
            "/trips/{slug}",
            "/photos/{photo_id}/{size}.jpg",
            "/photos/{photo_id}/{size}.webp",
            "/photos/{photo_id}/{version}/{size}.jpg",
            "/photos/{photo_id}/{version}/{size}.webp",
            "/api/v1/photos/{photo_id}",
            "/api/v1/tracks/{track_id}",
            "/api/v1/tracks/{track_id}/file",
            "/api/v1/tracks/{track_id}/geometry",
            "/api/v1/tracks/{track_id}/profile",
            "/api/v1/trips/{trip_id}",
            "/api/v1/trips/{trip_id}/file",
            "/api/v1/trips/{trip_id}/geometry",
            "/api/v1/trips/{trip_id}/photos",
            "/api/v1/trips/{trip_id}/profile",
            "/api/v1/trips/{trip_id}/tracks",
            "/api/v1/trips/{trip_id}/transfers",
            "/api/v1/trips/{trip_id}/waypoints",
        ),
        "trip rider",
    ),
}
# The same whoever asks, until there is another release.
FOR_LONGER = ("/favicon.ico", "/robots.txt")
PLACES = {
    "size": "small",
    "ending": "gpx",
    "code": "es",
    "what": "sign-up",
    "matter": "tokens",
    "step": "photos",
    "token": "x",
    "file": "x",
}


def addresses(app: ASGIApp) -> list[str]:
    """Without one that asks over several connections at once, of which a test has a single one."""
    return [path for path in readable_paths(app) if path != "/health/ready"]


@pytest.fixture
async def shown(resources: Resources, rider: Rider) -> Shown:
    return await show(resources, rider, Audience.EVERYONE, published=True)


def filled(path: str, shown: Shown) -> str:
    values = {
        "trip_id": shown.trip.id,
        "track_id": shown.track_id,
        "photo_id": shown.photo_id,
        "version": shown.photo_version,
        "slug": shown.trip.slug,
        "username": shown.rider.username,
        **PLACES,
    }
    return path.format(**values)


def is_shared(answer: Response) -> bool:
    told = " ".join(answer.headers.get_list("Cache-Control"))
    said = {"Surrogate-Key", "X-Accel-Expires"} & {name.title() for name in answer.headers}
    return "public" in told or "s-maxage" in told or bool(said)


async def test_what_everyone_may_see_is_shared_and_nothing_else(
    app: ASGIApp, client: AsyncClient, shown: Shown
) -> None:
    names = {f"trip-{shown.trip.id}": "trip", f"rider-{shown.rider.id}": "rider"}
    found = {}
    for path in addresses(app):
        answer = await client.get(filled(path, shown), headers=BROWSER)
        if path not in FOR_LONGER and is_shared(answer):
            assert answer.status_code == 200, path
            assert "max-age=" in answer.headers["Cache-Control"], path
            browser = "immutable" if "{version}" in path else "must-revalidate"
            assert f"{browser}, s-maxage=1" in answer.headers["Cache-Control"], path
            assert answer.headers["ETag"], path
            keys = answer.headers["Surrogate-Key"].split()
            found[path] = " ".join(names.get(key, key) for key in keys)
    assert found == SHARED


@pytest.mark.parametrize("sign", ["cookie", "odd cookie", "second cookie", "token", "no token"])
async def test_who_says_who_they_are_gets_nothing_that_is_shared(
    sign: str, app: ASGIApp, resources: Resources, rider: Rider, shown: Shown
) -> None:
    async with open_client(app, resources) as client:
        async with resources.transaction() as session:
            cookie = await make_cookie(session, rider)
        headers = {
            "cookie": {"Cookie": f"session={cookie}"},
            "odd cookie": {"Cookie": f"a=b;session = {cookie}"},
            "second cookie": {"Cookie": f"language=es; session={cookie}"},
            "token": {},
            "no token": {"Authorization": "Basic bm9ib2R5"},
        }[sign]
        if sign == "token":
            await grant(client, rider)
            client.cookies.clear()
        for path in addresses(app):
            asked = BROWSER | headers | {"Edge-Second": "1763900000"}
            answer = await client.get(filled(path, shown), headers=asked)
            assert not is_shared(answer), (path, dict(answer.headers))
            kept = answer.headers["Cache-Control"]
            assert "private" in kept or "no-store" in kept, (path, kept)


async def test_what_a_stranger_may_not_see_is_not_shared(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    draft = await show(resources, rider, Audience.EVERYONE, published=False)
    for surface in SURFACES:
        answer = await client.get(draft.fill(surface), headers=BROWSER)
        assert answer.status_code == 404
        assert not is_shared(answer), surface


async def test_every_answer_says_what_caches_may_do(
    app: ASGIApp, client: AsyncClient, shown: Shown
) -> None:
    """Nothing is left to guesses: some caches keep even a 404 that says nothing of it."""
    for path in addresses(app):
        for accept in ("text/html", "application/json"):
            answer = await client.get(filled(path, shown), headers={"Accept": accept})
            assert answer.headers.get("Cache-Control"), path


async def test_the_edge_is_told_until_when_by_its_own_clock(client: AsyncClient) -> None:
    asked = await client.get("/", headers={"Edge-Second": "1763900000"})
    plain = await client.get("/")

    assert asked.headers["X-Accel-Expires"] == "@1763900000"
    assert asked.headers["Cache-Control"].endswith("s-maxage=1, stale-while-revalidate=1")
    assert "X-Accel-Expires" not in plain.headers
    assert "stale-while-revalidate" not in plain.headers["Cache-Control"]


@pytest.mark.parametrize("second", ["", "-1", "9999999999999", "1e9", "@1", "x", "\xb2"])
async def test_an_odd_second_is_none(second: str, client: AsyncClient) -> None:
    answer = await client.get("/", headers=[(b"Edge-Second", second.encode("latin-1"))])

    assert "X-Accel-Expires" not in answer.headers


async def test_a_page_is_sent_once_while_it_stays_the_same(
    client: AsyncClient, shown: Shown
) -> None:
    for path in ("/", "/map", "/riders", f"/trips/{shown.trip.slug}", "/about"):
        first = await client.get(path)
        tag = first.headers["ETag"]
        again = await client.get(path, headers={"If-None-Match": tag})
        spanish = await client.get(path, headers={"If-None-Match": tag, "Accept-Language": "es"})

        assert (again.status_code, again.content) == (304, b""), path
        assert spanish.status_code == 200, path
        # A browser takes these over for the page that it has.
        for name in ("Cache-Control", "Content-Security-Policy", "ETag", "Surrogate-Key"):
            assert again.headers[name] == first.headers[name], (path, name)


async def test_a_page_changes_its_tag_with_its_content(
    client: AsyncClient, signed_in: AsyncClient, shown: Shown
) -> None:
    first = (await client.get("/")).headers["ETag"]
    change = {"title": "Up the Duero"}
    await signed_in.patch(f"/api/v1/trips/{shown.trip.id}", json=change)

    assert (await client.get("/", headers={"If-None-Match": first})).status_code == 200


async def test_a_signed_in_page_has_no_tag_and_is_kept_nowhere(signed_in: AsyncClient) -> None:
    page = await signed_in.get("/")

    assert page.headers["Cache-Control"] == "no-store"
    assert "ETag" not in page.headers


async def test_who_looks_is_part_of_what_an_answer_varies_by(
    app: ASGIApp, client: AsyncClient, shown: Shown
) -> None:
    alike = {path for path in SHARED if path.endswith((".atom", ".json"))}  # signed in or not
    for path in SHARED.keys() - alike:
        vary = (await client.get(filled(path, shown))).headers["Vary"]
        assert {"Authorization", "Cookie"} <= set(re.split(r",\s*", vary)), path
