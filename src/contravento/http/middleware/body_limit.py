"""Bounds what is read of a request's body; the files in it are judged where they are stored."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contravento.kit.errors import TooLarge
from contravento.kit.i18n.marks import N_

MEGABYTE = 1024 * 1024
BODY_LIMITS_MEGABYTES = (
    (re.compile(r"/(tracks|edit)$"), 51),  # the editor's form carries files where no script runs
    (re.compile(r"/(photos|photo)$"), 21),
    (re.compile(r""), 2),
)


class BodyTooLarge(TooLarge):
    message = N_("That is more than the %(megabytes)s MB we take here. Nothing was kept.")


class BodyLimitMiddleware:
    """Whoever reads a body past its path's limit gets BodyTooLarge, at once where the client
    announces its length."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = _bounded(receive, _limit_megabytes(scope["path"]), _announced(scope))
        await self.app(scope, receive, send)


def _limit_megabytes(path: str) -> int:
    return next(limit for pattern, limit in BODY_LIMITS_MEGABYTES if pattern.search(path))


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _bounded(receive: Receive, megabytes: int, announced_bytes: int) -> Receive:
    received_bytes = 0

    async def bounded() -> Message:
        nonlocal received_bytes
        if announced_bytes > megabytes * MEGABYTE:
            raise BodyTooLarge(megabytes=megabytes - 1)
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > megabytes * MEGABYTE:
            raise BodyTooLarge(megabytes=megabytes - 1)
        return message

    return bounded
