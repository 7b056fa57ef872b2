"""Tracks as a file that is written while it is sent; for pages and programs alike."""

import hashlib
from collections.abc import Sequence

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from contravento.http import conditional
from contravento.http.request_state import RequestState
from contravento.kit.resources import Resources
from contravento.tracks import points
from contravento.tracks.export.write import MEDIA_TYPES, ExportFormat, TrackHead
from contravento.tracks.points import KeptTrack
from contravento.tracks.queries import RiddenTrack
from contravento.trips.models import Trip


def send(
    request: Request,
    resources: Resources,
    tracks: Sequence[KeptTrack],
    wanted: ExportFormat,
    *,
    name: str,
    file_name: str,
) -> Response:
    """Tracks that together are called so. What somebody has already is not written again."""
    told = "\n".join([wanted, name, *(f"{track.head.name}\t{track.key}" for track in tracks)])
    headers = {
        "ETag": f'W/"{hashlib.sha256(told.encode()).hexdigest()[:24]}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
    }
    if conditional.tag_matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{file_name}.{wanted}"'
    media_type = MEDIA_TYPES[wanted]
    if RequestState.of(request.scope).method == "HEAD":
        return Response(media_type=media_type, headers=headers)
    written = points.write_tracks(resources, tracks, wanted, name=name)
    return StreamingResponse(written, media_type=media_type, headers=headers)


def kept_tracks(tracks: Sequence[RiddenTrack], trip: Trip) -> list[KeptTrack]:
    """Those with a line. A track without a name has its trip's; what its file was called is its
    rider's affair."""
    return [
        KeptTrack(
            track.points_key,
            TrackHead(track.name or trip.title, track.points, track.distance_metres),
        )
        for track in tracks
        if track.points_key
    ]
