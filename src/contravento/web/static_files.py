"""Serves CSS, fonts and scripts under a versioned address."""

import re

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from contravento.web.rendering.page import STATIC, STYLE_SHEET, static_version, style_sheet

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=3600"
THIS_ONCE = "no-store"
ANOTHER_RELEASE = re.compile(r"[0-9a-f]{12}/")


class CachedFiles(StaticFiles):
    def __init__(self, cache_control: str) -> None:
        super().__init__(directory=STATIC)
        self._cache_control = cache_control

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A page of another release gets this one's file: while one takes over from the other, and
        nothing in front keeps files of both, that is better than none."""
        of_another = ANOTHER_RELEASE.match(path)
        path = path[of_another.end() :] if of_another else path
        response: Response
        if path == STYLE_SHEET:
            response = Response(style_sheet(), media_type="text/css")
        else:
            response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = THIS_ONCE if of_another else self._cache_control
        return response


def mount_static(app: FastAPI) -> None:
    """The versioned address for our own pages; the plain one for whoever knows only that."""
    app.mount(f"/static/{static_version()}", CachedFiles(FOR_EVER), name="static")
    app.mount("/static", CachedFiles(FOR_A_WHILE), name="static-unversioned")
