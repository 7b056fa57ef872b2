"""Accounts by JSON: signing up, confirming, forgotten passwords."""

from datetime import timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import text, update

from contravento.accounts.models import EmailToken, Rider
from contravento.kit.clock import now
from contravento.kit.resources import Resources
from tests.api.conftest import RunJobs
from tests.support import factories
from tests.support.counting import reads, statements
from tests.support.mailbox import Mailbox

NEW = {
    "username": "Itziar_O",
    "email": "itziar@example.org",
    "password": "a quiet road to Soria",
}


async def sign_up(client: AsyncClient, **changes: str) -> int:
    answer = await client.post("/api/v1/accounts", json={**NEW, **changes})
    return answer.status_code


async def refusal(client: AsyncClient, **changes: str) -> str:
    """The sentence about the one field that was wrong."""
    answer = await client.post("/api/v1/accounts", json={**NEW, **changes})
    assert answer.status_code in (409, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    (wrong,) = answer.json()["errors"]
    return f"{wrong['field']}: {wrong['message']}"


async def test_an_account_starts_unconfirmed(program: AsyncClient) -> None:
    answer = await program.post("/api/v1/accounts", json=NEW)

    assert answer.status_code == 201
    assert answer.json() == {
        "username": "Itziar_O",
        "email": "itziar@example.org",
        "verified": False,
    }


async def test_the_mailed_token_confirms_once(
    program: AsyncClient, jobs: RunJobs, mailbox: Mailbox
) -> None:
    await sign_up(program)
    await jobs()
    token = {"token": mailbox.last_token()}

    first = await program.post("/api/v1/accounts/verification", json=token)
    again = await program.post("/api/v1/accounts/verification", json=token)

    assert first.status_code == 204
    assert again.status_code == 422
    assert "has been used or is too old" in again.json()["detail"]


async def test_looking_at_a_link_does_not_spend_it(
    program: AsyncClient, jobs: RunJobs, mailbox: Mailbox
) -> None:
    await sign_up(program)
    await jobs()
    token = mailbox.last_token()

    for address in (f"/confirm/{token}", f"/api/v1/accounts/verification?token={token}"):
        await program.get(address, headers={"Accept": "text/html"})
    spent = await program.post("/api/v1/accounts/verification", json={"token": token})

    assert spent.status_code == 204


@pytest.mark.parametrize(
    ("purpose", "hours"), [("confirm", 24), ("reset", 1)], ids=["confirmation", "reset"]
)
async def test_a_mailed_link_lives_as_long_as_the_mail_says(
    purpose: str,
    hours: int,
    program: AsyncClient,
    rider: Rider,
    resources: Resources,
    jobs: RunJobs,
    mailbox: Mailbox,
) -> None:
    if purpose == "confirm":
        await sign_up(program)
    else:
        await program.post("/api/v1/password-reset", json={"email": rider.email})
    await jobs()
    token = mailbox.last_token()
    async with resources.transaction() as session:
        lifetime = await session.scalar(text("SELECT expires_at - created_at FROM mailed_links"))
        assert abs(lifetime - timedelta(hours=hours)) < timedelta(minutes=1)
        await session.execute(update(EmailToken).values(expires_at=now()))

    if purpose == "confirm":
        answer = await program.post("/api/v1/accounts/verification", json={"token": token})
    else:
        answer = await program.put(
            "/api/v1/password-reset", json={"token": token, "password": NEW["password"]}
        )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "token"


async def test_a_name_is_taken_whatever_its_case(program: AsyncClient, rider: Rider) -> None:
    assert "already rides as" in await refusal(program, username=rider.username.upper())


@pytest.mark.parametrize("email", ["maite@example.org", "MAITE@example.org", "new@example.org"])
async def test_signing_up_does_not_tell_whose_address_it_is(
    email: str, program: AsyncClient, rider: Rider, resources: Resources
) -> None:
    """Not by its answer, nor by what it asks of the database, nor by what can be done after."""
    with statements(resources) as sent:
        answer = await program.post("/api/v1/accounts", json={**NEW, "email": email})
    assert (answer.status_code, answer.json()["verified"]) == (201, False)
    assert len(reads(sent)) == 3
    assert "already rides as" in await refusal(program, email="other@example.org")
    for login, status in ((NEW["username"], 403), (email, 401)):
        tried = await program.post(
            "/api/v1/sessions", json={"login": login, "password": NEW["password"]}
        )
        assert tried.status_code == status


async def test_the_owner_of_an_address_is_told_that_somebody_tried(
    program: AsyncClient, rider: Rider, jobs: RunJobs, mailbox: Mailbox
) -> None:
    await sign_up(program, email=rider.email)
    await jobs()
    assert mailbox.last.to == rider.email
    assert "Somebody tried to start another diary" in mailbox.last.text
    assert "/confirm/" not in mailbox.last.text


async def test_an_address_belongs_to_who_proves_it_first(
    program: AsyncClient, jobs: RunJobs, mailbox: Mailbox
) -> None:
    tokens = []
    for name in ("first_one", "second_one"):
        assert await sign_up(program, username=name) == 201
        await jobs()
        tokens.append(mailbox.last_token())
    statuses = [
        (await program.post("/api/v1/accounts/verification", json={"token": token})).status_code
        for token in reversed(tokens)
    ]
    assert statuses == [204, 422]
    signed_in = await program.post(
        "/api/v1/sessions", json={"login": NEW["email"], "password": NEW["password"]}
    )
    assert signed_in.status_code == 201


@pytest.mark.parametrize(
    "address", ["/api/v1/accounts/verification-mail", "/api/v1/password-reset"]
)
async def test_asking_for_a_mail_takes_the_same_work_for_all(
    address: str, program: AsyncClient, rider: Rider, resources: Resources
) -> None:
    counts = []
    for email in (rider.email, "nobody@example.org"):
        with statements(resources) as sent:
            await program.post(address, json={"email": email})
        counts.append(len(reads(sent)))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("email", "kept"),
    [("me@bücher.example", "me@xn--bcher-kva.example"), ("me@example.org", "me@example.org")],
)
async def test_an_address_is_kept_as_mail_servers_write_it(
    email: str, kept: str, program: AsyncClient, jobs: RunJobs, mailbox: Mailbox
) -> None:
    assert await sign_up(program, email=email) == 201
    await jobs()
    assert mailbox.last.to == kept
    token = {"token": mailbox.last_token()}
    await program.post("/api/v1/accounts/verification", json=token)
    signed_in = await program.post(
        "/api/v1/sessions", json={"login": email, "password": NEW["password"]}
    )
    assert signed_in.status_code == 201


async def test_an_address_that_cannot_be_written_to_is_refused(program: AsyncClient) -> None:
    assert "plain letters, a to z, before the @" in await refusal(program, email="ñ@example.org")


@pytest.mark.parametrize("name", ["adm1n", "_admin_", "c0ntravento", "Mod-2026", "supp0rt"])
async def test_a_name_does_not_nearly_read_as_the_site(name: str, program: AsyncClient) -> None:
    assert "kept for the people who run" in await refusal(program, username=name)


@pytest.mark.parametrize("name", ["ab", "a" * 31, "über", "two words", "a@b", "naïve", "a\x00bc"])
async def test_a_name_has_three_to_thirty_plain_characters(name: str, program: AsyncClient) -> None:
    assert (await refusal(program, username=name)).startswith("username: ")


async def test_a_name_that_reads_as_the_site_is_kept(program: AsyncClient) -> None:
    assert "kept for the people who run" in await refusal(program, username="Admin")


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("elevenchars", "11 characters; at least 12 are needed"),
        ("x" * 60 + "yz" * 34 + "w", "At most 128 characters"),
        ("password1234", "Too many people use this one"),
        ("123456789012", "Too many people use this one"),
        ("Itziar_O2024!", "Too many people use this one"),
    ],
)
async def test_a_bad_password_is_refused_with_a_sentence(
    password: str, sentence: str, program: AsyncClient
) -> None:
    assert sentence in await refusal(program, password=password)


@pytest.mark.parametrize("length", [12, 128])
async def test_passwords_of_twelve_to_128_characters_are_taken(
    length: int, program: AsyncClient
) -> None:
    assert (
        await sign_up(program, password="Wqz7 mistral over the pass "[:length].ljust(length, "k"))
        == 201
    )


async def test_an_unconfirmed_rider_cannot_sign_in(program: AsyncClient) -> None:
    await sign_up(program)

    right = await program.post(
        "/api/v1/sessions", json={"login": NEW["username"], "password": NEW["password"]}
    )
    wrong = await program.post(
        "/api/v1/sessions", json={"login": NEW["username"], "password": "not this password"}
    )

    assert right.status_code == 403
    assert "open the link" in right.json()["detail"]
    assert wrong.status_code == 401


@pytest.mark.parametrize(
    "address", ["/api/v1/accounts/verification-mail", "/api/v1/password-reset"]
)
async def test_asking_for_a_mail_tells_nobody_who_is_here(
    address: str, program: AsyncClient, rider: Rider, resources: Resources
) -> None:
    async with resources.transaction() as session:
        waiting = await factories.make_rider(session, confirmed_at=None)

    answers = [
        await program.post(address, json={"email": email})
        for email in (rider.email, waiting.email, "nobody@example.org", "no address at all")
    ]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1


async def test_a_mail_goes_only_to_whoever_can_use_it(
    program: AsyncClient, rider: Rider, jobs: RunJobs, mailbox: Mailbox
) -> None:
    for email in (rider.email, "nobody@example.org"):
        await program.post("/api/v1/accounts/verification-mail", json={"email": email})
    await program.post("/api/v1/password-reset", json={"email": "nobody@example.org"})
    await jobs()
    assert mailbox.mails == []

    await program.post("/api/v1/password-reset", json={"email": rider.email.upper()})
    await jobs()
    assert [mail.to for mail in mailbox.mails] == [rider.email]


async def test_a_new_password_ends_every_session_and_works(
    program: AsyncClient, signed_in: AsyncClient, rider: Rider, jobs: RunJobs, mailbox: Mailbox
) -> None:
    await program.post("/api/v1/password-reset", json={"email": rider.email})
    await jobs()
    token = mailbox.last_token()
    sent = {"token": token, "password": "another road to Soria"}

    assert (await program.put("/api/v1/password-reset", json=sent)).status_code == 204
    assert (await program.put("/api/v1/password-reset", json=sent)).status_code == 422
    assert (await signed_in.get("/api/v1/me")).status_code == 401
    for password, status in ((sent["password"], 201), (factories.PASSWORD, 401)):
        answer = await program.post(
            "/api/v1/sessions", json={"login": rider.email, "password": password}
        )
        assert answer.status_code == status


async def test_a_refused_new_password_leaves_the_link_good(
    program: AsyncClient, rider: Rider, jobs: RunJobs, mailbox: Mailbox
) -> None:
    await program.post("/api/v1/password-reset", json={"email": rider.email})
    await jobs()
    token = mailbox.last_token()

    short = await program.put("/api/v1/password-reset", json={"token": token, "password": "short"})
    long = await program.put(
        "/api/v1/password-reset", json={"token": token, "password": "another road to Soria"}
    )

    assert (short.status_code, long.status_code) == (422, 204)


async def test_a_confirmation_link_does_not_reset_a_password(
    program: AsyncClient, jobs: RunJobs, mailbox: Mailbox
) -> None:
    await sign_up(program)
    await jobs()
    answer = await program.put(
        "/api/v1/password-reset",
        json={"token": mailbox.last_token(), "password": "another road to Soria"},
    )
    assert answer.status_code == 422


async def test_a_mail_speaks_the_language_of_whoever_signed_up(
    program: AsyncClient, resources: Resources
) -> None:
    program.headers["Accept-Language"] = "es-ES,es;q=0.9"
    await program.post("/api/v1/accounts", json=NEW)
    async with resources.transaction() as session:
        assert await session.scalar(text("SELECT language FROM riders")) == "es"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {**NEW, "is_admin": True},
        {**NEW, "email": "not an address"},
        {**NEW, "username": None},
        {**NEW, "password": 12},
        [],
    ],
)
async def test_what_cannot_be_an_account_is_said_field_by_field(
    sent: object, program: AsyncClient
) -> None:
    answer = await program.post("/api/v1/accounts", json=sent)
    problem = answer.json()
    assert answer.status_code == problem["status"] == 422
    assert problem["errors"]
    assert all(error["message"] for error in problem["errors"])
