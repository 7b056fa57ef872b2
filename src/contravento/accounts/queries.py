"""Queries for riders, and for who owns a cookie or a token."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, and_, bindparam, func, literal_column, null, or_, select

from contravento.accounts import rules
from contravento.accounts.errors import RiderNotFound
from contravento.accounts.models import PersonalToken, Rider, SignIn
from contravento.kit.clock import now
from contravento.kit.database.session import Reader, Session
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
    may_read: bool = True
    may_write: bool = True


# Of columns and made once, since each page of a signed-in rider begins with one of these.
_WHO = (Rider.id, Rider.username, Rider.shown_name, Rider.language, Rider.is_admin)
_NOW = bindparam("now", type_=SignIn.expires_at.type)
_SIGNED_IN: Any = (
    select(*_WHO, SignIn.id, literal_column("ARRAY['read', 'write']"))
    .join(SignIn.rider)
    .where(SignIn.expires_at > _NOW)
)
_BY_COOKIE = _SIGNED_IN.where(SignIn.cookie_digest == bindparam("cookie_digest"))
_BY_SIGN_IN = _SIGNED_IN.where(SignIn.id == bindparam("sign_in_id"))
_BY_PERSONAL_TOKEN = (
    select(*_WHO, null(), PersonalToken.scopes)
    .join(PersonalToken.rider)
    .where(PersonalToken.digest == bindparam("token_digest"))
    .where(or_(PersonalToken.expires_at.is_(None), PersonalToken.expires_at > _NOW))
)


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


async def find_viewer_by_cookie(reader: Reader, cookie: str) -> Viewer | None:
    return await _find_viewer(reader, _BY_COOKIE, {"cookie_digest": digest(cookie)})


async def find_viewer_by_sign_in(reader: Reader, sign_in_id: UUID) -> Viewer | None:
    """None once that device was signed out, however long its access token still runs."""
    return await _find_viewer(reader, _BY_SIGN_IN, {"sign_in_id": sign_in_id})


async def find_viewer_by_personal_token(reader: Reader, token: str) -> Viewer | None:
    return await _find_viewer(reader, _BY_PERSONAL_TOKEN, {"token_digest": digest(token)})


async def _find_viewer(
    reader: Reader, statement: Executable, values: dict[str, Any]
) -> Viewer | None:
    row: Any = (await reader.execute(statement, {**values, "now": now()})).one_or_none()
    if row is None:
        return None
    *who, scopes = row
    return replace(Viewer(*who), may_read="read" in scopes, may_write="write" in scopes)


async def list_sign_ins(session: Session, *, rider_id: UUID) -> list[SignIn]:
    statement = select(SignIn).where(SignIn.rider_id == rider_id, SignIn.expires_at > now())
    return list(await session.scalars(statement.order_by(SignIn.seen_at.desc())))


async def list_personal_tokens(session: Session, *, rider_id: UUID) -> list[PersonalToken]:
    statement = select(PersonalToken).where(PersonalToken.rider_id == rider_id)
    return list(await session.scalars(statement.order_by(PersonalToken.created_at.desc())))
