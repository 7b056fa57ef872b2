"""KML 2.2 and 2.3 with Google's gx:Track: lines, tracks with their times, and marked places.

The schema is at https://docs.ogc.org/is/12-007r2/12-007r2.html. Where a file has tracks with times
and lines without, the tracks are read: programs write the same ride both ways.
"""

import re
from math import isnan

from contravento.tracks import rules
from contravento.tracks.errors import BrokenBeforeFirstPoint, TooDeep
from contravento.tracks.reading.numbers import NAN, read_number, short_text
from contravento.tracks.reading.parsed_file import Findings, ParsedPoints, check_room
from contravento.tracks.reading.waypoints import Waypoints
from contravento.tracks.reading.xml_reader import LocalNames, parse, undeclared_prefixes

BLANK_AFTER_COMMA = re.compile(r"\s*,\s*")


def read(text: bytes) -> Findings:
    """Read a KML document in UTF-8.

    Raises WaypointsOnly, NoPoints, BrokenBeforeFirstPoint, HasDoctype, TooDeep, TooManyPoints.
    """
    kml, remarks = parse(text, _Kml)
    remarks += undeclared_prefixes(kml.names, text)
    remarks += kml.waypoints.remarks()
    line = kml.tracks if len(kml.tracks) else kml.lines
    if not len(line):
        if any(remark.code in ("truncated", "broken") for remark in remarks):
            raise BrokenBeforeFirstPoint
        kml.waypoints.check_any()
    _forget_zeros(line)
    name = next((name for name in [*line.names, kml.name] if name), None)
    return Findings(line, kml.waypoints.taken, remarks, name)


def _forget_zeros(line: ParsedPoints) -> None:
    """An altitude of zero at every point says that the line lies on the ground, however high."""
    if not any(altitude for altitude in line.elevation if not isnan(altitude)):
        for index in range(len(line.elevation)):
            line.elevation[index] = NAN


class _Kml:
    """Hears the elements of lines, tracks and points; everything else is passed over."""

    def __init__(self) -> None:
        self.tracks = ParsedPoints()
        self.lines = ParsedPoints()
        self.waypoints = Waypoints()
        self.names = LocalNames()
        self.name = ""
        self.text: list[str] = []
        self._path: list[str] = []
        self._placemark_name = self._note = ""
        self._places: list[tuple[float, float, float]] = []
        self._times: list[str] = []
        self._coords: list[tuple[float, float, float]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.text.clear()
        local = self.names[name]
        self._path.append(local)
        if len(self._path) > rules.DEEPEST_ELEMENT:
            raise TooDeep
        if local == "Placemark":
            self._placemark_name = self._note = ""
            self._places.clear()
        elif local == "Track":
            self._times.clear()
            self._coords.clear()

    def end(self, name: str) -> None:
        local = self._path.pop()
        parent = self._path[-1] if self._path else ""
        if local == "coordinates" and parent in ("LineString", "Point"):
            self._end_coordinates(parent)
        elif local == "when" and parent == "Track":
            self._times.append("".join(self.text).strip())
        elif local == "coord" and parent == "Track":
            self._coords.append(_numbers("".join(self.text).split()))
            if len(self._coords) > rules.MOST_POINTS:
                check_room(self.tracks, len(self._coords))
        elif local == "Track":
            self._end_track()
        elif local == "name":
            self._end_name(parent)
        elif local == "description" and parent == "Placemark":
            self._note = short_text("".join(self.text))
        elif local == "Placemark":
            for lon, lat, elevation in self._places:
                self.waypoints.add(lon, lat, elevation, self._placemark_name, note=self._note)

    def _end_name(self, parent: str) -> None:
        name = short_text("".join(self.text))
        if parent == "Placemark":
            self._placemark_name = name
        elif parent in ("Document", "Folder", "kml") and not self.name:
            self.name = name

    def _end_coordinates(self, parent: str) -> None:
        tuples = BLANK_AFTER_COMMA.sub(",", "".join(self.text)).split()
        if parent == "Point":
            self._places += [_numbers(numbers.split(",")) for numbers in tuples[:1]]
            return
        check_room(self.lines, len(tuples))
        self._start(self.lines)
        for numbers in tuples:
            _append(self.lines, _numbers(numbers.split(",")), "")

    def _end_track(self) -> None:
        check_room(self.tracks, len(self._coords))
        self._start(self.tracks)
        times = self._times + [""] * (len(self._coords) - len(self._times))
        for numbers, time in zip(self._coords, times, strict=False):
            _append(self.tracks, numbers, time)

    def _start(self, line: ParsedPoints) -> None:
        line.start_track()
        line.start_segment()
        line.names.append(self._placemark_name)


def _append(line: ParsedPoints, numbers: tuple[float, float, float], time: str) -> None:
    line.lon.append(numbers[0])
    line.lat.append(numbers[1])
    line.elevation.append(numbers[2])
    line.times.append(time)


def _numbers(texts: list[str]) -> tuple[float, float, float]:
    """Longitude, latitude and altitude; NaN where one is missing or is no number."""
    lon, lat, elevation = (read_number(text) for text in ([*texts[:3], "", "", ""])[:3])
    return lon, lat, elevation
