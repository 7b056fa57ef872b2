"""A rider's settings: one page with several forms."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, Field

from contravento.accounts import attempts, queries
from contravento.accounts.inputs import (
    NewPersonalToken,
    Password,
    PasswordChange,
    ProfileChanges,
)
from contravento.accounts.models import PersonalToken, Rider
from contravento.accounts.queries import Viewer
from contravento.accounts.rules import MAX_BIO_CHARACTERS, MAX_NAME_CHARACTERS
from contravento.accounts.service import profile, sign_in as signing_in
from contravento.http.dependencies import (
    LANGUAGE_COOKIE,
    LANGUAGE_COOKIE_SECONDS,
    ResourcesOf,
    Transaction,
    drop_session_cookie,
)
from contravento.http.upload_quota import MEGABYTE_BYTES, check_upload, used_bytes
from contravento.kit.database.session import Session
from contravento.kit.i18n.marks import N_
from contravento.photos import image_formats, service as photos
from contravento.photos.errors import EmptyPhoto
from contravento.photos.rules import check_file_size
from contravento.web.auth import RiderOnly, redirect
from contravento.web.rendering.forms import (
    Form,
    SubmittedForm,
    attempt,
    carry_out,
    files_in,
    read_form,
)
from contravento.web.rendering.page import Page, PageFor

router = APIRouter(prefix="/settings")

NOTES = {
    "profile": (N_("Saved."), N_("Your page says so now.")),
    "portrait": (N_("Portrait received."), N_("It stands on your page in a few seconds.")),
    "no-portrait": (N_("Portrait removed."), ""),
    "password": (N_("The new password holds."), N_("Every other device was signed out.")),
    "device": (N_("That device is signed out."), ""),
    "token-gone": (N_("Token deleted."), N_("Programs that used it are shut out.")),
}
MATTERS = ("profile", "portrait", "password", "token")
TOKEN_DAYS = (30, 90, 365)

# Browsers and systems as people know them; the first that is found in the agent's line counts.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class TokenForm(NewPersonalToken):
    """In a form one choice stands for the scopes, and no days for a token that does not end."""

    scopes: Annotated[
        list[Literal["read", "write"]],
        BeforeValidator(lambda scopes: ["read", "write"] if "write" in scopes else ["read"]),
    ] = ["read"]
    days: Annotated[
        Annotated[int, Field(ge=1, le=3660)] | None, BeforeValidator(lambda typed: typed or None)
    ] = None


class Portrait(BaseModel):
    """The form of the portrait has a file and nothing to type."""


class Deletion(BaseModel):
    current: Password


@router.get("")
async def show(session: Transaction, viewer: RiderOnly, page: PageFor, note: str = "") -> Response:
    return await _show(page, session, viewer, note=NOTES.get(note))


@router.get("/deletion")
async def ask_to_delete(viewer: RiderOnly, page: PageFor) -> Response:
    return page.show("settings/deletion.html", form=Form[Deletion]())


@router.get("/{matter}", include_in_schema=False)
async def show_matter(matter: Literal["profile", "photo", "password", "tokens"]) -> Response:
    """A form's answer stands at its address; whoever loads that anew gets the page."""
    return redirect(f"/settings#{'portrait' if matter == 'photo' else matter}")


@router.post("/profile")
async def change_profile(
    request: Request, session: Transaction, viewer: RiderOnly, page: PageFor
) -> Response:
    async def change(changes: ProfileChanges) -> Rider:
        return await profile.change_profile(session, changes, rider_id=viewer.id)

    form = await read_form(request, ProfileChanges, page.language)
    form, rider = await carry_out(session, form, change, page.language)
    if rider is None:
        return await _show(page, session, viewer, profile=form)
    response = redirect("/settings?note=profile")
    # What was chosen on this device before would otherwise go on being shown.
    response.set_cookie(
        LANGUAGE_COOKIE,
        rider.language,
        max_age=LANGUAGE_COOKIE_SECONDS,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/photo")
async def change_portrait(
    fields: SubmittedForm,
    session: Transaction,
    viewer: RiderOnly,
    resources: ResourcesOf,
    page: PageFor,
) -> Response:
    async def keep() -> None:
        if not files:
            raise EmptyPhoto
        check_file_size(files[0].size or 0)
        await check_upload(session, resources, rider_id=viewer.id, size_bytes=files[0].size or 0)
        image_formats.check_beginning(files[0].file)
        await photos.upload_portrait(
            session, files[0].file, rider_id=viewer.id, storage=resources.storage
        )

    files = files_in(fields, "file")
    _, refused = await attempt(session, keep())
    if refused:
        form = Form[Portrait]().refused(refused, page.language, "file")
        return await _show(page, session, viewer, portrait=form)
    return redirect("/settings?note=portrait")


@router.post("/photo/removal")
async def remove_portrait(session: Transaction, viewer: RiderOnly) -> Response:
    await photos.delete_portrait(session, rider_id=viewer.id)
    return redirect("/settings?note=no-portrait")


@router.post("/password")
async def change_password(
    request: Request, session: Transaction, viewer: RiderOnly, resources: ResourcesOf, page: PageFor
) -> Response:
    async def change(passwords: PasswordChange) -> None:
        await attempts.count_password_check(resources.limiter, viewer.username)
        await profile.change_password(
            session,
            passwords,
            rider_id=viewer.id,
            sign_in_id=viewer.sign_in_id,
            passwords=resources.passwords,
        )

    form = await read_form(request, PasswordChange, page.language, lists=("keep_tokens",))
    form, _ = await carry_out(session, form, change, page.language)
    if form.errors:
        form = form.renamed("password", "new")
        return await _show(page, session, viewer, password=form)
    return redirect("/settings?note=password")


@router.post("/devices/{sign_in_id}/end")
async def end_device(sign_in_id: UUID, session: Transaction, viewer: RiderOnly) -> Response:
    await signing_in.end_sign_in(session, sign_in_id, rider_id=viewer.id)
    return redirect("/settings?note=device")


@router.post("/devices/end")
async def end_every_device(request: Request, session: Transaction, viewer: RiderOnly) -> Response:
    await signing_in.sign_out_everywhere(session, rider_id=viewer.id)
    response = redirect("/sign-in?note=ended")
    drop_session_cookie(request, response)
    return response


@router.post("/tokens")
async def make_token(
    request: Request, session: Transaction, viewer: RiderOnly, page: PageFor
) -> Response:
    """Shown in the answer to the form, and never again."""

    async def make(token: TokenForm) -> tuple[PersonalToken, str]:
        return await profile.make_personal_token(session, token, rider_id=viewer.id)

    form = await read_form(request, TokenForm, page.language)
    form, created = await carry_out(session, form, make, page.language)
    if created is None:
        return await _show(page, session, viewer, token=form)
    return await _show(page, session, viewer, new_token=created[1])


@router.post("/tokens/{token_id}/removal")
async def remove_token(token_id: UUID, session: Transaction, viewer: RiderOnly) -> Response:
    await profile.delete_personal_token(session, token_id, rider_id=viewer.id)
    return redirect("/settings?note=token-gone")


@router.post("/deletion")
async def delete(
    request: Request, session: Transaction, viewer: RiderOnly, resources: ResourcesOf, page: PageFor
) -> Response:
    async def go(deletion: Deletion) -> None:
        await attempts.count_password_check(resources.limiter, viewer.username)
        await profile.delete_rider(
            session, deletion.current, rider_id=viewer.id, passwords=resources.passwords
        )

    form = await read_form(request, Deletion, page.language)
    form, _ = await carry_out(session, form, go, page.language)
    if form.errors:
        return page.show(
            "settings/deletion.html", form=form, status=form.status, headers=form.headers
        )
    response = redirect("/sign-in?note=deleted")
    drop_session_cookie(request, response)
    return response


async def _show(
    page: Page,
    session: Session,
    viewer: Viewer,
    *,
    note: tuple[str, str] | None = None,
    new_token: str = "",
    **sent: Form[Any],
) -> Response:
    """All forms as stored, but the one that was sent as it was typed."""
    wrong: Form[Any] = next(iter(sent.values()), Form())
    matters: dict[str, Form[Any]] = {name: Form() for name in MATTERS}
    return page.show(
        "settings/settings.html",
        status=wrong.status,
        headers=wrong.headers,
        rider=await queries.get_rider_by_id(session, viewer.id),
        devices=[
            (sign_in, describe_agent(sign_in.agent))
            for sign_in in await queries.list_sign_ins(session, rider_id=viewer.id)
        ],
        tokens=await queries.list_personal_tokens(session, rider_id=viewer.id),
        matters=matters | sent,
        is_wrong=bool(wrong.errors),
        note=note,
        new_token=new_token,
        token_days=TOKEN_DAYS,
        most_name=MAX_NAME_CHARACTERS,
        most_bio=MAX_BIO_CHARACTERS,
        used_bytes=await used_bytes(session, rider_id=viewer.id),
        quota_bytes=page.resources.settings.rider_quota_megabytes * MEGABYTE_BYTES,
        language_names={"en": "English", "es": "Español"},
    )


def describe_agent(agent: str) -> str:
    """'Firefox, Android' out of a browser's long line; a program's own first words otherwise."""
    tokens = [
        next((name for sign, name in names if sign in agent), "") for names in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in tokens if name) or agent[:60]
