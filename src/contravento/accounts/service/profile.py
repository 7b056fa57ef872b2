"""What riders change about themselves."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete

from contravento.accounts import mails, queries, rules
from contravento.accounts.errors import TooManyTokens, WrongPassword
from contravento.accounts.events import RiderDeleted
from contravento.accounts.inputs import NewPersonalToken, PasswordChange, ProfileChanges
from contravento.accounts.models import EmailToken, PersonalToken, Purpose, Rider
from contravento.accounts.service.sign_in import sign_out_everywhere
from contravento.accounts.service.sign_up import make_link, prove_address, spend_link
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.events import announce
from contravento.kit.jobs import job
from contravento.kit.resources import Resources
from contravento.kit.security.passwords import Passwords
from contravento.kit.security.tokens import digest, new_token

PERSONAL_TOKEN_PREFIX = "cv_"  # noqa: S105  (what lets a leaked one be recognised)


async def change_profile(session: Session, changes: ProfileChanges, *, rider_id: UUID) -> Rider:
    rider = await queries.get_rider_by_id(session, rider_id)
    for name, value in changes.model_dump(exclude_unset=True, exclude_none=True).items():
        setattr(rider, name, value)
    return rider


async def change_password(
    session: Session,
    change: PasswordChange,
    *,
    rider_id: UUID,
    sign_in_id: UUID | None,
    passwords: Passwords,
) -> None:
    """Every other device is signed out; mailed links and tokens end, but those chosen to stay."""
    rider = await queries.get_rider_by_id(session, rider_id)
    if not await passwords.matches(change.current, rider.password_hash):
        raise WrongPassword
    rules.check_password(change.new, username=rider.username, email=rider.email)
    rider.password_hash = await passwords.hash(change.new)
    await sign_out_everywhere(session, rider_id=rider_id, except_id=sign_in_id)
    await _end_tokens(session, rider_id, but=change.keep_tokens)


async def ask_for_new_password(session: Session, login: str) -> None:
    """Send a reset link. Says nothing of whether there is such an account, nor by its time: a mail
    to nobody is queued, too."""
    rider = await queries.find_to_write_to(session, login)
    await send_reset.later(session, rider_id=rider.id if rider else uuid4())


async def reset_password(
    session: Session, token: str, password: str, *, passwords: Passwords
) -> Rider:
    """Who opens the link also proves the address. Every device is signed out, and every token and
    mailed link ends: somebody else may have made it."""
    rider = await spend_link(session, token, Purpose.RESET)
    rules.check_password(password, username=rider.username, email=rider.email)
    rider.password_hash = await passwords.hash(password)
    await prove_address(session, rider)
    await sign_out_everywhere(session, rider_id=rider.id)
    await _end_tokens(session, rider.id)
    return rider


async def delete_rider(
    session: Session, password: str, *, rider_id: UUID, passwords: Passwords
) -> None:
    """The rider, and with them everything that they wrote and uploaded."""
    rider = await queries.get_rider_by_id(session, rider_id)
    if not await passwords.matches(password, rider.password_hash):
        raise WrongPassword
    await announce(session, RiderDeleted(rider_id=rider.id))
    await session.delete(rider)


async def make_admin(session: Session, username: str) -> Rider:
    rider = await queries.get_rider(session, username)
    rider.is_admin = True
    return rider


async def make_personal_token(
    session: Session, request: NewPersonalToken, *, rider_id: UUID
) -> tuple[PersonalToken, str]:
    """The row and the token itself, which is shown once. Raises TooManyTokens."""
    if len(await queries.list_personal_tokens(session, rider_id=rider_id)) >= rules.MAX_TOKENS:
        raise TooManyTokens(most=rules.MAX_TOKENS)
    token = PERSONAL_TOKEN_PREFIX + new_token()
    row = PersonalToken(
        rider_id=rider_id,
        digest=digest(token),
        name=request.name,
        scopes=list(request.scopes),
        expires_at=now() + timedelta(days=request.days) if request.days else None,
    )
    session.add(row)
    await session.flush()
    return row, token


async def delete_personal_token(session: Session, token_id: UUID, *, rider_id: UUID) -> None:
    await session.execute(
        delete(PersonalToken).where(
            PersonalToken.id == token_id, PersonalToken.rider_id == rider_id
        )
    )


async def _end_tokens(session: Session, rider_id: UUID, *, but: Sequence[UUID] = ()) -> None:
    await session.execute(delete(EmailToken).where(EmailToken.rider_id == rider_id))
    await session.execute(
        delete(PersonalToken).where(
            PersonalToken.rider_id == rider_id, PersonalToken.id.not_in(but)
        )
    )


@job("accounts.send_reset", attempts=8, priority=10)
async def send_reset(resources: Resources, *, rider_id: UUID) -> None:
    async with resources.transaction() as session:
        rider = await session.get(Rider, rider_id)
        if rider is None:
            return
        token = await make_link(session, rider.id, Purpose.RESET, rules.RESET_LIFETIME)
        mail = mails.reset(rider, token, resources.settings)
    await resources.mailer.send(mail)
