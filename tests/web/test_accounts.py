"""The way in and out: signing up, confirming, signing in, forgetting."""

from collections.abc import Awaitable, Callable

import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import func, select
from starlette.types import ASGIApp

from contravento.accounts import rules
from contravento.accounts.models import EmailToken, Rider, SignIn
from contravento.kit.resources import Resources
from contravento.web.auth import local_path
from tests.support import factories
from tests.support.factories import PASSWORD
from tests.support.mailbox import Mailbox

type Jobs = Callable[[], Awaitable[list[str]]]

NEWCOMER = {
    "username": "ines",
    "email": "ines@example.org",
    "password": "no water before Almaraz",
    "rules": "on",
}


async def sign_in(client: AsyncClient, login: str = "maite", **more: str) -> Response:
    return await client.post("/sign-in", data={"login": login, "password": PASSWORD, **more})


async def test_the_whole_way_in(client: AsyncClient, jobs: Jobs, mailbox: Mailbox) -> None:
    sent = await client.post("/sign-up", data=NEWCOMER)
    assert sent.status_code == 303
    told = await client.get(sent.headers["location"])
    assert "Look into your mail" in told.text
    assert 'href="/outbox"' in told.text
    await jobs()

    confirmed = await client.post(
        f"/confirm/{mailbox.last_token()}",
        data={"password": NEWCOMER["password"]},
        follow_redirects=True,
    )
    assert "Your address is confirmed." in confirmed.text
    assert (await client.get("/settings")).status_code == 200
    await client.post("/sign-out")

    credentials = {"login": "ines", "password": NEWCOMER["password"], "next": "/settings"}
    came_in = await client.post("/sign-in", data=credentials)
    assert came_in.status_code == 303
    assert came_in.headers["location"] == "/settings"
    assert "ines" in (await client.get("/settings")).text


async def test_looking_at_a_link_spends_nothing(
    client: AsyncClient, resources: Resources, jobs: Jobs, mailbox: Mailbox
) -> None:
    await client.post("/sign-up", data=NEWCOMER)
    await jobs()
    address = f"/confirm/{mailbox.last_token()}"

    for _ in range(2):
        looked = await client.get(address)
        assert looked.status_code == 200
        assert looked.headers["referrer-policy"] == "no-referrer"
        assert looked.headers["cache-control"] == "no-store"
    await client.head(address)
    async with resources.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(EmailToken)) == 1

    right = {"password": NEWCOMER["password"]}
    assert (await client.post(address, data=right)).status_code == 303
    for spent in (await client.post(address), await client.get(address)):
        assert spent.status_code == 410
        assert 'href="/confirm"' in spent.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"username": "a b"}, "Three to thirty letters"),
        ({"username": "admin"}, "That name is kept"),
        ({"username": "MAITE"}, "Somebody already rides as “MAITE”."),
        ({"email": "nowhere"}, "This does not read as an e-mail address."),
        ({"password": "velocidad"}, "9 characters; at least 12 are needed"),
        ({"password": "passwordpassword"}, "Too many people use this one."),
        ({"rules": ""}, "Please read them first."),
    ],
)
async def test_a_mistake_stands_at_its_field(
    client: AsyncClient, rider: Rider, change: dict[str, str], sentence: str
) -> None:
    data = {name: value for name, value in {**NEWCOMER, **change}.items() if value}
    shown = await client.post("/sign-up", data=data)

    assert shown.status_code == 422
    assert sentence in shown.text
    field = next(iter(change))
    assert f'id="new-{field}-error"' in shown.text
    assert "One thing to put right" in shown.text
    assert data["username"] in shown.text
    assert NEWCOMER["password"] not in shown.text


async def test_a_taken_name_and_a_short_password_are_said_at_once(
    client: AsyncClient, rider: Rider
) -> None:
    shown = await client.post(
        "/sign-up", data={**NEWCOMER, "username": "maite", "password": "velocidad"}
    )

    assert "Two things to put right" in shown.text
    assert 'href="#new-username"' in shown.text
    assert 'href="#new-password"' in shown.text


async def test_what_was_typed_is_shown_as_text(client: AsyncClient) -> None:
    shown = await client.post("/sign-up", data={**NEWCOMER, "username": '"><script>x</script>'})

    assert "<script>x" not in shown.text


async def test_sign_in_by_name_or_by_address(client: AsyncClient, rider: Rider) -> None:
    for login in ("maite", "MAITE@example.org"):
        client.cookies.clear()
        assert (await sign_in(client, login)).status_code == 303


@pytest.mark.parametrize("login", ["maite", "nobody"])
async def test_a_wrong_password_and_a_wrong_name_read_the_same(
    client: AsyncClient, rider: Rider, login: str
) -> None:
    shown = await client.post("/sign-in", data={"login": login, "password": "not this one"})

    assert shown.status_code == 422
    assert "That did not match." in shown.text
    assert f'value="{login}"' in shown.text
    assert "session" not in shown.cookies


async def test_a_wrong_password_forgets_neither_stay_nor_next(
    client: AsyncClient, rider: Rider
) -> None:
    shown = await client.post(
        "/sign-in", data={"login": "maite", "password": "not this one", "next": "/trips"}
    )

    assert '<input type="hidden" name="next" value="/trips">' in shown.text
    assert 'name="stay">' in shown.text


async def test_after_ten_tries_there_is_a_pause(client: AsyncClient, rider: Rider) -> None:
    wrong = {"login": "maite", "password": "not this one"}
    for _ in range(10):
        assert (await client.post("/sign-in", data=wrong)).status_code == 422

    paused = await sign_in(client)

    assert paused.status_code == 429
    assert "That was too often." in paused.text
    assert "It opens again in 15 minutes." in paused.text
    assert paused.headers["retry-after"] == "900"


async def test_a_success_forgets_the_tries_before(client: AsyncClient, rider: Rider) -> None:
    wrong = {"login": "maite", "password": "not this one"}
    for _ in range(2):
        for _ in range(9):
            await client.post("/sign-in", data=wrong)
        assert (await sign_in(client)).status_code == 303


async def test_one_address_may_not_try_many_names(
    client: AsyncClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "SIGN_IN_LIMIT_PER_ADDRESS", "3/15 minutes")
    for number in range(3):
        await sign_in(client, f"rider_{number}")

    assert (await sign_in(client, "rider_4")).status_code == 429


async def test_who_has_not_confirmed_is_offered_the_mail_again(
    client: AsyncClient, resources: Resources, jobs: Jobs, mailbox: Mailbox
) -> None:
    async with resources.transaction() as session:
        await factories.make_rider(session, username="ines", confirmed_at=None)
    refused = await sign_in(client, "ines")
    assert refused.status_code == 422
    assert 'form="again" name="email" value="ines"' in refused.text

    again = await client.post("/confirm", data={"email": "ines"}, follow_redirects=True)
    await jobs()

    assert "Look into your mail" in again.text
    assert mailbox.last.to == "ines@example.org"


@pytest.mark.parametrize("path", ["/confirm", "/forgotten"])
async def test_nobody_learns_who_has_a_diary(
    client: AsyncClient, rider: Rider, jobs: Jobs, path: str
) -> None:
    known = await client.post(path, data={"email": "maite@example.org"})
    unknown = await client.post(path, data={"email": "nobody@example.org"})

    assert known.status_code == unknown.status_code == 303
    assert known.headers["location"] == unknown.headers["location"]
    assert known.content == unknown.content


async def test_mails_are_limited_for_known_and_unknown_alike(
    client: AsyncClient, rider: Rider
) -> None:
    for email in ("maite@example.org", "nobody@example.org"):
        for _ in range(5):
            assert (await client.post("/forgotten", data={"email": email})).status_code == 303
        assert (await client.post("/forgotten", data={"email": email})).status_code == 429


async def test_a_forgotten_password_is_replaced(
    client: AsyncClient, signed_in: AsyncClient, rider: Rider, jobs: Jobs, mailbox: Mailbox
) -> None:
    await client.post("/forgotten", data={"email": "maite@example.org"})
    await jobs()
    address = f"/reset/{mailbox.last_token()}"
    form = await client.get(address)
    assert form.headers["referrer-policy"] == "no-referrer"

    short = await client.post(address, data={"password": "velocidad"})
    assert short.status_code == 422
    assert "at least 12 are needed" in short.text
    assert (await client.get(address)).status_code == 200  # a mistake does not spend the link

    done = await client.post(address, data={"password": "a sail at Muxía"}, follow_redirects=True)
    assert "The new password holds." in done.text
    assert (await client.post(address, data={"password": "another sentence"})).status_code == 410
    assert (await client.get(address)).status_code == 410
    assert (await signed_in.get("/settings")).status_code == 303  # every device was signed out
    new = {"login": "maite", "password": "a sail at Muxía"}
    assert (await client.post("/sign-in", data=new)).status_code == 303


async def test_signing_out_ends_the_sign_in(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    cookie = signed_in.cookies["session"]
    gone = await signed_in.post("/sign-out")

    assert gone.status_code == 303
    assert 'session=""' in gone.headers["set-cookie"]
    signed_in.cookies.set("session", cookie)
    assert (await signed_in.get("/settings")).status_code == 303
    async with resources.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(SignIn)) == 0


async def test_who_is_signed_in_needs_no_gate(signed_in: AsyncClient) -> None:
    assert (await signed_in.get("/sign-in?next=/trips")).headers["location"] == "/trips"
    assert (await signed_in.get("/sign-up")).headers["location"] == "/"


async def test_a_page_for_riders_shows_the_way_in_and_back(client: AsyncClient) -> None:
    asked = await client.get("/trips?note=x")

    assert asked.status_code == 303
    assert asked.headers["location"] == "/sign-in?next=/trips%3Fnote%3Dx"
    assert 'name="next" value="/trips?note=x"' in (await client.get(asked.headers["location"])).text


@pytest.mark.parametrize(
    "given",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "trips", ""],
)
def test_only_paths_of_ours_are_followed(given: str) -> None:
    assert local_path(given) == "/"


def test_a_path_with_its_query_is_followed() -> None:
    assert local_path("/trips/a-b?x=1#files") == "/trips/a-b?x=1#files"


def secure_client(app: ASGIApp, resources: Resources) -> AsyncClient:
    async def with_state(scope, receive, send):  # type: ignore[no-untyped-def]
        scope["state"] = {"resources": resources}
        await app(scope, receive, send)

    return AsyncClient(
        transport=ASGITransport(app=with_state),
        base_url="https://test",
        headers={"Sec-Fetch-Site": "same-origin"},
    )


async def test_over_https_the_cookie_is_bound_to_the_host(
    app: ASGIApp, resources: Resources, rider: Rider
) -> None:
    async with secure_client(app, resources) as client:
        cookie = (await sign_in(client, stay="on")).headers["set-cookie"]
        assert (await client.get("/settings")).status_code == 200

    assert cookie.startswith("__Host-session=")
    for part in ("HttpOnly", "Path=/", "SameSite=lax", "Secure", "Max-Age=2592000"):
        assert part in cookie
    assert "Domain" not in cookie


async def test_over_http_the_cookie_has_the_plain_name(client: AsyncClient, rider: Rider) -> None:
    cookie, device = (await sign_in(client)).headers.get_list("set-cookie")

    assert device.startswith("device=")
    assert cookie.startswith("session=")
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie
    assert "Max-Age" not in cookie  # not asked to stay: it goes with the window


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {},
    ],
)
async def test_another_sites_form_does_nothing(
    app: ASGIApp, resources: Resources, rider: Rider, headers: dict[str, str]
) -> None:
    async with secure_client(app, resources) as client:
        await sign_in(client)
        del client.headers["Sec-Fetch-Site"]
        for path in ("/sign-out", "/trips", "/settings/devices/end", "/preview"):
            refused = await client.post(path, headers=headers)
            assert refused.status_code == 403, path
        assert (await client.get("/settings")).status_code == 200


async def test_another_site_cannot_sign_anybody_in(client: AsyncClient, rider: Rider) -> None:
    client.headers["Sec-Fetch-Site"] = "cross-site"

    assert (await sign_in(client)).status_code == 403


async def test_no_page_has_a_style_attribute(client: AsyncClient, signed_in: AsyncClient) -> None:
    for path in ("/sign-in", "/sign-up", "/confirm", "/forgotten", "/sent/reset"):
        assert "style=" not in (await client.get(path)).text, path
    for path in ("/settings", "/settings/deletion", "/trips"):
        assert "style=" not in (await signed_in.get(path)).text, path


async def test_there_are_no_other_sent_pages(client: AsyncClient) -> None:
    assert (await client.get("/sent/postcards")).status_code == 404


async def test_somebody_elses_sign_up_is_not_confirmed_without_its_password(
    client: AsyncClient, resources: Resources, jobs: Jobs, mailbox: Mailbox
) -> None:
    await client.post("/sign-up", data=NEWCOMER)
    await jobs()
    address = f"/confirm/{mailbox.last_token()}"
    for typed in ({}, {"password": "not it at all"}):
        shown = await client.post(address, data=typed)
        assert shown.status_code == 422
        assert "session" not in shown.cookies
    assert "That is not the password" in shown.text
    async with resources.transaction() as session:
        assert (await session.scalars(select(Rider))).one().confirmed_at is None
