"""Tells caches what they may keep, and browsers that they have just written."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contravento.http.cache_control import is_personal, write_cache_control
from contravento.http.middleware.access_log import STATIC
from contravento.http.replica_routing import remember_write
from contravento.http.request_state import RequestState


class CacheHeadersMiddleware:
    """Static files say themselves how long they may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), message["status"], scope)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _add_headers(headers: MutableHeaders, status: int, scope: Scope) -> None:
    state, request_headers = RequestState.of(scope), Headers(scope=scope)
    if state.answers_page(headers):
        headers.setdefault(
            "Cache-Control", "no-store" if is_personal(request_headers) else "no-cache"
        )
    if not scope["path"].startswith(STATIC):
        write_cache_control(headers, status=status, request_headers=request_headers, state=state)
        remember_write(
            headers, scheme=scope["scheme"], request_headers=request_headers, state=state
        )
