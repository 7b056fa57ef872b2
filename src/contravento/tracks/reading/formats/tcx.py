"""TCX, the XML of Garmin's Training Center: rides (activities) and planned courses.

The schema is at https://www8.garmin.com/xmlschemas/TrainingCenterDatabasev2.xsd. Each activity or
course is a track, each of its Track elements a segment. A course beside a ride is left out.
"""

from math import isnan

from contravento.tracks import rules
from contravento.tracks.errors import BrokenBeforeFirstPoint, NoPoints, TooDeep
from contravento.tracks.reading import warnings
from contravento.tracks.reading.numbers import NAN, read_number, short_text
from contravento.tracks.reading.parsed_file import Findings, ParsedPoints, check_room
from contravento.tracks.reading.regular_points import RUN, Skeleton, Vocabulary, cut_out
from contravento.tracks.reading.xml_reader import LocalNames, parse, run, undeclared_prefixes
from contravento.tracks.recording import Remark

TRACKS = {"Activity", "Course"}
VOCABULARY = Vocabulary(
    ("Trackpoint",),
    lon="Position/LongitudeDegrees",
    lat="Position/LatitudeDegrees",
    elevation="AltitudeMeters",
    time="Time",
)


def read(text: bytes) -> Findings:
    """Read a TCX document in UTF-8.

    Raises NoPoints, BrokenBeforeFirstPoint, HasDoctype, TooDeep, TooManyPoints.
    """
    tcx, remarks = _parse_regular(text) or parse(text, _Tcx)
    line = tcx.activities if len(tcx.activities) else tcx.courses
    if not len(line):
        broken = any(remark.code in ("truncated", "broken") for remark in remarks)
        raise BrokenBeforeFirstPoint if broken else NoPoints
    remarks += undeclared_prefixes(tcx.names, text)
    if line is tcx.courses:
        remarks.append(warnings.ROUTE())
    elif len(tcx.courses):
        remarks.append(warnings.ROUTES_LEFT_OUT(count=len(set(tcx.courses.track_starts)) or 1))
    name = next((name for name in line.names if name), None)
    return Findings(line, [], remarks, name, tcx.bad_elevations, lacks_positions=True)


def _parse_regular(text: bytes) -> "tuple[_Tcx, list[Remark]] | None":
    """The same as `parse`, much faster; None where something is not as usual."""
    skeleton = cut_out(text, VOCABULARY)
    if skeleton is None:
        return None
    tcx = _TcxOfRuns(skeleton)
    is_whole = run(skeleton.text, tcx) is None and tcx.runs_heard == len(skeleton.runs)
    return (tcx, []) if is_whole else None


class _Tcx:
    """Hears the elements; inside a track point only those that are read."""

    def __init__(self) -> None:
        self.activities = ParsedPoints()
        self.courses = ParsedPoints()
        self.line = self.activities
        self.names = LocalNames()
        self.text: list[str] = []
        self.bad_elevations = 0
        self._path: list[str] = []
        self._in_point = False
        self._lon = self._lat = self._elevation = NAN
        self._time = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.text.clear()
        local = self.names[name]
        self._path.append(local)
        if len(self._path) > rules.DEEPEST_ELEMENT:
            raise TooDeep
        if local == "Trackpoint":
            self._in_point = True
            self._lon = self._lat = self._elevation = NAN
            self._time = ""
        elif local == "Track":
            self.line.start_segment()
        elif local in TRACKS:
            self.line = self.courses if local == "Course" else self.activities
            self.line.start_track()

    def end(self, name: str) -> None:
        local = self._path.pop()
        if self._in_point:
            self._end_in_point(local)
        elif local == "Name" and self._path and self._path[-1] == "Course":
            self.line.names.append(short_text("".join(self.text)))

    def _end_in_point(self, local: str) -> None:
        if local == "Trackpoint":
            self._in_point = False
            self._end_point()
        elif local == "LatitudeDegrees":
            self._lat = read_number("".join(self.text))
        elif local == "LongitudeDegrees":
            self._lon = read_number("".join(self.text))
        elif local == "AltitudeMeters":
            text = "".join(self.text)
            self._elevation = read_number(text)
            self.bad_elevations += isnan(self._elevation) and bool(text.strip())
        elif local == "Time":
            self._time = "".join(self.text)

    def _end_point(self) -> None:
        line = self.line
        line.lon.append(self._lon)
        line.lat.append(self._lat)
        line.elevation.append(self._elevation)
        line.times.append(self._time)
        check_room(line)


class _TcxOfRuns(_Tcx):
    """Hears a skeleton, and takes each run of points from beside it."""

    def __init__(self, skeleton: Skeleton) -> None:
        super().__init__()
        self.runs_heard = 0
        self._skeleton = skeleton
        for name in skeleton.names:
            self.names[name]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == RUN and not self._in_point:
            if len(self._path) + self._skeleton.depth > rules.DEEPEST_ELEMENT:
                raise TooDeep
            self._skeleton.pour(self.runs_heard, self.line)
            self.runs_heard += 1
