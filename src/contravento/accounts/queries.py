"""Queries for riders, and for who owns a cookie or a token."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from contravento.accounts.errors import RiderNotFound
from contravento.accounts.models import PersonalToken, Rider, SignIn
from contravento.accounts.rules import USERNAME
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.security.tokens import digest


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking, and by which sign-in or token; nothing that ages within a request."""

    id: UUID
    username: str
    name: str
    language: str
    is_admin: bool
    sign_in_id: UUID | None
    may_write: bool = True


async def get_rider(session: Session, username: str) -> Rider:
    """A rider's public page exists once their address is confirmed."""
    if not USERNAME.fullmatch(username):  # nor would the database take every text
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
    return await session.scalar(select(Rider).where(func.lower(Rider.email) == email.lower()))


async def find_by_login(session: Session, login: str) -> Rider | None:
    """By name or address; a name cannot hold an @, so there is at most one."""
    plain = login.strip().lower()
    return await session.scalar(
        select(Rider).where(
            or_(func.lower(Rider.username) == plain, func.lower(Rider.email) == plain)
        )
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
    return _viewer(row.rider, None, may_write="write" in row.scopes) if row else None


async def list_sign_ins(session: Session, *, rider_id: UUID) -> list[SignIn]:
    statement = select(SignIn).where(SignIn.rider_id == rider_id, SignIn.expires_at > now())
    return list(await session.scalars(statement.order_by(SignIn.seen_at.desc())))


async def list_personal_tokens(session: Session, *, rider_id: UUID) -> list[PersonalToken]:
    statement = select(PersonalToken).where(PersonalToken.rider_id == rider_id)
    return list(await session.scalars(statement.order_by(PersonalToken.created_at.desc())))


def _viewer(rider: Rider, sign_in_id: UUID | None, *, may_write: bool = True) -> Viewer:
    return Viewer(
        id=rider.id,
        username=rider.username,
        name=rider.shown_name,
        language=rider.language,
        is_admin=rider.is_admin,
        sign_in_id=sign_in_id,
        may_write=may_write,
    )
