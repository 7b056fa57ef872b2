"""GPX 1.1: https://www.topografix.com/GPX/1/1/."""

from xml.sax.saxutils import quoteattr

from contravento.tracks.export.characters import beside, decimal, element, escaped, moment, text
from contravento.tracks.export.segments import Marks, Segments
from contravento.tracks.reading.text_encoding import without_forbidden
from contravento.tracks.recording import Recording

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gpx version="1.1" creator=%s xmlns="http://www.topografix.com/GPX/1/1">\n'
)
MARKS = Marks(b"  <trkseg>\n", b"  </trkseg>\n")


class GpxWriter:
    """A `<trk>` for each track: places, elevations, times and its name."""

    parts_tracks = True

    def __init__(self, creator: str = "ContraVento") -> None:
        self._creator = creator
        self._segments = Segments(MARKS)

    def open(self) -> bytes:
        return (HEAD % quoteattr(without_forbidden(self._creator))).encode()

    def open_track(self, name: str) -> bytes:
        return b" <trk>\n  <name>" + escaped(name) + b"</name>\n"

    def write(self, stretch: Recording) -> bytes:
        parts = [
            text(b'   <trkpt lat="'),
            decimal(stretch.lat, whole_digits=2, decimals=7),
            text(b'" lon="'),
            decimal(stretch.lon, whole_digits=3, decimals=7),
            text(b'">'),
            element(b"ele", stretch.elevation, decimal(stretch.elevation, 5, 2)),
            element(b"time", stretch.time, moment(stretch.time)),
            text(b"</trkpt>\n"),
        ]
        return self._segments.write(stretch.segment, beside(parts, len(stretch)))

    def close_track(self) -> bytes:
        return self._segments.close() + b" </trk>\n"

    def close(self) -> bytes:
        return b"</gpx>\n"
