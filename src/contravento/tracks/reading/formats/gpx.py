"""GPX 1.0 and 1.1: tracks, routes and waypoints, however the file is put together.

The schema is at https://www.topografix.com/GPX/1/1/. Prefixes are looked past, elements are taken
wherever they stand, and inside extensions nothing is read but the way between a route's points.
"""

from math import isnan

from contravento.tracks import rules
from contravento.tracks.errors import BrokenBeforeFirstPoint, TooDeep
from contravento.tracks.reading import warnings
from contravento.tracks.reading.numbers import NAN, parse_number, read_number, short_text
from contravento.tracks.reading.parsed_file import Findings, ParsedPoints, check_room
from contravento.tracks.reading.regular_points import RUN, Skeleton, Vocabulary, cut_out
from contravento.tracks.reading.waypoints import Waypoints
from contravento.tracks.reading.xml_reader import LocalNames, parse, run, undeclared_prefixes
from contravento.tracks.recording import Remark

NAMESPACE = "http://www.topografix.com/GPX/"
VERSIONS = ("1.0", "1.1")
POINTS = {"trkpt", "rtept", "wpt"}
LABELS = {"name", "sym", "type", "desc", "cmt"}
VOCABULARY = Vocabulary(
    ("trkpt", "rtept"), lon="@lon", lat="@lat", elevation="ele", time="time", besides=("rpt",)
)
DEEPEST = rules.DEEPEST_ELEMENT


def read(text: bytes) -> Findings:
    """Read a GPX document in UTF-8.

    Of a file without tracks and routes the line is empty. Raises WaypointsOnly, NoPoints,
    BrokenBeforeFirstPoint, HasDoctype, TooDeep, TooManyPoints.
    """
    gpx, remarks = _parse_regular(text) or parse(text, _Gpx)
    remarks += _remarks_on_the_root(gpx)
    remarks += undeclared_prefixes(gpx.names, text)
    remarks += gpx.waypoints.remarks()
    line = _choose_line(gpx, remarks)
    if gpx.commas:
        remarks.append(warnings.COMMA_DECIMALS(count=gpx.commas))
    name = next((name for name in [*line.names, gpx.name] if name), None)
    return Findings(line, gpx.waypoints.taken, remarks, name, gpx.bad_elevations)


def _parse_regular(text: bytes) -> "tuple[_Gpx, list[Remark]] | None":
    """The same as `parse`, much faster; None where something is not as usual."""
    skeleton = cut_out(text, VOCABULARY)
    if skeleton is None:
        return None
    gpx = _GpxOfRuns(skeleton)
    is_whole = run(skeleton.text, gpx) is None and gpx.runs_heard == len(skeleton.runs)
    return (gpx, []) if is_whole else None


def _remarks_on_the_root(gpx: "_Gpx") -> list[Remark]:
    remarks = []
    prefix, _, _ = gpx.root.rpartition(":")
    attributes = gpx.root_attributes
    if prefix:
        remarks.append(warnings.PREFIXED(prefix=short_text(prefix)))
    if not any(value.startswith(NAMESPACE) for value in attributes.values()):
        remarks.append(warnings.NO_NAMESPACE())
    if not attributes.get("creator", "").strip():
        remarks.append(warnings.NO_CREATOR())
    version = attributes.get("version", "1.1")
    if version not in VERSIONS:
        remarks.append(warnings.ODD_VERSION(version=short_text(version)))
    return remarks


def _choose_line(gpx: "_Gpx", remarks: list[Remark]) -> ParsedPoints:
    """The recorded tracks, or where there are none the planned routes."""
    if len(gpx.tracks):
        if len(gpx.routes):
            remarks.append(warnings.ROUTES_LEFT_OUT(count=len(set(gpx.routes.track_starts)) or 1))
        return gpx.tracks
    if len(gpx.routes):
        remarks.append(warnings.ROUTE())
        return gpx.routes
    if any(remark.code in ("truncated", "broken") for remark in remarks):
        raise BrokenBeforeFirstPoint
    gpx.waypoints.check_any()
    return gpx.tracks


class _Gpx:
    """Hears the elements; `start` and `end` run three times for each point and are kept short."""

    def __init__(self) -> None:
        self.tracks = ParsedPoints()
        self.routes = ParsedPoints()
        self.waypoints = Waypoints()
        self.name = ""
        self.commas = 0
        self.bad_elevations = 0
        self.names = LocalNames()
        self.root = ""
        self.root_attributes: dict[str, str] = {}
        self.text: list[str] = []
        self._path: list[str] = []
        self._line = self.tracks
        self._depth = 0
        self._point_depth = 0  # of the point being read, 0 between points
        self._lon = self._lat = self._elevation = NAN
        self._time = ""
        self._labels: dict[str, str] = {}
        self._route_line: list[tuple[float, float]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        depth = self._depth = self._depth + 1
        if depth > DEEPEST:
            raise TooDeep
        self.text.clear()
        local = self.names[name]
        if self._point_depth:
            if local == "rpt":
                self._hear_route_line(attributes)
            return
        if local in POINTS and "extensions" not in self._path:
            self._point_depth = depth
            try:
                self._lon = parse_number(attributes["lon"])
                self._lat = parse_number(attributes["lat"])
            except (KeyError, ValueError):
                self._lon = self._number(attributes.get("lon", ""))
                self._lat = self._number(attributes.get("lat", ""))
            self._elevation = NAN
            self._time = ""
            self._labels.clear()
            self._route_line.clear()
        else:
            self._start_container(name, local, attributes)

    def end(self, name: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if not self._point_depth:
            self._end_container()
        elif depth == self._point_depth + 1:
            local = self.names[name]
            if local == "ele":
                self._elevation = self._read_elevation("".join(self.text))
            elif local == "time":
                self._time = "".join(self.text)
            elif local in LABELS:
                self._labels[local] = short_text("".join(self.text))
        elif depth == self._point_depth:
            self._point_depth = 0
            self._end_point(self.names[name])

    def _number(self, text: str) -> float:
        try:
            return parse_number(text)
        except ValueError:
            number = read_number(text)
            self.commas += not isnan(number)
            return number

    def _read_elevation(self, text: str) -> float:
        elevation = self._number(text)
        if isnan(elevation) and text.strip():
            self.bad_elevations += 1
        return elevation

    def _end_point(self, local: str) -> None:
        if local == "wpt":
            self._end_waypoint()
            return
        line = self.tracks if local == "trkpt" else self.routes
        line.lon.append(self._lon)
        line.lat.append(self._lat)
        line.elevation.append(self._elevation)
        line.times.append(self._time)
        for lon, lat in self._route_line:
            line.lon.append(lon)
            line.lat.append(lat)
            line.elevation.append(NAN)
            line.times.append("")
        check_room(line)

    def _hear_route_line(self, attributes: dict[str, str]) -> None:
        """A point of the way to the next routed one, as Garmin's route extension has it."""
        point = (self._number(attributes.get("lon", "")), self._number(attributes.get("lat", "")))
        if len(self._route_line) < rules.MOST_POINTS:
            self._route_line.append(point)

    def _end_waypoint(self) -> None:
        label = self._labels.get
        self.waypoints.add(
            self._lon,
            self._lat,
            self._elevation,
            label("name", ""),
            kind=label("sym") or label("type", ""),
            note=label("desc") or label("cmt", ""),
        )

    def _start_container(self, name: str, local: str, attributes: dict[str, str]) -> None:
        if not self._path:
            self.root, self.root_attributes = name, attributes
        self._path.append(local)
        if "extensions" in self._path:
            return
        if local in ("trk", "rte"):
            self._line = self.tracks if local == "trk" else self.routes
            self._line.start_track()
        elif local == "trkseg":
            self.tracks.start_segment()

    def _end_container(self) -> None:
        local = self._path.pop()
        if local != "name" or not self._path:
            return
        if self._path[-1] in ("trk", "rte"):
            self._line.names.append(short_text("".join(self.text)))
        elif self._path[-1] == "metadata" or len(self._path) == 1:
            self.name = short_text("".join(self.text))


class _GpxOfRuns(_Gpx):
    """Hears a skeleton, and takes each run of points from beside it."""

    def __init__(self, skeleton: Skeleton) -> None:
        super().__init__()
        self.runs_heard = 0
        self._skeleton = skeleton
        for name in skeleton.names:
            self.names[name]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == RUN:
            if self._depth + self._skeleton.depth > DEEPEST:
                raise TooDeep
            if not self._point_depth and "extensions" not in self._path:
                line = self.tracks if self._skeleton.point.endswith("trkpt") else self.routes
                self._skeleton.pour(self.runs_heard, line)
            self.runs_heard += 1
