"""What happens to every request around the application: id, log line, headers, body limit."""

import logging
import re
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contravento.http.cache_control import is_personal, tell_caches
from contravento.http.replica_routing import remember_write
from contravento.kit.errors import TooLarge
from contravento.kit.i18n.marks import N_
from contravento.kit.telemetry import metrics
from contravento.kit.telemetry.tracing import request_span

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
MEGABYTE = 1024 * 1024
# The files themselves are judged where they are kept; this bounds what is read of a body at all.
BODY_LIMITS_MEGABYTES = (
    (re.compile(r"/(tracks|edit)$"), 51),  # the editor's form carries files where no script runs
    (re.compile(r"/(photos|photo)$"), 21),
    (re.compile(r""), 2),
)

STATIC = "/static/"
STATIC_TEMPLATE = "/static/{path}"

log = logging.getLogger("contravento.request")


class BodyTooLarge(TooLarge):
    message = N_("That is more than the %(megabytes)s MB we take here. Nothing was kept.")


class Edge:
    """Outermost of all. HEAD is answered as GET without a body."""

    def __init__(
        self, app: ASGIApp, *, sources: str = "", counts: bool = False, robots: str = ""
    ) -> None:
        self._app = app
        self._counts = counts
        self._robots = robots
        self._sources = f" {sources}" if sources else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope))
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        method = scope["method"]
        is_head = method == "HEAD"
        if is_head:
            scope = {**scope, "method": "GET"}  # the server's own must go on saying HEAD

        started = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), status, scope, state)
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        in_progress = metrics.begin_request(method) if self._counts else None
        with request_span(request_id) as span:
            try:
                await self._app(scope, _bounded(scope, receive), answer)
            finally:
                seconds = time.perf_counter() - started
                method = metrics.known_method(method)
                route = _template(scope) or metrics.UNMATCHED
                span.answered(method, route, status)
                if in_progress:
                    in_progress.dec()
                    metrics.count_request(method, route, status, seconds)
                if log.isEnabledFor(logging.INFO):
                    _write_line(scope, method, route, status, seconds)

    def _add_headers(
        self,
        headers: MutableHeaders,
        status: int,
        scope: Scope,
        state: MutableMapping[str, Any],
    ) -> None:
        asked = Headers(scope=scope)
        headers["X-Request-ID"] = state["request_id"]
        headers["X-Content-Type-Options"] = "nosniff"
        # A browser puts the headers of a 304 over those that it has: they must be the page's own.
        if state.get("is_page") or headers.get("content-type", "").startswith("text/html"):
            headers.setdefault("Content-Security-Policy", self._policy(state.get("nonce")))
            headers.setdefault("X-Frame-Options", "DENY")
            headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers.setdefault("Cache-Control", "no-store" if is_personal(asked) else "no-cache")
        if not scope["path"].startswith(STATIC):
            tell_caches(headers, status=status, asked=asked, state=state)
            remember_write(
                headers, method=scope["method"], scheme=scope["scheme"], asked=asked, state=state
            )
        if scope["scheme"] == "https":
            headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        if self._robots:
            headers["X-Robots-Tag"] = self._robots

    def _policy(self, nonce: str | None) -> str:
        own = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
        return (
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self';"
            f" script-src {own}; style-src {own};"
            f" img-src 'self' data: blob:{self._sources}; font-src 'self';"
            f" connect-src 'self'{self._sources}; worker-src 'self'; manifest-src 'self'"
        )


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Raise BodyTooLarge once more than the route's limit has come, or is announced."""
    megabytes = next(most for path, most in BODY_LIMITS_MEGABYTES if path.search(scope["path"]))
    announced = Headers(scope=scope).get("content-length", "")
    too_long = announced.isdigit() and int(announced) > megabytes * MEGABYTE
    come = 0

    async def bounded() -> Message:
        nonlocal come
        if too_long:
            raise BodyTooLarge(megabytes=megabytes - 1)
        message = await receive()
        come += len(message.get("body", b""))
        if come > megabytes * MEGABYTE:
            raise BodyTooLarge(megabytes=megabytes - 1)
        return message

    return bounded


def _template(scope: Scope) -> str | None:
    """The route's path with its places unfilled and its prefix, which `scope["route"]` leaves out;
    None where none matched."""
    if scope["path"].startswith(STATIC):
        return STATIC_TEMPLATE
    chosen = scope.get("fastapi", {}).get("effective_route_context")
    path: str | None = getattr(chosen, "path_format", None)
    return path


def _is_plain(scope: Scope, status: int) -> bool:
    """Whether the path may be written down: it led to something, which is no secret. Any other may
    hold whatever somebody typed."""
    return (status < 300 or status == 304) and "token" not in scope.get("path_params", ())


def _write_line(scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
    log.info(
        "request",
        extra={
            "method": method,
            "route": route,
            **({"path": scope["path"]} if _is_plain(scope, status) else {}),
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        },
    )
