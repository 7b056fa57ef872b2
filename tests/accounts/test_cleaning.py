"""What the clock does to accounts, sign-ins and links."""

from datetime import timedelta

from sqlalchemy import func, select, update

from contravento.accounts import rules
from contravento.accounts.models import EmailToken, Purpose, Rider, SignIn
from contravento.accounts.service.sign_in import remove_ended_sign_ins, sign_in_program
from contravento.accounts.service.sign_up import make_link, remove_unconfirmed, send_confirmation
from contravento.kit.clock import now
from contravento.kit.resources import Resources
from tests.support import factories
from tests.support.mailbox import Mailbox


async def names(resources: Resources) -> set[str]:
    async with resources.transaction() as session:
        return set(await session.scalars(select(Rider.username)))


async def test_without_the_click_an_account_disappears(resources: Resources) -> None:
    long_ago = now() - rules.UNCONFIRMED_LIFETIME - timedelta(minutes=1)
    async with resources.transaction() as session:
        await factories.make_rider(session, username="new", confirmed_at=None)
        await factories.make_rider(session, username="old", created_at=long_ago)
        await factories.make_rider(
            session, username="never", confirmed_at=None, created_at=long_ago
        )
    await remove_unconfirmed(resources)
    assert await names(resources) == {"new", "old"}


async def test_links_and_sign_ins_past_their_time_are_removed(
    resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        await make_link(session, rider.id, Purpose.RESET, timedelta(hours=1))
        await sign_in_program(session, rider, agent="", lifetime=timedelta(days=1))
    for _ in range(2):
        await remove_unconfirmed(resources)
        await remove_ended_sign_ins(resources)
        async with resources.transaction() as session:
            left = [
                await session.scalar(select(func.count()).select_from(table))
                for table in (EmailToken, SignIn)
            ]
            await session.execute(update(EmailToken).values(expires_at=now()))
            await session.execute(update(SignIn).values(expires_at=now()))
    assert left == [0, 0]


async def test_a_confirmed_rider_is_not_asked_again(
    resources: Resources, rider: Rider, mailbox: Mailbox
) -> None:
    await send_confirmation(resources, rider_id=rider.id)
    assert mailbox.mails == []


async def test_a_mail_holds_its_link_in_text_and_html(
    resources: Resources, mailbox: Mailbox
) -> None:
    async with resources.transaction() as session:
        rider = await factories.make_rider(
            session, confirmed_at=None, name="<b>Maite & Co</b>", language="en"
        )
    await send_confirmation(resources, rider_id=rider.id)
    mail, token = mailbox.last, mailbox.last_token()

    assert mail.to == rider.email
    assert f"http://test/confirm/{token}" in mail.text
    assert mail.html
    assert f"http://test/confirm/{token}" in mail.html
    assert "<b>Maite" not in mail.html
