"""The API's description, and a page on which to read it and try it. Only with DEBUG."""

import secrets
from html import escape

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from contravento.api.openapi import describe

DESCRIPTION_PATH = "/openapi.json"
VENDORED = "/static/vendor/swagger-ui/"

router = APIRouter()

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


@router.get(DESCRIPTION_PATH)
async def show_description(request: Request) -> Response:
    return Response(orjson.dumps(describe(request.app)), media_type="application/json")


@router.get("/docs")
async def show_page(request: Request) -> HTMLResponse:
    """Swagger UI from our own files, within our own content policy."""
    request.state.nonce = secrets.token_urlsafe(16)
    return HTMLResponse(
        _PAGE.format(
            style=f"{VENDORED}swagger-ui.css",
            script=f"{VENDORED}swagger-ui-bundle.js",
            nonce=escape(request.state.nonce),
            description=DESCRIPTION_PATH,
        )
    )
