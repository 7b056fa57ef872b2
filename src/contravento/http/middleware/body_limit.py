"""Bounds what is read of a request's body; the files in it are judged where they are stored."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contravento.kit.errors import TooLarge
from contravento.kit.i18n.marks import N_

KILOBYTE = 1024
MEGABYTE = 1024 * 1024
FORM_OVERHEAD_BYTES = MEGABYTE  # of the fields and boundaries around a file
UPLOAD_LIMITS_MEGABYTES = (
    (re.compile(r"/(tracks|edit)$"), 50),  # the editor's form carries files where no script runs
    (re.compile(r"/(photos|photo)$"), 20),
)
# What anybody may send without being known, and what nobody needs to be long.
ACCOUNT_PATHS = re.compile(
    r"/(api/v1/(accounts|sessions|password-reset|me)|sign-in|sign-up|sign-out|confirm|forgotten"
    r"|reset|settings)(/|$)"
)
ACCOUNT_LIMIT_BYTES = 64 * KILOBYTE
OTHER_LIMIT_BYTES = 2 * MEGABYTE


class BodyTooLarge(TooLarge):
    message = N_("That is more than the %(limit)s we take here. Nothing was kept.")


class BodyLimitMiddleware:
    """Whoever reads a body past its path's limit gets BodyTooLarge, at once where the client
    announces its length."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = _bounded(receive, limit_bytes(scope), _announced(scope))
        await self.app(scope, receive, send)


def takes_files(scope: Scope) -> bool:
    """Whether this is a form with files, sent to where files are taken."""
    return _file_megabytes(scope) > 0


def limit_bytes(scope: Scope) -> int:
    if megabytes := _file_megabytes(scope):
        return megabytes * MEGABYTE + FORM_OVERHEAD_BYTES
    return ACCOUNT_LIMIT_BYTES if ACCOUNT_PATHS.match(scope["path"]) else OTHER_LIMIT_BYTES


def _file_megabytes(scope: Scope) -> int:
    if not Headers(scope=scope).get("content-type", "").startswith("multipart/form-data"):
        return 0
    matching = (most for path, most in UPLOAD_LIMITS_MEGABYTES if path.search(scope["path"]))
    return next(matching, 0)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _bounded(receive: Receive, most_bytes: int, announced_bytes: int) -> Receive:
    received_bytes = 0

    async def bounded() -> Message:
        nonlocal received_bytes
        if announced_bytes > most_bytes:
            raise BodyTooLarge(limit=_as_text(most_bytes))
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > most_bytes:
            raise BodyTooLarge(limit=_as_text(most_bytes))
        return message

    return bounded


def _as_text(limit: int) -> str:
    """What a file or text may have, without what the form around it takes."""
    if limit < MEGABYTE:
        return f"{limit // KILOBYTE}\N{NO-BREAK SPACE}kB"
    return f"{(limit - FORM_OVERHEAD_BYTES) // MEGABYTE}\N{NO-BREAK SPACE}MB"
