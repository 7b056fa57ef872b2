"""Sessions as JSON: signing in, staying signed in, signing out."""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, StringConstraints

from contravento.accounts import attempts, queries
from contravento.accounts.inputs import Credentials
from contravento.accounts.models import SignIn
from contravento.accounts.service import sign_in
from contravento.accounts.service.sign_in import Grant
from contravento.api.description.openapi import NOT_REPEATED, refuses
from contravento.api.route import ApiRoute, SecretRoute
from contravento.api.schemas.pagination import ListOf
from contravento.http.dependencies import (
    InteractiveOnly,
    ResourcesOf,
    Transaction,
    agent,
    drop_session_cookie,
    visitor_of,
)
from contravento.kit.inputs import Input
from contravento.kit.resources import Resources

router = APIRouter(prefix="/sessions", tags=["sessions"], route_class=ApiRoute)
granting = APIRouter(prefix="/sessions", tags=["sessions"], route_class=SecretRoute)


class RefreshIn(Input):
    refresh_token: Annotated[str, StringConstraints(max_length=200)]


class GrantOut(BaseModel):
    access_token: str
    token_type: str = "bearer"  # noqa: S105  (the word that OAuth has for it)
    expires_in: int
    refresh_token: str

    @classmethod
    def of(cls, grant: Grant, resources: Resources) -> Self:
        signer = resources.signer
        return cls(
            access_token=signer.sign(sub=str(grant.rider.id), sid=str(grant.sign_in_id)),
            expires_in=signer.lifetime_seconds,
            refresh_token=grant.refresh_token,
        )


class SessionOut(BaseModel):
    """A device that is signed in: a browser by its cookie, a program by its tokens."""

    id: UUID
    agent: str
    is_browser: bool
    is_current: bool
    created_at: datetime
    seen_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, sign_in: SignIn, current_id: UUID | None) -> Self:
        return cls(
            id=sign_in.id,
            agent=sign_in.agent,
            is_browser=sign_in.cookie_digest is not None,
            is_current=sign_in.id == current_id,
            created_at=sign_in.created_at,
            seen_at=sign_in.seen_at,
            expires_at=sign_in.expires_at,
        )


@granting.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Sign in",
    responses=refuses(401, 403, 429),
    openapi_extra=NOT_REPEATED,
)
async def start(
    credentials: Credentials, request: Request, session: Transaction, resources: ResourcesOf
) -> GrantOut:
    visitor = visitor_of(request, credentials.login)
    async with attempts.signing_in(resources.limiter, credentials.login, visitor):
        rider = await sign_in.check_credentials(session, credentials, passwords=resources.passwords)
    grant = await sign_in.sign_in_program(
        session, rider, agent=agent(request), lifetime=_lifetime(resources)
    )
    return GrantOut.of(grant, resources)


@granting.post(
    "/refresh",
    summary="Change a refresh token for new tokens",
    responses=refuses(401),
    openapi_extra=NOT_REPEATED,
)
async def refresh(body: RefreshIn, session: Transaction, resources: ResourcesOf) -> GrantOut:
    """Each works once. One that comes back was stolen, so then the whole session ends."""
    grant = await sign_in.refresh(session, body.refresh_token, lifetime=_lifetime(resources))
    return GrantOut.of(grant, resources)


@router.get("", summary="List the devices that are signed in")
async def show(session: Transaction, viewer: InteractiveOnly) -> ListOf[SessionOut]:
    sign_ins = await queries.list_sign_ins(session, rider_id=viewer.id)
    return ListOf(items=[SessionOut.of(sign_in, viewer.sign_in_id) for sign_in in sign_ins])


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out everywhere")
async def end_all(
    request: Request, response: Response, session: Transaction, viewer: InteractiveOnly
) -> None:
    await sign_in.sign_out_everywhere(session, rider_id=viewer.id)
    drop_session_cookie(request, response)


@router.delete("/current", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out here")
async def end(
    request: Request, response: Response, session: Transaction, viewer: InteractiveOnly
) -> None:
    if viewer.sign_in_id:
        await sign_in.sign_out(session, viewer.sign_in_id)
    drop_session_cookie(request, response)


@router.delete(
    "/{session_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Sign one device out"
)
async def end_one(session_id: UUID, session: Transaction, viewer: InteractiveOnly) -> None:
    """One that is not there, or not one's own, is no error: it is not signed in."""
    await sign_in.end_sign_in(session, session_id, rider_id=viewer.id)


def _lifetime(resources: Resources) -> timedelta:
    return timedelta(days=resources.settings.refresh_token_expire_days)
