"""Answering with bytes that browsers may keep: stored pictures, drawn ground."""

import hashlib
from collections.abc import AsyncIterator

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from contravento.http import ranges
from contravento.kit.storage.storage import Storage

JPEG = "image/jpeg"
GEOJSON = "application/geo+json"


async def send_stored(
    request: Request,
    storage: Storage,
    key: str,
    *,
    size_bytes: int,
    media_type: str,
    cache_control: str,
) -> Response:
    """A file of the storage; raises FileMissing. A key's content never changes."""
    headers = {
        "ETag": f'"{hashlib.sha256(key.encode()).hexdigest()[:24]}"',
        "Vary": "Authorization, Cookie",
    }
    headers["Cache-Control"] = cache_control
    if has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    span = ranges.wanted(request, headers["ETag"], size_bytes)
    if span == ranges.NOTHING:
        return Response(status_code=416, headers=headers | ranges.headers(span, size_bytes))
    chunks = storage.stream(key, span)
    first = await anext(chunks, b"")
    headers |= ranges.headers(span, size_bytes) | {"Content-Disposition": "inline"}
    status = 206 if span else 200
    return StreamingResponse(_from(first, chunks), status, media_type=media_type, headers=headers)


def send_document(
    request: Request, body: bytes, *, media_type: str, cache_control: str
) -> Response:
    """A document with its ETag, or that whoever asks has it already."""
    headers = {"ETag": tag_of(body)}
    headers["Cache-Control"] = cache_control
    if has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def tag_of(body: bytes) -> str:
    return f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'


def has_it(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this ETag; weak and strong compare alike (RFC 9110, 13.1.2)."""
    given = request.headers.get("if-none-match", "")
    return tag.removeprefix("W/") in [each.strip().removeprefix("W/") for each in given.split(",")]


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
