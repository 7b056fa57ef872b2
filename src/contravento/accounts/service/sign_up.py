"""Signing up, and confirming an e-mail address."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from contravento.accounts import mails, queries, rules
from contravento.accounts.errors import (
    BadUsername,
    EmailTaken,
    LinkSpent,
    ReservedUsername,
    UsernameTaken,
)
from contravento.accounts.inputs import SignUp
from contravento.accounts.models import EmailToken, Purpose, Rider
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.jobs import job
from contravento.kit.resources import Resources
from contravento.kit.security.passwords import Passwords
from contravento.kit.security.tokens import digest, new_token
from contravento.kit.telemetry import metrics


async def sign_up(
    session: Session, sign_up: SignUp, *, passwords: Passwords, language: str
) -> Rider:
    """A new rider who may sign in once the mailed link was opened."""
    if not rules.USERNAME.match(sign_up.username):
        raise BadUsername
    if sign_up.username.lower() in rules.RESERVED_USERNAMES:
        raise ReservedUsername
    rules.check_password(sign_up.password, username=sign_up.username, email=sign_up.email)
    await _check_free(session, sign_up)

    rider = Rider(
        username=sign_up.username,
        email=sign_up.email,
        password_hash=await passwords.hash(sign_up.password),
        language=language,
    )
    session.add(rider)
    try:
        await session.flush()
    except IntegrityError as error:  # somebody else was a moment faster
        taken = (
            EmailTaken() if "email" in str(error.orig) else UsernameTaken(username=sign_up.username)
        )
        raise taken from None
    await send_confirmation.later(session, rider_id=rider.id)
    metrics.SIGN_UPS.inc()
    return rider


async def _check_free(session: Session, sign_up: SignUp) -> None:
    if await queries.find_by_username(session, sign_up.username):
        raise UsernameTaken(username=sign_up.username)
    if await queries.find_by_email(session, sign_up.email):
        raise EmailTaken


async def confirm(session: Session, token: str) -> Rider:
    """Spend a confirmation link. Raises LinkSpent for one that is used, unknown or too old."""
    rider = await spend_link(session, token, Purpose.CONFIRM)
    rider.confirmed_at = rider.confirmed_at or now()
    return rider


async def ask_for_confirmation(session: Session, email: str) -> None:
    """Send the link again. Says nothing of whether there is such an account."""
    rider = await queries.find_by_email(session, email)
    if rider and not rider.is_confirmed:
        await send_confirmation.later(session, rider_id=rider.id)


async def find_link(session: Session, token: str, purpose: Purpose) -> EmailToken | None:
    """A link that would still work, without spending it."""
    return await session.scalar(
        select(EmailToken).where(
            EmailToken.digest == digest(token),
            EmailToken.purpose == purpose,
            EmailToken.expires_at > now(),
        )
    )


async def spend_link(session: Session, token: str, purpose: Purpose) -> Rider:
    """Whose link it was; it and all others of its kind stop working."""
    link = await find_link(session, token, purpose)
    if link is None:
        raise LinkSpent
    gone = await session.execute(
        delete(EmailToken)
        .where(EmailToken.rider_id == link.rider_id, EmailToken.purpose == purpose)
        .returning(EmailToken.digest)
    )
    if link.digest not in gone.scalars().all():  # spent by another request meanwhile
        raise LinkSpent
    return await queries.get_rider_by_id(session, link.rider_id)


async def make_link(session: Session, rider_id: UUID, purpose: Purpose, lifetime: timedelta) -> str:
    """A new link's token. It exists in the clear only in the mail that carries it."""
    token = new_token()
    session.add(
        EmailToken(
            digest=digest(token), rider_id=rider_id, purpose=purpose, expires_at=now() + lifetime
        )
    )
    return token


@job("accounts.send_confirmation", attempts=12, priority=10)
async def send_confirmation(resources: Resources, *, rider_id: UUID) -> None:
    """The link is there before the mail leaves: whoever is quick finds that it works."""
    async with resources.transaction() as session:
        rider = await session.get(Rider, rider_id)
        if rider is None or rider.is_confirmed:
            return
        token = await make_link(session, rider.id, Purpose.CONFIRM, rules.CONFIRMATION_LIFETIME)
        mail = mails.confirmation(rider, token, resources.settings)
    await resources.mailer.send(mail)


@job("accounts.remove_unconfirmed")
async def remove_unconfirmed(resources: Resources) -> None:
    """Without the click the account disappears by itself; spent and old links go, too."""
    async with resources.transaction() as session:
        await session.execute(
            delete(Rider).where(
                Rider.confirmed_at.is_(None),
                Rider.created_at < now() - rules.UNCONFIRMED_LIFETIME,
            )
        )
        await session.execute(delete(EmailToken).where(EmailToken.expires_at < now()))
