"""Range requests (RFC 9110, 14)."""

import re

from fastapi import Request

from contravento.kit.storage.backend import Span

ONE_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*")
NOTHING: Span = (0, 0)


def wanted(request: Request, tag: str, size_bytes: int) -> Span | None:
    """The part that is asked for; NOTHING where the file has no such bytes; None for all of it.

    Several ranges at once, and one of another state of the file, are answered with all of it.
    """
    match = ONE_RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or request.headers.get("if-range", tag) != tag:
        return None
    first, last = match.groups()
    if first:
        span = int(first), min(int(last) + 1 if last else size_bytes, size_bytes)
        is_order = not last or int(first) <= int(last)
    else:
        span = max(size_bytes - int(last or 0), 0), size_bytes
        is_order = bool(last)
    if not is_order:
        return None
    return span if span[0] < span[1] else NOTHING


def headers(span: Span | None, size_bytes: int) -> dict[str, str]:
    if span == NOTHING:
        return {"Accept-Ranges": "bytes", "Content-Range": f"bytes */{size_bytes}"}
    first, end = span or (0, size_bytes)
    fields = {"Accept-Ranges": "bytes", "Content-Length": str(end - first)}
    return fields | {"Content-Range": f"bytes {first}-{end - 1}/{size_bytes}"} if span else fields
