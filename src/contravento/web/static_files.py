"""Serving CSS, fonts and scripts under an address that changes with them."""

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from contravento.web.render import STATIC, static_version

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=3600"


class CachedFiles(StaticFiles):
    def __init__(self, cache_control: str) -> None:
        super().__init__(directory=STATIC)
        self._cache_control = cache_control

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = self._cache_control
        return response


def mount_static(app: FastAPI) -> None:
    """The versioned address for our own pages; the plain one for whoever knows only that."""
    app.mount(f"/static/{static_version()}", CachedFiles(FOR_EVER), name="static")
    app.mount("/static", CachedFiles(FOR_A_WHILE), name="static-unversioned")
