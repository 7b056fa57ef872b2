"""Queries for riders, and for who owns a cookie or a token."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from contravento.accounts import rules
from contravento.accounts.errors import RiderNotFound
from contravento.accounts.models import PersonalToken, Rider, SignIn
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.security.tokens import digest

SCOPES = ("read", "write")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking, and by which sign-in or token; nothing that ages within a request."""

    id: UUID
    username: str
    name: str
    language: str
    is_admin: bool
    sign_in_id: UUID | None
    may_read: bool = True
    may_write: bool = True


async def get_rider(session: Session, username: str) -> Rider:
    """A rider's public page exists once their address is confirmed."""
    if not rules.USERNAME.fullmatch(username):  # nor would the database take every text
        raise RiderNotFound
    rider = await find_by_username(session, username)
    if rider is None or not rider.is_confirmed:
        raise RiderNotFound
    return rider


async def get_rider_by_id(session: Session, rider_id: UUID) -> Rider:
    rider = await session.get(Rider, rider_id)
    if rider is None:
        raise RiderNotFound
    return rider


async def find_by_username(session: Session, username: str) -> Rider | None:
    return await session.scalar(select(Rider).where(func.lower(Rider.username) == username.lower()))


async def find_by_email(session: Session, email: str) -> Rider | None:
    """Whose address it is. Who has not confirmed it may only have typed it."""
    return await session.scalar(
        select(Rider).where(
            func.lower(Rider.email) == rules.plain_login(email), Rider.confirmed_at.is_not(None)
        )
    )


async def find_to_write_to(session: Session, login: str) -> Rider | None:
    """By name or address, also who has not confirmed it yet; the last to sign up of several."""
    plain = rules.plain_login(login)
    statement = select(Rider).where(
        or_(func.lower(Rider.username) == plain, func.lower(Rider.email) == plain)
    )
    return await session.scalar(
        statement.order_by(Rider.confirmed_at.is_(None), Rider.created_at.desc()).limit(1)
    )


async def find_by_login(session: Session, login: str) -> Rider | None:
    """By name, or by an address that is confirmed; a name cannot hold an @, so there is at most
    one."""
    plain = rules.plain_login(login)
    has_address = and_(func.lower(Rider.email) == plain, Rider.confirmed_at.is_not(None))
    return await session.scalar(
        select(Rider).where(or_(func.lower(Rider.username) == plain, has_address))
    )


async def find_viewer_by_cookie(session: Session, cookie: str) -> Viewer | None:
    row = await session.scalar(
        select(SignIn)
        .where(SignIn.cookie_digest == digest(cookie), SignIn.expires_at > now())
        .options(joinedload(SignIn.rider, innerjoin=True))
    )
    return _viewer(row.rider, row.id) if row else None


async def find_viewer_by_sign_in(session: Session, sign_in_id: UUID) -> Viewer | None:
    """None once that device was signed out, however long its access token still runs."""
    row = await session.scalar(
        select(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.expires_at > now())
        .options(joinedload(SignIn.rider, innerjoin=True))
    )
    return _viewer(row.rider, row.id) if row else None


async def find_viewer_by_personal_token(session: Session, token: str) -> Viewer | None:
    row = await session.scalar(
        select(PersonalToken)
        .where(PersonalToken.digest == digest(token))
        .where(or_(PersonalToken.expires_at.is_(None), PersonalToken.expires_at > now()))
        .options(joinedload(PersonalToken.rider, innerjoin=True))
    )
    return _viewer(row.rider, None, scopes=row.scopes) if row else None


async def list_sign_ins(session: Session, *, rider_id: UUID) -> list[SignIn]:
    statement = select(SignIn).where(SignIn.rider_id == rider_id, SignIn.expires_at > now())
    return list(await session.scalars(statement.order_by(SignIn.seen_at.desc())))


async def list_personal_tokens(session: Session, *, rider_id: UUID) -> list[PersonalToken]:
    statement = select(PersonalToken).where(PersonalToken.rider_id == rider_id)
    return list(await session.scalars(statement.order_by(PersonalToken.created_at.desc())))


def _viewer(rider: Rider, sign_in_id: UUID | None, scopes: Sequence[str] = SCOPES) -> Viewer:
    return Viewer(
        id=rider.id,
        username=rider.username,
        name=rider.shown_name,
        language=rider.language,
        is_admin=rider.is_admin,
        sign_in_id=sign_in_id,
        may_read="read" in scopes,
        may_write="write" in scopes,
    )
