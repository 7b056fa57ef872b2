"""Conditional requests: ETags, and 304 to whoever has the answer already (RFC 9110, 13).

The tag is compared before any work is done where it is known beforehand; `send_document` and
`answer_unless_known` are for what has to be made to know its tag.
"""

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
    if tag_matches(request, headers["ETag"]):
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
    if tag_matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def answer_unless_known(request: Request, response: Response) -> Response:
    """A finished answer with its ETag, or 304."""
    body = getattr(response, "body", b"")
    if response.status_code != 200 or not body:
        return response
    response.headers.setdefault("ETag", tag_of(body))
    set_cache_headers(response)
    if tag_matches(request, response.headers["ETag"]):
        names = ("etag", "cache-control", "vary")
        fields = {name: value for name, value in response.headers.items() if name in names}
        return Response(status_code=304, headers=fields)
    return response


def not_modified(request: Request, tag: str) -> Response | None:
    """304 for whoever has it already; asked before an expensive body is made."""
    if not tag_matches(request, tag):
        return None
    response = Response(status_code=304, headers={"ETag": tag})
    set_cache_headers(response)
    return response


def set_cache_headers(response: Response) -> None:
    response.headers.setdefault("Cache-Control", "no-cache")
    response.headers.setdefault("Vary", "Authorization, Cookie, Accept-Language")


def tag_of(body: bytes) -> str:
    return f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'


def tag_matches(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this ETag; weak and strong compare alike (RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match", "")
    tags = [part.strip().removeprefix("W/") for part in header.split(",")]
    return tags == ["*"] or tag.removeprefix("W/") in tags


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
