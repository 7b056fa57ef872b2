"""Tracks as a GPX file that is written while it is sent; for pages and programs alike."""

import hashlib
from collections.abc import Sequence

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from contravento.http import conditional
from contravento.http.request_state import RequestState
from contravento.kit.resources import Resources
from contravento.tracks import points

MEDIA_TYPE = "application/gpx+xml"


def send(
    request: Request,
    resources: Resources,
    named: Sequence[tuple[str, str, int]],
    file_name: str,
) -> Response:
    """Tracks by name, key and number of points. What somebody has already is not written again."""
    told = "\n".join(f"{name}\t{key}" for name, key, _ in named)
    headers = {
        "ETag": f'W/"{hashlib.sha256(told.encode()).hexdigest()[:24]}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
    }
    if conditional.tag_matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{file_name}.gpx"'
    if RequestState.of(request.scope).method == "HEAD":
        return Response(media_type=MEDIA_TYPE, headers=headers)
    return StreamingResponse(
        points.write_gpx(resources, named), media_type=MEDIA_TYPE, headers=headers
    )
