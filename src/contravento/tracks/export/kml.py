"""KML 2.2 (https://docs.ogc.org/is/12-007r2/12-007r2.html): lines on the ground, without times.

Tracks with times (gx:Track) would have all times before all places, which nobody can write while
reading once.
"""

import numpy as np

from contravento.tracks.export.characters import Characters, beside, decimal, escaped, text
from contravento.tracks.export.segments import Marks, Segments
from contravento.tracks.recording import Recording

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
)
MARKS = Marks(
    b"<LineString><tessellate>1</tessellate><coordinates>",
    b"</coordinates></LineString>\n",
    between=b"\n",
    doubles_lone_points=True,
)


class KmlWriter:
    """A Placemark for each track, a LineString for each of its segments."""

    parts_tracks = True

    def __init__(self) -> None:
        self._segments = Segments(MARKS)

    def open(self) -> bytes:
        return HEAD

    def open_track(self, name: str) -> bytes:
        return b"<Placemark><name>" + escaped(name) + b"</name><MultiGeometry>\n"

    def write(self, stretch: Recording) -> bytes:
        return self._segments.write(stretch.segment, coordinates(stretch))

    def close_track(self) -> bytes:
        return self._segments.close() + b"</MultiGeometry></Placemark>\n"

    def close(self) -> bytes:
        return b"</Document>\n</kml>\n"


def coordinates(stretch: Recording) -> Characters:
    """Longitude, latitude and, where it is known, elevation, with commas between."""
    measured = ~np.isnan(stretch.elevation)[:, np.newaxis]
    elevation = beside([text(b","), decimal(stretch.elevation, 5, 2)], len(stretch))
    parts = [
        decimal(stretch.lon, whole_digits=3, decimals=7),
        text(b","),
        decimal(stretch.lat, whole_digits=2, decimals=7),
        measured * elevation,
    ]
    return beside(parts, len(stretch))
