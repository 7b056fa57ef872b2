"""The caller's own account as JSON."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel

from contravento.accounts import attempts, queries
from contravento.accounts.inputs import NewPersonalToken, Password, PasswordChange, ProfileChanges
from contravento.accounts.models import PersonalToken, Rider
from contravento.accounts.service import profile
from contravento.api.description.openapi import NOT_REPEATED, refuses
from contravento.api.route import ApiRoute, SecretRoute
from contravento.api.schemas.import_warnings import RemarkOut
from contravento.api.schemas.pagination import ListOf
from contravento.api.schemas.pictures import SizeOut, portrait_sizes
from contravento.api.trips import TripOut
from contravento.api.uploads import UploadForRider, form_schema
from contravento.http.dependencies import (
    InteractiveOnly,
    ResourcesOf,
    SignedIn,
    Transaction,
    drop_session_cookie,
)
from contravento.kit.inputs import Input
from contravento.photos import service as photos
from contravento.photos.rules import check_file_size
from contravento.trips import queries as trips

router = APIRouter(prefix="/me", tags=["me"], route_class=ApiRoute)
granting = APIRouter(prefix="/me", tags=["me"], route_class=SecretRoute)


class MeOut(BaseModel):
    id: UUID
    username: str
    email: str
    verified: bool
    name: str
    bio: str
    language: str
    is_admin: bool
    portrait: dict[str, SizeOut] | None
    portrait_refusal: RemarkOut | None
    created_at: datetime

    @classmethod
    def of(cls, rider: Rider) -> Self:
        same = ("id", "username", "email", "name", "bio", "language", "is_admin", "created_at")
        refusal = rider.portrait_refusal
        return cls(
            **{name: getattr(rider, name) for name in same},
            verified=rider.is_confirmed,
            portrait=portrait_sizes(rider),
            portrait_refusal=RemarkOut.of(refusal, rider.language) if refusal else None,
        )


class PasswordIn(Input):
    password: Password


class AcceptedOut(BaseModel):
    state: str = "queued"


class TokenOut(BaseModel):
    """A personal token as it is listed: the token itself is shown once, when it is made."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, row: PersonalToken, **more: Any) -> Self:
        same = ("id", "name", "scopes", "created_at", "used_at", "expires_at")
        return cls(**{name: getattr(row, name) for name in same}, **more)


class NewTokenOut(TokenOut):
    token: str


@router.get("", summary="Read one's own account")
async def show(session: Transaction, viewer: SignedIn) -> MeOut:
    return MeOut.of(await queries.get_rider_by_id(session, viewer.id))


@router.patch("", summary="Change one's profile")
async def change(changes: ProfileChanges, session: Transaction, viewer: SignedIn) -> MeOut:
    """Only what is named changes."""
    return MeOut.of(await profile.change_profile(session, changes, rider_id=viewer.id))


@router.delete(
    "",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete one's account and all that is in it",
    responses=refuses(429),
)
async def delete(
    body: PasswordIn,
    request: Request,
    response: Response,
    session: Transaction,
    viewer: InteractiveOnly,
    resources: ResourcesOf,
) -> None:
    """The password goes into the request's body, as JSON."""
    await attempts.count_password_check(resources.limiter, viewer.username)
    await profile.delete_rider(
        session, body.password, rider_id=viewer.id, passwords=resources.passwords
    )
    drop_session_cookie(request, response)


@router.put(
    "/password",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Change one's password",
    responses=refuses(429),
)
async def change_password(
    body: PasswordChange, session: Transaction, viewer: InteractiveOnly, resources: ResourcesOf
) -> None:
    """Every other device is signed out, and every personal token ends that `keep_tokens` does not
    name."""
    await attempts.count_password_check(resources.limiter, viewer.username)
    await profile.change_password(
        session,
        body,
        rider_id=viewer.id,
        sign_in_id=viewer.sign_in_id,
        passwords=resources.passwords,
    )


@router.put(
    "/photo",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Send a portrait",
    responses=refuses(409, 413, 429, 507),
    openapi_extra=form_schema(),
)
async def change_photo(
    upload: UploadForRider, session: Transaction, viewer: SignedIn, resources: ResourcesOf
) -> AcceptedOut:
    """The portrait changes once its sizes are made."""
    check_file_size(upload.size_bytes)
    await photos.upload_portrait(
        session, upload.file, rider_id=viewer.id, storage=resources.storage
    )
    return AcceptedOut()


@router.delete("/photo", status_code=status.HTTP_204_NO_CONTENT, summary="Take the portrait away")
async def delete_photo(session: Transaction, viewer: SignedIn) -> None:
    await photos.delete_portrait(session, rider_id=viewer.id)


@router.get("/trips", summary="List one's own trips, drafts and all")
async def list_trips(session: Transaction, viewer: SignedIn) -> ListOf[TripOut]:
    """Drafts first, then what was touched last."""
    own = await trips.list_own_trips(session, rider_id=viewer.id)
    return ListOf(items=[TripOut.of(trip) for trip in own])


@router.get("/tokens", summary="List one's personal tokens")
async def list_tokens(session: Transaction, viewer: InteractiveOnly) -> ListOf[TokenOut]:
    tokens = await queries.list_personal_tokens(session, rider_id=viewer.id)
    return ListOf(items=[TokenOut.of(row) for row in tokens])


@granting.post(
    "/tokens",
    status_code=status.HTTP_201_CREATED,
    summary="Make a personal token",
    responses=refuses(409),
    openapi_extra=NOT_REPEATED,
)
async def make_token(
    requested: NewPersonalToken, session: Transaction, viewer: InteractiveOnly
) -> NewTokenOut:
    """It is shown this once. With “read” alone it changes nothing, with “write” alone it reads
    nothing but the answers to what it writes."""
    row, token = await profile.make_personal_token(session, requested, rider_id=viewer.id)
    return NewTokenOut.of(row, token=token)


@router.delete(
    "/tokens/{token_id}", status_code=status.HTTP_204_NO_CONTENT, summary="End a personal token"
)
async def delete_token(token_id: UUID, session: Transaction, viewer: InteractiveOnly) -> None:
    """One that is not there, or not one's own, is no error: it opens nothing."""
    await profile.delete_personal_token(session, token_id, rider_id=viewer.id)
