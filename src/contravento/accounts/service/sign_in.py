"""Signing in and out, and renewing a sign-in."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from contravento.accounts import queries
from contravento.accounts.errors import (
    NotConfirmed,
    RefreshTokenReused,
    SignInEnded,
    WrongCredentials,
)
from contravento.accounts.inputs import Credentials
from contravento.accounts.models import RefreshToken, Rider, SignIn
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.jobs import job
from contravento.kit.resources import Resources
from contravento.kit.security.passwords import Passwords
from contravento.kit.security.tokens import digest, new_token
from contravento.kit.telemetry import metrics

SEEN_EVERY = timedelta(minutes=10)
AGENT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Grant:
    """What a program gets: whom it acts for, and the token that renews the access."""

    rider: Rider
    sign_in_id: UUID
    refresh_token: str


async def check_credentials(
    session: Session, credentials: Credentials, *, passwords: Passwords
) -> Rider:
    """Whose they are. Raises WrongCredentials, or NotConfirmed once the password was right."""
    rider = await queries.find_by_login(session, credentials.login)
    if not await passwords.matches(credentials.password, rider.password_hash if rider else None):
        metrics.SIGN_INS.labels("refused").inc()
        raise WrongCredentials
    assert rider is not None  # noqa: S101  (nobody's password never matches)
    if not rider.is_confirmed:
        metrics.SIGN_INS.labels("unconfirmed").inc()
        raise NotConfirmed
    metrics.SIGN_INS.labels("succeeded").inc()
    if passwords.is_outdated(rider.password_hash):
        rider.password_hash = await passwords.hash(credentials.password)
    return rider


async def sign_in_browser(
    session: Session, rider: Rider, *, agent: str, lifetime: timedelta
) -> str:
    """The cookie's value for a new sign-in."""
    cookie = new_token()
    session.add(_sign_in(rider, agent, lifetime, cookie_digest=digest(cookie)))
    return cookie


async def sign_in_program(
    session: Session, rider: Rider, *, agent: str, lifetime: timedelta
) -> Grant:
    sign_in = _sign_in(rider, agent, lifetime)
    session.add(sign_in)
    await session.flush()
    return Grant(rider, sign_in.id, await _next_token(session, sign_in, lifetime))


async def refresh(session: Session, token: str, *, lifetime: timedelta) -> Grant:
    """Change a refresh token for its successor.

    Raises SignInEnded for a token that is unknown or too old, and RefreshTokenReused, which ends
    the whole sign-in, for one that was spent before.
    """
    row = await session.scalar(
        select(RefreshToken)
        .where(RefreshToken.digest == digest(token))
        .options(joinedload(RefreshToken.sign_in, innerjoin=True).joinedload(SignIn.rider))
        .with_for_update(of=RefreshToken)
    )
    if row is None or row.expires_at <= now():
        raise SignInEnded
    if row.spent_at is not None:
        await session.execute(delete(SignIn).where(SignIn.id == row.sign_in_id))
        raise RefreshTokenReused
    row.spent_at = now()
    row.sign_in.seen_at = now()
    row.sign_in.expires_at = now() + lifetime
    successor = await _next_token(session, row.sign_in, lifetime)
    return Grant(row.sign_in.rider, row.sign_in_id, successor)


async def sign_out(session: Session, sign_in_id: UUID) -> None:
    await session.execute(delete(SignIn).where(SignIn.id == sign_in_id))


async def sign_out_everywhere(
    session: Session, *, rider_id: UUID, except_id: UUID | None = None
) -> None:
    await session.execute(
        delete(SignIn).where(SignIn.rider_id == rider_id, SignIn.id.is_distinct_from(except_id))
    )


async def end_sign_in(session: Session, sign_in_id: UUID, *, rider_id: UUID) -> None:
    """End one of one's own sign-ins, whichever device it is on."""
    await session.execute(
        delete(SignIn).where(SignIn.id == sign_in_id, SignIn.rider_id == rider_id)
    )


async def note_seen(session: Session, sign_in_id: UUID) -> None:
    """Remember that it is in use; written rarely, since it is read on every request."""
    await session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.seen_at < now() - SEEN_EVERY)
        .values(seen_at=now())
    )


@job("accounts.remove_ended_sign_ins")
async def remove_ended_sign_ins(resources: Resources) -> None:
    async with resources.transaction() as session:
        await session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now()))
        await session.execute(delete(SignIn).where(SignIn.expires_at < now()))


def _sign_in(
    rider: Rider, agent: str, lifetime: timedelta, cookie_digest: bytes | None = None
) -> SignIn:
    return SignIn(
        rider_id=rider.id,
        cookie_digest=cookie_digest,
        agent=agent[:AGENT_CHARACTERS],
        expires_at=now() + lifetime,
    )


async def _next_token(session: Session, sign_in: SignIn, lifetime: timedelta) -> str:
    token = new_token()
    session.add(
        RefreshToken(digest=digest(token), sign_in_id=sign_in.id, expires_at=now() + lifetime)
    )
    return token
