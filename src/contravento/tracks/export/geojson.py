"""GeoJSON (RFC 7946): lines, without times, for which it has no place."""

import json

from contravento.tracks.export.characters import beside, text
from contravento.tracks.export.kml import coordinates
from contravento.tracks.export.segments import Marks, Segments
from contravento.tracks.recording import Recording

MARKS = Marks(b"[", b"]", between=b",", apart=b",\n", doubles_lone_points=True)


class GeoJsonWriter:
    """A Feature for each track, a line of its MultiLineString for each segment."""

    parts_tracks = True

    def __init__(self) -> None:
        self._segments = Segments(MARKS)
        self._tracks = 0

    def open(self) -> bytes:
        return b'{"type":"FeatureCollection","features":[\n'

    def open_track(self, name: str) -> bytes:
        self._tracks += 1
        comma = b",\n" if self._tracks > 1 else b""
        return (
            comma + b'{"type":"Feature","properties":{"name":' + json.dumps(name).encode() + b"},"
            b'"geometry":{"type":"MultiLineString","coordinates":['
        )

    def write(self, stretch: Recording) -> bytes:
        place = beside([text(b"["), coordinates(stretch), text(b"]")], len(stretch))
        return self._segments.write(stretch.segment, place)

    def close_track(self) -> bytes:
        return self._segments.close() + b"]}}"

    def close(self) -> bytes:
        return b"\n]}\n"
