"""Bounding boxes round tracks and countries, also across the date line."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from contravento.atlas import topology
from contravento.atlas.projection import mercator
from contravento.atlas.topology import FULL_TURN, TURNS, Box, Floats

type Line = Sequence[tuple[float, float]] | Floats

# Where nobody rode: the sheet of somebody without tracks shows western Europe.
NOWHERE: Box = (-11.0, 35.5, 19.0, 54.0)
# Islands further from the mainland than this do not widen the frame of a country.
MAINLAND_REACH_DEGREES = 4.0
# Countries further apart than a sheet of this width are not drawn together.
WIDEST_DEGREES = 62.0
# A single small country is shown with so much around it.
NARROWEST_DEGREES = 14.0
# A country counts as shown from such a share of the sheet, or of its own land, upwards.
SEEN_SHARE_OF_SHEET = 0.005
SEEN_SHARE_OF_LAND = 0.5
# A name needs land of so many per cent of the sheet to stand on.
NAME_LEAST_SHARE = 0.02


def unwrapped_routes(routes: Sequence[Sequence[Line]]) -> list[list[BaseGeometry]]:
    """Lines of all routes with longitudes that run on across the date line."""
    tours = [[_finite(line) for line in route] for route in routes]
    points = [line for tour in tours for line in tour if len(line)]
    if not points:
        return [[] for _ in tours]
    middle = _middle_longitude(np.concatenate(points)[:, 0])
    return [
        [shapely.LineString(_near(line, middle)) for line in tour if len(line) > 1]
        for tour in tours
    ]


def unwrapped_near(points: Sequence[tuple[float, float]], bounds: Box) -> Floats:
    """Points moved by whole turns to where a sheet shows them."""
    return _near(np.asarray(points, dtype=np.float64), (bounds[0] + bounds[2]) / 2)


def thinned(
    lines: Sequence[Sequence[tuple[float, float]]], tolerance_degrees: float
) -> list[list[tuple[float, float]]]:
    """The lines without the points that bend them less than the tolerance, rounded to it."""
    drawn = []
    for line in lines:
        if len(line) < 2:
            continue
        points = shapely.get_coordinates(
            shapely.simplify(shapely.LineString(line), tolerance_degrees)
        )
        drawn.append([(x, y) for x, y in points.round(4).tolist()])
    return drawn


def points_of(lines: Sequence[BaseGeometry]) -> Floats:
    points: Floats = shapely.get_coordinates(lines)
    return points


def box_of(points: Floats) -> Box:
    if not len(points):
        return NOWHERE
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    return float(west), float(south), float(east), float(north)


def bounds_of(routes: Sequence[Sequence[Line]]) -> Box:
    """West, south, east, north of all lines; beyond ±180 where they cross that line."""
    return box_of(points_of([line for tour in unwrapped_routes(routes) for line in tour]))


def joined(boxes: Sequence[Box]) -> Box | None:
    """One box round all; a box whose west exceeds its east crosses 180°, and so may the result.

    East then runs on beyond 180. None for no boxes.
    """
    if not boxes:
        return None
    runs_on = [(w, s, e + FULL_TURN if e < w else e, n) for w, s, e, n in boxes]
    middle = _middle_longitude(np.array([edge for box in runs_on for edge in (box[0], box[2])]))
    turns = [FULL_TURN * round((middle - (box[0] + box[2]) / 2) / FULL_TURN) for box in runs_on]
    return (
        min(box[0] + turn for box, turn in zip(runs_on, turns, strict=True)),
        min(box[1] for box in runs_on),
        max(box[2] + turn for box, turn in zip(runs_on, turns, strict=True)),
        max(box[3] for box in runs_on),
    )


def parts_within(parts: Iterable[shapely.Polygon], box: Box) -> list[BaseGeometry]:
    west, south, east, north = box
    cut = (
        topology.turned(shapely.clip_by_rect(part, west - turn, south, east - turn, north), turn)
        for turn in TURNS
        for part in parts
    )
    return [part for part in cut if not part.is_empty]


def frame_countries(codes: Sequence[str], *, aspect: float) -> Box:
    """The box that shows most of these countries together."""
    boxes = {
        shape.code: _mainland(shape.parts)
        for shape in topology.load("50m").shapes
        if shape.code in codes and shape.parts
    }
    groups = [_group(seed, boxes, aspect) for seed in boxes]
    if not groups:
        return NOWHERE
    _, box = max(groups, key=lambda group: (len(group[0]), -_width(group[1], aspect)))
    return _widened(box)


def codes_on_sheet(
    visible: Mapping[str | None, Sequence[BaseGeometry]], bounds: Box
) -> set[str | None]:
    """The countries one would see: those that fill some of the sheet or are mostly on it."""
    sheet = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])
    whole = {shape.code: shape.parts for shape in topology.load("50m").shapes}
    return {
        code
        for code, parts in visible.items()
        if _area(parts) > min(SEEN_SHARE_OF_SHEET * sheet, SEEN_SHARE_OF_LAND * _area(whole[code]))
    }


def places_for_names(bounds: Box, codes: Sequence[str]) -> dict[str, tuple[float, float]]:
    """A point inside the visible land of each country that has room for its name."""
    west, south, east, north = bounds
    places = {}
    for shape in topology.load("50m").shapes:
        if shape.code is None or shape.code not in codes:
            continue
        visible = parts_within(shape.parts, bounds)
        if not visible:
            continue
        largest = max(visible, key=lambda part: part.area)
        if largest.area > NAME_LEAST_SHARE * (east - west) * (north - south):
            point = shapely.point_on_surface(largest.buffer(0))
            places[shape.code] = (float(point.x), float(point.y))
    return places


def _finite(line: Line) -> Floats:
    points = np.asarray(line, dtype=np.float64).reshape(-1, 2)
    return points[np.isfinite(points).all(axis=1)]


def _middle_longitude(longitudes: Floats) -> float:
    """The middle of the longitudes as they lie on the globe, not on a list of numbers."""
    order = np.sort(longitudes % FULL_TURN)
    gaps = np.diff(np.append(order, order[0] + FULL_TURN))
    widest = int(np.argmax(gaps))
    west, east = order[(widest + 1) % len(order)], order[widest]
    middle = west + ((east - west) % FULL_TURN) / 2
    return float((middle + 180) % FULL_TURN - 180)


def _near(points: Floats, middle: float) -> Floats:
    moved = points.copy()
    moved[:, 0] += FULL_TURN * np.round((middle - points[:, 0]) / FULL_TURN)
    return moved


def _mainland(parts: Sequence[shapely.Polygon]) -> Box:
    largest = max(parts, key=lambda part: part.area)
    near = [part for part in parts if _gap(part.bounds, largest.bounds) < MAINLAND_REACH_DEGREES]
    bounds = shapely.total_bounds(near)
    west, south, east, north = (float(edge) for edge in bounds)
    return west, south, east, north


def _area(parts: Iterable[BaseGeometry]) -> float:
    return sum(float(part.area) for part in parts)


def _gap(one: Box, other: Box) -> float:
    across = max(one[0] - other[2], other[0] - one[2], 0.0)
    along = max(one[1] - other[3], other[1] - one[3], 0.0)
    return float(np.hypot(across, along))


def _group(
    seed: str | None, boxes: dict[str | None, Box], aspect: float
) -> tuple[set[str | None], Box]:
    """Add the country that widens the box least, for as long as they fit on one sheet."""
    chosen_codes, box = {seed}, boxes[seed]
    while len(chosen_codes) < len(boxes):
        wider = {code: _union(box, boxes[code]) for code in boxes if code not in chosen_codes}
        nearest = min(wider, key=lambda code: _width(wider[code], aspect))
        if _width(wider[nearest], aspect) > WIDEST_DEGREES:
            break
        chosen_codes.add(nearest)
        box = wider[nearest]
    return chosen_codes, box


def _union(one: Box, other: Box) -> Box:
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )


def _width(box: Box, aspect: float) -> float:
    """Degrees of longitude that a sheet of this aspect needs to show the box."""
    low, high = mercator(np.array([box[1], box[3]]))
    return max(box[2] - box[0], float(high - low) * aspect)


def _widened(box: Box) -> Box:
    west, south, east, north = box
    missing = max(NARROWEST_DEGREES - (east - west), 0.0) / 2
    return west - missing, south, east + missing, north
