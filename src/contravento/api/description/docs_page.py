"""The API's description, and a page on which to read it and try it.

Both are public under /api; the addresses that FastAPI gives them answer with DEBUG only.
"""

import secrets
from html import escape

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from contravento.api.description.openapi import describe
from contravento.http.request_state import RequestState

DESCRIPTION_PATH = "/api/openapi.json"
VENDORED = "/static/vendor/swagger-ui/"

router = APIRouter()
debugging = APIRouter()

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ContraVento API</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
<div id="api"></div>
<script src="{script}"></script>
<script nonce="{nonce}">
SwaggerUIBundle({{ url: "{description}", dom_id: "#api", deepLinking: true, validatorUrl: null }});
</script>
</body>
</html>
"""


@debugging.get("/openapi.json")
@router.get(DESCRIPTION_PATH)
async def show_description(request: Request) -> Response:
    return Response(orjson.dumps(describe(request.app)), media_type="application/json")


@debugging.get("/docs")
@router.get("/api")
async def show_page(request: Request) -> HTMLResponse:
    """Swagger UI from our own files, within our own content policy."""
    nonce = RequestState.of(request.scope).nonce = secrets.token_urlsafe(16)
    return HTMLResponse(
        _PAGE.format(
            style=f"{VENDORED}swagger-ui.css",
            script=f"{VENDORED}swagger-ui-bundle.js",
            nonce=escape(nonce),
            description=DESCRIPTION_PATH,
        )
    )
