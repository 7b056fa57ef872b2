"""Headers that tell browsers what a page of ours may do."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contravento.http.request_state import RequestState

NO_DEVICES = "camera=(), microphone=(), geolocation=(), payment=()"
TWO_YEARS = "max-age=63072000; includeSubDomains"


class SecurityHeadersMiddleware:
    """`sources` is where map tiles come from; `robots` what X-Robots-Tag says, if anything."""

    def __init__(self, app: ASGIApp, *, sources: str = "", robots: str = "") -> None:
        self.app = app
        self._sources = f" {sources}" if sources else ""
        self._robots = robots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(MutableHeaders(scope=message), scope)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _add_headers(self, headers: MutableHeaders, scope: Scope) -> None:
        state = RequestState.of(scope)
        headers["X-Content-Type-Options"] = "nosniff"
        if state.answers_page(headers):
            headers.setdefault("Content-Security-Policy", self._policy(state.nonce))
            headers.setdefault("X-Frame-Options", "DENY")
            headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
            headers["Permissions-Policy"] = NO_DEVICES
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if scope["scheme"] == "https":
            headers["Strict-Transport-Security"] = TWO_YEARS
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
