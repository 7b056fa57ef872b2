"""Choosing the language of the pages."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from contravento.accounts.queries import get_rider_by_id
from contravento.http.dependencies import (
    LANGUAGE_COOKIE,
    LANGUAGE_COOKIE_SECONDS,
    MaybeViewer,
    Transaction,
)
from contravento.kit.errors import NotFound
from contravento.kit.i18n.catalogue import LANGUAGES
from contravento.web.auth import local_path

router = APIRouter()


@router.get("/language/{code}")
async def choose(
    code: str,
    request: Request,
    session: Transaction,
    viewer: MaybeViewer,
    back: str = "/",
) -> RedirectResponse:
    if code not in LANGUAGES:
        raise NotFound
    if viewer and viewer.may_write:
        (await get_rider_by_id(session, viewer.id)).language = code
    answer = RedirectResponse(local_path(back), 303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        LANGUAGE_COOKIE,
        code,
        max_age=LANGUAGE_COOKIE_SECONDS,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer
