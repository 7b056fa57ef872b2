"""A TCX course: https://www8.garmin.com/xmlschemas/TrainingCenterDatabasev2.xsd."""

from contravento.tracks.export.characters import beside, decimal, element, escaped, moment, text
from contravento.tracks.export.course import METRES_PER_SECOND, Pace, seconds_at
from contravento.tracks.export.segments import Marks, Segments
from contravento.tracks.recording import Recording

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<TrainingCenterDatabase '
    b'xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2">\n<Courses>\n'
)
MARKS = Marks(b"<Track>\n", b"</Track>\n")
LONGEST_NAME = 15  # as the schema has it


class TcxWriter:
    """A Course for each file, a Track for each of its segments; lengths in metres, in order."""

    parts_tracks = False

    def __init__(self, lengths_metres: list[float]) -> None:
        self._segments = Segments(MARKS)
        self._lengths = iter(lengths_metres)
        self._pace = Pace()

    def open(self) -> bytes:
        return HEAD

    def open_track(self, name: str) -> bytes:
        self._pace = Pace()
        metres = next(self._lengths)
        lap = (
            f"<Lap><TotalTimeSeconds>{metres / METRES_PER_SECOND:.0f}</TotalTimeSeconds>"
            f"<DistanceMeters>{metres:.2f}</DistanceMeters><Intensity>Active</Intensity></Lap>\n"
        )
        title = escaped(name[:LONGEST_NAME].strip())
        return b"<Course><Name>" + title + b"</Name>\n" + lap.encode()

    def write(self, stretch: Recording) -> bytes:
        metres = self._pace.advance(stretch)
        parts = [
            text(b"<Trackpoint><Time>"),
            moment(seconds_at(metres)),
            text(b"</Time><Position><LatitudeDegrees>"),
            decimal(stretch.lat, whole_digits=2, decimals=7),
            text(b"</LatitudeDegrees><LongitudeDegrees>"),
            decimal(stretch.lon, whole_digits=3, decimals=7),
            text(b"</LongitudeDegrees></Position>"),
            element(b"AltitudeMeters", stretch.elevation, decimal(stretch.elevation, 5, 2)),
            text(b"<DistanceMeters>"),
            decimal(metres, whole_digits=9, decimals=2),
            text(b"</DistanceMeters></Trackpoint>\n"),
        ]
        return self._segments.write(stretch.segment, beside(parts, len(stretch)))

    def close_track(self) -> bytes:
        return self._segments.close() + b"</Course>\n"

    def close(self) -> bytes:
        return b"</Courses>\n</TrainingCenterDatabase>\n"
