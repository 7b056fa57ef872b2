"""Signing up, and confirming an e-mail address."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from contravento.accounts import mails, queries, rules
from contravento.accounts.errors import (
    BadUsername,
    LinkSpent,
    NotTheirPassword,
    ReservedUsername,
    UsernameTaken,
)
from contravento.accounts.inputs import SignUp
from contravento.accounts.models import EmailToken, Purpose, Rider
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.jobs import job
from contravento.kit.mail import Mail
from contravento.kit.resources import Resources
from contravento.kit.security.passwords import Passwords
from contravento.kit.security.tokens import digest, new_token
from contravento.kit.settings import Settings
from contravento.kit.telemetry import metrics


async def sign_up(
    session: Session, sign_up: SignUp, *, passwords: Passwords, language: str
) -> Rider:
    """A new rider who may sign in once the mailed link was opened.

    Whether the address has a diary already is not looked at: the answer and the time that it takes
    are the same. `send_confirmation` finds it out, and tells whoever reads the mail.
    """
    if not rules.USERNAME.match(sign_up.username):
        raise BadUsername
    if rules.is_reserved(sign_up.username):
        raise ReservedUsername
    rules.check_password(sign_up.password, username=sign_up.username, email=sign_up.email)
    if await queries.find_by_username(session, sign_up.username):
        raise UsernameTaken(username=sign_up.username)

    rider = Rider(
        username=sign_up.username,
        email=sign_up.email,
        password_hash=await passwords.hash(sign_up.password),
        language=language,
    )
    session.add(rider)
    try:
        await session.flush()
    except IntegrityError:  # somebody else was a moment faster
        raise UsernameTaken(username=sign_up.username) from None
    await send_confirmation.later(session, rider_id=rider.id)
    metrics.SIGN_UPS.inc()
    return rider


async def confirm(session: Session, token: str) -> Rider:
    """Spend a confirmation link. Raises LinkSpent for one that is used, unknown or too old."""
    rider = await spend_link(session, token, Purpose.CONFIRM)
    await prove_address(session, rider)
    return rider


async def confirm_in_person(
    session: Session, token: str, password: str, *, passwords: Passwords
) -> Rider:
    """Confirm for who also knows the password: the address's owner may be somebody else than who
    signed up with it. Raises LinkSpent, or NotTheirPassword, and the link stays good."""
    rider = await get_linked_rider(session, token, Purpose.CONFIRM)
    if not await passwords.matches(password, rider.password_hash):
        raise NotTheirPassword
    return await confirm(session, token)


async def prove_address(session: Session, rider: Rider) -> None:
    """The rider opened a mailed link. Raises LinkSpent where another one has that address."""
    if rider.is_confirmed:
        return
    if await queries.find_by_email(session, rider.email):
        raise LinkSpent
    rider.confirmed_at = now()
    try:
        await session.flush()
    except IntegrityError:  # another one proved it at the same moment
        raise LinkSpent from None


async def ask_for_confirmation(session: Session, login: str) -> None:
    """Send the link again. Says nothing of whether there is such an account, nor by its time: a
    mail to nobody is queued, too."""
    rider = await queries.find_to_write_to(session, login)
    await send_confirmation.later(session, rider_id=rider.id if rider else uuid4())


async def find_link(session: Session, token: str, purpose: Purpose) -> EmailToken | None:
    """A link that would still work, without spending it."""
    return await session.scalar(
        select(EmailToken).where(
            EmailToken.digest == digest(token),
            EmailToken.purpose == purpose,
            EmailToken.expires_at > now(),
        )
    )


async def get_linked_rider(session: Session, token: str, purpose: Purpose) -> Rider:
    """Whose link it is, while it works; it goes on doing so. Raises LinkSpent."""
    link = await find_link(session, token, purpose)
    if link is None:
        raise LinkSpent
    return await queries.get_rider_by_id(session, link.rider_id)


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
        mail = await _confirmation(session, rider, resources.settings)
    await resources.mailer.send(mail)


async def _confirmation(session: Session, rider: Rider, settings: Settings) -> Mail:
    """The link; or, to whoever has a diary with this address, that somebody tried."""
    if owner := await queries.find_by_email(session, rider.email):
        return mails.sign_up_tried(owner, settings)
    token = await make_link(session, rider.id, Purpose.CONFIRM, rules.CONFIRMATION_LIFETIME)
    return mails.confirmation(rider, token, settings)


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
