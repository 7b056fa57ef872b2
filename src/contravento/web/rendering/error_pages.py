"""Turns errors into responses: a page for people, problem+json for programs."""

import errno
import logging
import socket
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any

from asyncpg.exceptions import CannotConnectNowError, TargetServerAttributeNotMatched
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from contravento.http.dependencies import authenticate, language_of
from contravento.http.request_state import RequestState
from contravento.kit.database.session import READ_ONLY
from contravento.kit.errors import AppError, NotFound, Unavailable
from contravento.kit.i18n.catalogue import translate
from contravento.kit.i18n.marks import N_
from contravento.kit.validation_messages import sentence_for
from contravento.operations.service import record_error
from contravento.web.rendering.page import Page

PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = 20
UNFINISHED = (408, 413)  # the rest of the request may still be on its way: nobody waits for it
MOST_ERRORS_LISTED = 20
METHOD_NOT_ALLOWED = 405
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_TITLES = {
    400: N_("That could not be read"),
    401: N_("Please sign in"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("Not done this way"),
    408: N_("Too slow"),
    409: N_("Not as things are"),
    413: N_("Too large"),
    422: N_("Something to put right"),
    429: N_("Too often"),
    503: N_("Back in a moment"),
    507: N_("No room left"),
}
_OTHER_TITLE = N_("Something went wrong")
_INVALID = N_("Some of what was sent cannot be used.")
# Where the framework refuses: in our words, for its own are English only.
_DETAILS = {
    400: N_("What was sent breaks off or is not put together as it should be."),
    404: NotFound.message,
    405: N_("This address does not take that kind of request."),
}

# What asking the database for a connection ends in when it cannot be had; a container that is gone
# takes its name with it.
OUTAGES = (
    PoolTimeout,
    TimeoutError,
    ConnectionError,
    FileNotFoundError,
    socket.gaierror,
    CannotConnectNowError,
    TargetServerAttributeNotMatched,
    BrokenProcessPool,
)
# SQL states: shutting down, crashed, starting up, no connection left, become a standby; and what a
# pooler says that has no server, or none in time.
UNAVAILABLE = {"57P01", "57P02", "57P03", "53300", READ_ONLY, "08P01"}
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
EXPLAINED = (AppError, HTTPException, RequestValidationError, DBAPIError, OSError, *OUTAGES)

log = logging.getLogger(__name__)


async def explain(request: Request, error: Exception) -> Response:
    """Any error at all. What we did not foresee is logged and told without its particulars."""
    if isinstance(error, HTTPException) and isinstance(error.__cause__, AppError):
        error = error.__cause__
    if isinstance(error, RequestValidationError) and not _is_program(request):
        error = NotFound()  # a page's address holds what no page has
    if isinstance(error, AppError | HTTPException):
        await _recognise(request)
    language = language_of(request)
    if isinstance(error, RequestValidationError):
        return _problem(
            request, 422, translate(language, _INVALID), errors=_fields(error, language)
        )
    if isinstance(error, AppError):
        return _tell(request, error, language)
    if isinstance(error, HTTPException):
        sentence = translate(language, _DETAILS.get(error.status_code, str(error.detail)))
        headers = dict(error.headers or {})
        if error.status_code == METHOD_NOT_ALLOWED:
            headers["Allow"] = allowed_methods(request)
        return _answer(request, error.status_code, sentence, headers=headers)
    if is_outage(error):
        log.warning("a part is not answering: %s", type(error).__name__)
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            RequestState.of(request.scope).is_connection_lost = True
        return _tell(request, Unavailable(), language)
    log.error("unforeseen", exc_info=error)
    resources = RequestState.of(request.scope).resources
    await record_error(resources, error, place=_place(request))
    return _answer(request, 500, translate(language, AppError.message))


def _place(request: Request) -> str:
    """The route as it is written in the code: what stands in its places is not noted."""
    route = request.scope.get("route")
    return f"{request.method} {getattr(route, 'path', 'elsewhere')}"


def allowed_methods(request: Request) -> str:
    """All that some route takes at this path; the framework names those of one route only."""
    asked = {name: request.scope[name] for name in ("type", "path", "root_path", "headers")}
    routes = request.app.router.routes
    methods = [
        method
        for method in METHODS
        if any(route.matches({**asked, "method": method})[0] is Match.FULL for route in routes)
    ]
    return ", ".join(["HEAD", *methods] if "GET" in methods else methods)


async def _recognise(request: Request) -> None:
    """So that the page of a refusal does not look signed out to who is signed in."""
    if _is_program(request) or RequestState.of(request.scope).is_authenticated:
        return
    with suppress(AppError, *OUTAGES):
        await authenticate(request)


def is_outage(error: Exception) -> bool:
    """Whether the database is away, or all connections to it are in use."""
    if isinstance(error, DBAPIError):
        is_away = getattr(error.orig, "sqlstate", None) in UNAVAILABLE
        return (
            is_away
            or error.connection_invalidated
            or isinstance(error, InterfaceError | OperationalError)
        )
    if isinstance(error, OSError) and error.errno in UNREACHABLE:
        return True
    return isinstance(error, OUTAGES)


def _tell(request: Request, error: AppError, language: str) -> Response:
    sentence = translate(language, error.message, error.params)
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status in UNFINISHED:
        headers["Connection"] = "close"
    if wait := error.retry_after_seconds or (RETRY_AFTER_SECONDS if error.status == 503 else None):
        headers["Retry-After"] = str(wait)
    fields = [{"field": error.field, "message": sentence}] if error.field else None
    return _answer(request, error.status, sentence, headers=headers, errors=fields)


def _answer(
    request: Request,
    status: int,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    if _is_program(request):
        return _problem(request, status, detail, headers=headers, errors=errors)
    page = Page(request, RequestState.of(request.scope).viewer)
    return page.show(
        "error.html",
        status=status,
        headers=headers,
        title=translate(page.language, _TITLES.get(status, _OTHER_TITLE)),
        code=status,
        detail=detail,
        request_id=RequestState.of(request.scope).id,
        retry_after=RETRY_AFTER_SECONDS,
    )


def _is_program(request: Request) -> bool:
    if request.url.path.startswith(("/api/", "/health", "/metrics", "/openapi")):
        return True
    return "text/html" not in request.headers.get("accept", "*/*").replace("*/*", "text/html")


def _problem(
    request: Request,
    status: int,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> JSONResponse:
    language = language_of(request)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": translate(language, _TITLES.get(status, _OTHER_TITLE)),
        "status": status,
        "detail": detail,
        "request_id": RequestState.of(request.scope).id,
    }
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status, headers, media_type=PROBLEM)


def _fields(error: RequestValidationError, language: str) -> list[dict[str, str]]:
    fields = []
    for problem in error.errors()[:MOST_ERRORS_LISTED]:
        sentence, params = sentence_for(problem)
        place = ".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0])
        fields.append({"field": place, "message": translate(language, sentence, params)})
    return fields
