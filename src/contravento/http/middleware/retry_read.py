"""Asks once more for a page whose connection to the database broke under it."""

from copy import copy

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contravento.http.request_state import RequestState


class RetryReadMiddleware:
    """Only what reads is repeated, and only while nothing of its answer has left: the pool has
    dropped all connections by then, so the second try finds the server that answers now."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        fresh_scope, fresh_state = dict(scope), copy(RequestState.of(scope))
        is_withheld = False

        async def send_unless_lost(message: Message) -> None:
            nonlocal is_withheld
            if message["type"] == "http.response.start":
                is_withheld = RequestState.of(scope).is_connection_lost
            if not is_withheld:
                await send(message)

        await self.app(scope, receive, send_unless_lost)
        if is_withheld:
            scope.clear()
            scope.update(fresh_scope)
            fresh_state.attach(scope)
            await self.app(scope, receive, send)
