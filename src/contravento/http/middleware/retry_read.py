"""A page whose connection to the database broke under it is asked for once more."""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CUT = "cut"  # in the request's state: its answer says nothing but that the connection broke


class Again:
    """Only what reads is repeated, and only while nothing of its answer has left: the pool has let
    go of all connections by then, so the second try finds the server that answers now."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        state: dict[str, Any] = scope["state"]
        before = dict(scope), dict(state)
        is_withheld = False

        async def answer(message: Message) -> None:
            nonlocal is_withheld
            if message["type"] == "http.response.start":
                is_withheld = bool(state.get(CUT))
            if not is_withheld:
                await send(message)

        await self._app(scope, receive, answer)
        if is_withheld:
            for each, as_it_was in zip((scope, state), before, strict=True):
                each.clear()
                each.update(as_it_was)
            await self._app(scope, receive, send)
