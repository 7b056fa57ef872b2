"""GeoJSON (RFC 7946): lines as tracks, points as waypoints.

Times stand beside the coordinates where a program has put them: in the properties, as
`coordTimes` or as `coordinateProperties.times`.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from contravento.tracks import rules
from contravento.tracks.errors import NotATrack, TooDeep
from contravento.tracks.reading.numbers import NAN, short_text
from contravento.tracks.reading.parsed_file import Findings, ParsedPoints, check_room
from contravento.tracks.reading.waypoints import Waypoints

TYPES = {"FeatureCollection", "Feature", "GeometryCollection"}
TYPES |= {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}


def read(text: bytes) -> Findings:
    """Read a GeoJSON document in UTF-8.

    Raises NotATrack for other JSON, WaypointsOnly, NoPoints, TooDeep, TooManyPoints.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotATrack from error
    if not isinstance(document, dict) or document.get("type") not in TYPES:
        raise NotATrack
    line, waypoints = ParsedPoints(), Waypoints()
    for geometry, properties in _geometries(document, {}, 0):
        _read_geometry(geometry, properties, line, waypoints)
    if not len(line):
        waypoints.check_any()
    name = next((name for name in [*line.names, _text(document, "name")] if name), None)
    return Findings(line, waypoints.taken, waypoints.remarks(), name)


def _geometries(
    thing: Any, properties: dict[str, Any], depth: int
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every geometry with the properties of its feature."""
    if depth > rules.DEEPEST_ELEMENT:
        raise TooDeep
    if not isinstance(thing, dict):
        return
    kind = thing.get("type")
    if kind == "FeatureCollection":
        for feature in _list(thing.get("features")):
            yield from _geometries(feature, properties, depth + 1)
    elif kind == "Feature":
        own = thing.get("properties")
        yield from _geometries(
            thing.get("geometry"), own if isinstance(own, dict) else {}, depth + 1
        )
    elif kind == "GeometryCollection":
        for geometry in _list(thing.get("geometries")):
            yield from _geometries(geometry, properties, depth + 1)
    else:
        yield thing, properties


def _read_geometry(
    geometry: dict[str, Any], properties: dict[str, Any], line: ParsedPoints, waypoints: Waypoints
) -> None:
    kind, coordinates = geometry.get("type"), _list(geometry.get("coordinates"))
    times = _times(properties)
    if kind == "LineString":
        _add_track(line, [coordinates], [times], properties)
    elif kind == "MultiLineString":
        nested = times and isinstance(times[0], list)
        parts = [_list(part) for part in coordinates]
        _add_track(line, parts, times if nested else [[] for _ in parts], properties)
    elif kind in ("Point", "MultiPoint"):
        for place in [coordinates] if kind == "Point" else coordinates:
            lon, lat, elevation = _place(place)
            waypoints.add(
                lon,
                lat,
                elevation,
                _text(properties, "name"),
                kind=_text(properties, "sym") or _text(properties, "type"),
                note=_text(properties, "desc") or _text(properties, "description"),
            )


def _add_track(
    line: ParsedPoints, parts: list[Any], times: list[Any], properties: dict[str, Any]
) -> None:
    line.start_track()
    line.names.append(_text(properties, "name"))
    for number, part in enumerate(parts):
        check_room(line, len(part))
        line.start_segment()
        own_times = _list(times[number]) if number < len(times) else []
        for index, place in enumerate(part):
            lon, lat, elevation = _place(place)
            time = own_times[index] if index < len(own_times) else ""
            line.lon.append(lon)
            line.lat.append(lat)
            line.elevation.append(elevation)
            line.times.append(time if isinstance(time, str) else "")


def _place(place: Any) -> tuple[float, float, float]:
    numbers = [_number(value) for value in _list(place)[:3]] + [NAN] * 3
    return numbers[0], numbers[1], numbers[2]


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else NAN


def _times(properties: dict[str, Any]) -> list[Any]:
    beside = properties.get("coordinateProperties")
    nested = beside.get("times") if isinstance(beside, dict) else None
    return _list(properties.get("coordTimes")) or _list(nested) or _list(properties.get("times"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(properties: dict[str, Any], name: str) -> str:
    value = properties.get(name)
    return short_text(value) if isinstance(value, str) else ""
