"""Authentication of pages: whoever is not signed in is sent to sign in, and back afterwards."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request
from fastapi.responses import RedirectResponse

from contravento.accounts.queries import Viewer
from contravento.accounts.service.sign_in import note_seen
from contravento.http.dependencies import MaybeViewer, Transaction, check_administrator
from contravento.http.replica_routing import SAFE_METHODS
from contravento.kit.errors import Forbidden, Unauthorized


async def _rider(request: Request, session: Transaction, viewer: MaybeViewer) -> Viewer:
    is_visit = request.method in SAFE_METHODS and "hx-request" not in request.headers
    if viewer is not None:
        if viewer.sign_in_id is None:  # a program's token: these pages are for people
            raise Forbidden
        if is_visit:
            await note_seen(session, viewer.sign_in_id)
        return viewer
    if is_visit:
        raise HTTPException(303, headers={"Location": f"/sign-in?next={_here(request)}"})
    raise Unauthorized


RiderOnly = Annotated[Viewer, Depends(_rider)]


async def _administrator(viewer: RiderOnly) -> Viewer:
    return check_administrator(viewer)


AdministratorOnly = Annotated[Viewer, Depends(_administrator)]


def redirect(path: str) -> RedirectResponse:
    """After a form: to a page that may be reloaded without sending the form again."""
    return RedirectResponse(path, status_code=303)


def local_path(path: str, otherwise: str = "/") -> str:
    """A path of ours as it is; what some browser could read as another host is not followed.

    Browsers take a backslash for a slash and leave out control characters.
    """
    odd = any(ord(character) <= 32 or character in "\\\x7f" for character in path)
    if odd or not path.startswith("/") or path.startswith("//"):
        return otherwise
    return path


def _here(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path + query, safe="/")
