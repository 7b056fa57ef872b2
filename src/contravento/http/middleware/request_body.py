"""Receives a request's body before the application is called, and waits for it only so long."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contravento.http.middleware.body_limit import takes_files
from contravento.http.replica_routing import SAFE_METHODS
from contravento.http.request_state import RequestState
from contravento.kit.errors import AppError
from contravento.kit.i18n.marks import N_

type Explain = Callable[[Request, Exception], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class BodyDeadlines:
    """How long a body may take altogether, and between two pieces of it."""

    seconds: float
    seconds_between: float


FORM_PATIENCE = BodyDeadlines(seconds=120, seconds_between=15)
FILE_PATIENCE = BodyDeadlines(
    seconds=3600, seconds_between=30
)  # 50 MB from where there is hardly a net


class BodyTimeout(AppError):
    status = 408
    message = N_("What you sent did not arrive in time. Nothing was kept; try again.")


class RequestBodyMiddleware:
    """No route waits for a client while it holds a database connection: it finds the whole body in
    memory. Forms with files are the exception; the routes that take them read them to disk before
    they open a transaction, and get BodyTimeout where nothing comes.

    Refusals are answered by `explain`. To a client that went away nothing is answered.
    """

    def __init__(self, app: ASGIApp, explain: Explain) -> None:
        self.app = app
        self._explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        try:
            if takes_files(scope):
                receive = _hurried(receive, FILE_PATIENCE)
            else:
                receive = await _receive_first(receive)
        except AppError as refusal:
            response = await self._explain(Request(scope), refusal)
            await response(scope, receive, send)
            return
        except ClientDisconnect:
            RequestState.of(scope).is_client_gone = True
            return
        try:
            await self.app(scope, receive, send)
        except ClientDisconnect:
            RequestState.of(scope).is_client_gone = True


async def _receive_first(receive: Receive) -> Receive:
    """The body, ready to be received again in one piece."""
    hurried, chunks, is_more = _hurried(receive, FORM_PATIENCE), [], True
    while is_more:
        message = await hurried()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        is_more = message.get("more_body", False)
    waiting = [b"".join(chunks)]

    async def receive_again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receive_again


def _hurried(receive: Receive, patience: BodyDeadlines) -> Receive:
    """Raises BodyTimeout until the body is complete; whoever then waits for the client to leave
    may wait for ever."""
    ends_at = time.monotonic() + patience.seconds
    is_complete = False

    async def hurried() -> Message:
        nonlocal is_complete
        if is_complete:
            return await receive()
        left = ends_at - time.monotonic()
        if left <= 0:
            raise BodyTimeout
        try:
            async with asyncio.timeout(min(left, patience.seconds_between)):
                message = await receive()
        except TimeoutError:
            raise BodyTimeout from None
        is_complete = not message.get("more_body", False)
        return message

    return hurried
