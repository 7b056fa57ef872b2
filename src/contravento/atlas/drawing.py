"""Maps drawn as SVG: the outline on a card, the sheet of a page, the countries of a rider.

The bodies hold paths with the class names of the style sheet and nothing else: no ids, no style
attributes, no colours. They go inside `<svg viewBox="0 0 width height">`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import get_args

import numpy as np
from shapely.geometry.base import BaseGeometry

from contravento.atlas import topology, viewport
from contravento.atlas.lettering import letter, load_names
from contravento.atlas.projection import Frame, fit, path_of_areas, path_of_lines
from contravento.atlas.topology import Box, Detail, Floats
from contravento.atlas.viewport import Line

# What is cut at the edge of a sheet is cut so far outside that its stroke does not show.
EDGE_PIXELS = 4.0
# Above so many degrees of sheet the 1:50 million coast is as good as the finer one.
COARSE_ABOVE_DEGREES = 14.0

OUTLINE_PADDING = 0.14
OUTLINE_LEAST_METRES = 20_000.0
OUTLINE_LAND_BYTES = 3_200
OUTLINE_ROUTE_BYTES = 1_200

SHEET_PADDING = 0.09
COUNTRIES_PADDING = 0.06
GRATICULE_STEPS_DEGREES = (1, 2, 5, 10, 20)
GRATICULE_MOST_LINES = 12
NARROW_PIXELS = 340  # how wide a telephone shows a sheet


@dataclass(frozen=True)
class Sheet:
    """A drawn map: the inside of its SVG and the ground it shows.

    `lettering` goes into a second SVG without a viewBox, laid over the first: its texts are placed
    in per cent and keep their size when the map shrinks. Bounds reach beyond ±180 where the sheet
    crosses that line.
    """

    width: int
    height: int
    body: str
    bounds: Box
    lettering: str = ""


def draw_outline(lines: Sequence[Line], *, width: int = 320, height: int = 200) -> Sheet:
    """A small picture of where a track runs: land, borders, the route, its start and its end."""
    routes = viewport.unwrapped_routes([lines])
    points = _points(routes)
    frame = fit(
        viewport.box_of(points),
        width,
        height,
        padding=OUTLINE_PADDING,
        least_metres=OUTLINE_LEAST_METRES,
    )
    body = _ground(frame, most_bytes=OUTLINE_LAND_BYTES)
    if len(points):
        body += _element("map-route", _route(frame, routes[0], most_bytes=OUTLINE_ROUTE_BYTES))
        (first, last) = frame.to_pixels(points[[0, -1]]).tolist()
        body += _circle(first, 4) + _circle(last, 4)
    return Sheet(width, height, body, frame.bounds)


def draw_sheet(
    routes: Sequence[Sequence[Line]],
    *,
    width: int = 900,
    height: int = 438,
    nights: Sequence[tuple[float, float]] = (),
    names: Mapping[str, str] | None = None,
    bleed: int = 0,
    shown_pixels: int = 0,
    language: str = "en",
    transfers: Sequence[Sequence[tuple[float, float]]] = (),
) -> Sheet:
    """The map of one or several tours, with graticule, casing and route.

    `nights` are rings, `transfers` ways that were not ridden, `names` (code to name in the reader's
    language) letters the countries. Shown so many pixels wide, on a wide screen, it names towns,
    ranges and seas as well.
    `bleed` draws so many pixels of land round the sheet, for a frame of another shape.
    """
    tours = viewport.unwrapped_routes(routes)
    frame = _sheet_frame(tours, width, height)
    paths = [_route(frame, tour) for tour in tours]
    body = _element("map-graticule", _graticule(frame, bleed)) + _ground(frame, bleed=bleed)
    for transfer in transfers:
        ends = frame.to_pixels(viewport.unwrapped_near(transfer, frame.bounds)).tolist()
        body += _element("map-transfer", "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ends))
    body += "".join(_element("map-casing", path) for path in paths)
    body += "".join(_element("map-route", path) for path in paths)
    if nights:
        places = frame.to_pixels(viewport.unwrapped_near(nights, frame.bounds)).tolist()
        body += f'<g class="map-night">{"".join(_circle(place, 3.6) for place in places)}</g>'
    if shown_pixels:
        body += _letter(frame, tours, language, shown_pixels)
    return Sheet(width, height, body, frame.bounds, _lettering(frame, names or {}))


def letter_sheet(
    routes: Sequence[Sequence[Line]], language: str, *, width: int, height: int, shown_pixels: int
) -> str:
    """The names alone of a sheet that was drawn of these routes in this size."""
    tours = viewport.unwrapped_routes(routes)
    return _letter(_sheet_frame(tours, width, height), tours, language, shown_pixels)


def _sheet_frame(tours: Sequence[Sequence[BaseGeometry]], width: int, height: int) -> Frame:
    return fit(
        viewport.box_of(_points(tours)),
        width,
        height,
        padding=SHEET_PADDING,
        least_metres=OUTLINE_LEAST_METRES,
    )


def _letter(
    frame: Frame, tours: Sequence[Sequence[BaseGeometry]], language: str, shown_pixels: int
) -> str:
    routes = frame.project(line for tour in tours for line in tour)
    return letter(frame, routes, language, wide_pixels=shown_pixels, narrow_pixels=NARROW_PIXELS)


def draw_countries(
    codes: Sequence[str], *, width: int = 640, height: int = 470
) -> tuple[Sheet, list[str]]:
    """The countries somebody has been to, and the codes of those that are not on the sheet.

    The sheet is laid where it shows the most of them; the rest are too far away to draw with them.
    """
    box = viewport.frame_countries(codes, aspect=width / height)
    frame = fit(box, width, height, padding=COUNTRIES_PADDING, least_metres=0)
    visited = {
        shape.code: viewport.parts_within(shape.parts, frame.bounds_with(EDGE_PIXELS))
        for shape in topology.load("50m").shapes
        if shape.code in codes
    }
    areas = frame.project(part for parts in visited.values() for part in parts)
    marked = _element("map-visited", path_of_areas(areas, tolerance=0.4))
    body = _ground(frame, detail="50m", under_borders=marked, solid=True)
    codes_shown = viewport.codes_on_sheet(visited, frame.bounds)
    return Sheet(width, height, body, frame.bounds), [
        code for code in codes if code not in codes_shown
    ]


def _ground(
    frame: Frame,
    *,
    detail: Detail | None = None,
    bleed: int = 0,
    most_bytes: int | None = None,
    under_borders: str = "",
    solid: bool = False,
) -> str:
    """Land and borders, coarse enough to stay under so many bytes."""
    west, _, east, _ = frame.bounds
    atlas = topology.load(detail or ("50m" if east - west > COARSE_ABOVE_DEGREES else "10m"))
    box = frame.bounds_with(EDGE_PIXELS + bleed)
    land = frame.project(topology.pieces_within(atlas.land, box))
    borders = frame.project(topology.pieces_within(atlas.borders, box))
    kind = ' data-kind="solid"' if solid else ""
    for tolerance in (0.4, 0.7, 1.1, 1.6, 2.4, 3.5):
        areas = path_of_areas(land, tolerance=tolerance)
        lines = path_of_lines(borders, tolerance=tolerance)
        if most_bytes is None or len(areas) + len(lines) <= most_bytes:
            break
    return _element("map-land", areas) + under_borders + _element("map-border", lines, kind)


def _route(frame: Frame, lines: Sequence[BaseGeometry], *, most_bytes: int | None = None) -> str:
    drawn = frame.project(lines)
    for tolerance in (0.3, 0.6, 1.0, 1.6, 2.5):
        path = path_of_lines(drawn, tolerance=tolerance)
        if most_bytes is None or len(path) <= most_bytes:
            break
    return path


def _graticule(frame: Frame, bleed: int) -> str:
    across_degrees = frame.bounds[2] - frame.bounds[0]
    step = next(
        (step for step in GRATICULE_STEPS_DEGREES if across_degrees / step <= GRATICULE_MOST_LINES),
        GRATICULE_STEPS_DEGREES[-1],
    )
    west, south, east, north = frame.bounds_with(bleed)
    meridians = np.arange(np.ceil(west / step), east / step) * step
    parallels = np.arange(np.ceil(south / step), north / step) * step
    across = frame.to_pixels(np.column_stack([meridians, np.zeros_like(meridians)]))[:, 0]
    along = frame.to_pixels(np.column_stack([np.zeros_like(parallels), parallels]))[:, 1]
    tall, wide = frame.height + 2 * bleed, frame.width + 2 * bleed
    lines = [f"M{x:.1f} {-bleed}v{tall}" for x in across]
    lines += [f"M{-bleed} {y:.1f}h{wide}" for y in along]
    return "".join(lines)


def _lettering(frame: Frame, names: Mapping[str, str]) -> str:
    """Country names where their land on the sheet is widest."""
    letters = ""
    for code, place in viewport.places_for_names(frame.bounds, list(names)).items():
        (x, y) = frame.to_pixels(np.array([place]))[0]
        letters += (
            f'<text class="map-label" data-kind="country" data-rank="2"'
            f' x="{100 * x / frame.width:.1f}%" y="{100 * y / frame.height:.1f}%">'
            f"{escape(names[code])}</text>"
        )
    return letters


def _points(tours: Sequence[Sequence[BaseGeometry]]) -> Floats:
    return viewport.points_of([line for tour in tours for line in tour])


def _element(kind: str, path: str, more: str = "") -> str:
    return f'<path class="{kind}"{more} d="{path}"/>' if path else ""


def _circle(place: Sequence[float], radius: float) -> str:
    return f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius:g}"/>'


def warm_up() -> None:
    """Read the atlas before anybody waits for a map."""
    for detail in get_args(Detail.__value__):
        topology.load(detail)
    load_names()
