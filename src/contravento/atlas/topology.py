"""The world's land, borders and countries, read once from Natural Earth's topology files.

As ready-made geometries (WKB) they would load in a tenth of the time, 0.6 seconds less for each
process, but take six times the bytes; `drawing.warm_up` reads them before anybody waits.
"""

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from threading import Lock
from typing import Any, Literal

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from contravento.atlas.codes import find_code

type Detail = Literal["10m", "50m"]
type Floats = NDArray[np.float64]
type Box = tuple[float, float, float, float]  # west, south, east, north, in degrees

FULL_TURN = 360.0
TURNS = (-FULL_TURN, 0.0, FULL_TURN)
SOUTH_POLE = -90.0


@dataclass(frozen=True)
class Shape:
    """One country of the atlas: its code, or None, and its separate pieces of land."""

    code: str | None
    parts: tuple[shapely.Polygon, ...]


class Topology:
    """A decoded TopoJSON file. Immutable after construction, so threads may share it.

    The files join lands across the date line, as on a globe. Here such a land goes on past 180°
    (Fiji reaches from 177° to 182°); `pieces_within` and `TURNS` find it from either side.
    Coarse rounding leaves some outlines touching themselves; clipping, drawing and finding points
    do not mind, and mending them would take seconds.
    """

    def __init__(self, document: Any) -> None:
        transform = document["transform"]
        scale, origin = np.array(transform["scale"]), np.array(transform["translate"])
        self._arcs = [np.cumsum(arc, axis=0) * scale + origin for arc in document["arcs"]]
        self._countries = document["objects"]["countries"]["geometries"]
        self._land = document["objects"]["land"]

    @cached_property
    def shapes(self) -> list[Shape]:
        return [
            Shape(
                find_code(country.get("id"), country["properties"]["name"]),
                tuple(self._polygons(country)),
            )
            for country in self._countries
        ]

    @cached_property
    def land(self) -> STRtree:
        return STRtree(list(self._polygons(self._land)))

    @cached_property
    def borders(self) -> STRtree:
        """The lines that two countries share."""
        return STRtree(self._lines(shared=True))

    @cached_property
    def coasts(self) -> STRtree:
        """The lines between land and sea."""
        return STRtree(self._lines(shared=False))

    def _lines(self, *, shared: bool) -> list[shapely.LineString]:
        users: dict[int, set[int]] = {}
        for number, country in enumerate(self._countries):
            for arc in _arcs_of(country):
                users.setdefault(arc if arc >= 0 else ~arc, set()).add(number)
        return [
            shapely.LineString(_unwrapped(self._arcs[arc]))
            for arc, countries in sorted(users.items())
            if (len(countries) > 1) is shared
        ]

    def _polygons(self, geometry: Any) -> Iterable[shapely.Polygon]:
        if geometry["type"] == "GeometryCollection":
            for member in geometry["geometries"]:
                yield from self._polygons(member)
            return
        arcs = geometry["arcs"]
        for rings in [arcs] if geometry["type"] == "Polygon" else arcs:
            shell, *holes = (self._ring(ring) for ring in rings)
            if len(shell) >= 4:
                yield shapely.Polygon(shell, [hole for hole in holes if len(hole) >= 4])

    def _ring(self, arcs: Sequence[int]) -> Floats:
        """Join arcs into one ring; each begins where the one before it ended."""
        pieces = [self._arcs[arc] if arc >= 0 else self._arcs[~arc][::-1] for arc in arcs]
        ring = _unwrapped(np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])]))
        if abs(ring[-1, 0] - ring[0, 0]) > FULL_TURN / 2:  # Antarctica goes round the pole
            pole = [[ring[-1, 0], SOUTH_POLE], [ring[0, 0], SOUTH_POLE], ring[0]]
            ring = np.concatenate([ring, pole])
        return ring


_lock = Lock()


def load(detail: Detail) -> Topology:
    """The atlas at 1:10 or 1:50 million. The first call takes most of a second, later ones none."""
    with _lock:
        return _load(detail)


@lru_cache(maxsize=2)
def _load(detail: Detail) -> Topology:
    packed = files("contravento.atlas").joinpath(f"data/countries-{detail}.json.gz").read_bytes()
    topology = Topology(orjson.loads(gzip.decompress(packed)))
    # Filled here, under the lock, so that no two threads compute the same.
    _ = topology.shapes, topology.land, topology.borders, topology.coasts
    return topology


def pieces_within(index: STRtree, box: Box) -> list[BaseGeometry]:
    """What of the index's land or lines lies in a box, cut at its edges.

    The box may reach beyond 180° on either side; what is taken from there is moved along.
    """
    west, south, east, north = box
    shapes: list[BaseGeometry] = []
    for turn in TURNS:
        window = (west - turn, south, east - turn, north)
        for geometry in index.geometries[index.query(shapely.box(*window))]:
            piece = shapely.clip_by_rect(geometry, *window)
            if not piece.is_empty:
                shapes.append(turned(piece, turn) if turn else piece)
    return shapes


def turned(geometry: BaseGeometry, east_by: float) -> BaseGeometry:
    def turn(points: Floats) -> Floats:
        moved: Floats = points + np.array([east_by, 0.0])
        return moved

    return shapely.transform(geometry, turn)


def _arcs_of(country: Any) -> Iterable[int]:
    polygons = [country["arcs"]] if country["type"] == "Polygon" else country["arcs"]
    return (arc for polygon in polygons for ring in polygon for arc in ring)


def _unwrapped(points: Floats) -> Floats:
    """Let longitudes run on where they jump from 180 to −180."""
    unwrapped = points.copy()
    unwrapped[:, 0] = np.unwrap(points[:, 0], period=FULL_TURN)
    return unwrapped
