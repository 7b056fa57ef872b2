"""Writes each request's log line, counts it and gives it a span."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contravento.http.request_state import RequestState
from contravento.kit.telemetry import metrics
from contravento.kit.telemetry.memory import MemoryTrimmer
from contravento.kit.telemetry.tracing import request_span

STATIC = "/static/"
STATIC_TEMPLATE = "/static/{path}"
CLIENT_CLOSED_REQUEST = 499  # nginx' number; nobody is there to be answered

log = logging.getLogger("contravento.request")


class AccessLogMiddleware:
    """Stands inside HeadMiddleware: the router writes what it matched into the scope it is given,
    and the route's template is read from there."""

    def __init__(self, app: ASGIApp, *, counts: bool = False) -> None:
        self.app = app
        self._counts = counts
        self._trimmer = MemoryTrimmer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = RequestState.of(scope)
        started = time.perf_counter()
        status, answered_bytes = 500, 0

        async def send_and_note(message: Message) -> None:
            nonlocal status, answered_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
            answered_bytes += len(message.get("body", b""))
            await send(message)

        in_progress = metrics.begin_request(state.method) if self._counts else None
        with request_span(state.id) as span:
            try:
                await self.app(scope, receive, send_and_note)
            finally:
                seconds = time.perf_counter() - started
                if state.is_client_gone:
                    status = CLIENT_CLOSED_REQUEST
                method = metrics.known_method(state.method)
                route = _route_template(scope) or metrics.UNMATCHED
                span.answered(method, route, status)
                self._trimmer.note_answer(answered_bytes)
                if in_progress:
                    in_progress.dec()
                    metrics.count_request(method, route, status, seconds)
                if log.isEnabledFor(logging.INFO):
                    _write_line(scope, method, route, status, seconds)


def _route_template(scope: Scope) -> str | None:
    """The route's path with its parameters unfilled and its prefix, which `scope["route"]` leaves
    out; None where none matched."""
    if scope["path"].startswith(STATIC):
        return STATIC_TEMPLATE
    route = scope.get("fastapi", {}).get("effective_route_context")
    path: str | None = getattr(route, "path_format", None)
    return path


def _is_path_loggable(scope: Scope, status: int) -> bool:
    """A path that led to something is no secret. Any other may hold whatever somebody typed."""
    return (status < 300 or status == 304) and "token" not in scope.get("path_params", ())


def _write_line(scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
    log.info(
        "request",
        extra={
            "method": method,
            "route": route,
            **({"path": scope["path"]} if _is_path_loggable(scope, status) else {}),
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        },
    )
