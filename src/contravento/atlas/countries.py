"""Which countries a track touches, found without asking a service."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from threading import Lock

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from contravento.atlas import topology
from contravento.atlas.topology import Floats

# Ferries, piers and the rounding of a 1:10 million coast put riders in the water near a shore.
SHORE_METRES = 3_000.0
METRES_PER_DEGREE = 111_320.0
# Large countries are cut into tiles of so many degrees: points then meet few vertices.
TILE_DEGREES = 4.0
TILED_ABOVE_VERTICES = 500


class CountryIndex:
    """Finds the country of a point. Built once; reading it is thread-safe."""

    def __init__(self) -> None:
        tiles, codes = [], []
        for shape in topology.load("10m").shapes:
            if shape.code is None:
                continue
            pieces = [tile for part in shape.parts for tile in _tiles(part)]
            tiles += pieces
            codes += [shape.code] * len(pieces)
        self._index = STRtree(tiles)
        self._codes = codes

    def find_codes(self, points: Floats) -> list[str | None]:
        """The code for each row of longitude and latitude; None at sea."""
        codes: list[str | None] = [None] * len(points)
        for turn in topology.TURNS:
            places = shapely.points(points + np.array([turn, 0.0]))
            for point, tile in self._index.query(places, predicate="intersects").T:
                codes[point] = codes[point] or self._codes[tile]
        for point, code in enumerate(codes):
            if code is None:
                codes[point] = self._find_ashore(*points[point])
        return codes

    def are_ashore(self, points: Floats) -> NDArray[np.bool_]:
        """Whether each row of longitude and latitude lies on land, without what is near it."""
        ashore = np.zeros(len(points), np.bool_)
        for turn in topology.TURNS:
            places = shapely.points(points + np.array([turn, 0.0]))
            ashore[self._index.query(places, predicate="intersects")[0]] = True
        return ashore

    def _find_ashore(self, longitude: float, latitude: float) -> str | None:
        """The nearest country within reach of the shore."""
        squeeze = max(float(np.cos(np.radians(latitude))), 0.01)
        reach = SHORE_METRES / METRES_PER_DEGREE
        nearest: tuple[float, str] | None = None
        for turn in topology.TURNS:
            point = shapely.Point(longitude + turn, latitude)
            east, north = reach / squeeze, reach
            window = shapely.box(point.x - east, point.y - north, point.x + east, point.y + north)
            for tile in self._index.query(window):
                bridge = shapely.shortest_line(point, self._index.geometries[tile])
                (x0, y0), (x1, y1) = bridge.coords
                gap = float(np.hypot((x1 - x0) * squeeze, y1 - y0))
                if gap <= reach and (nearest is None or gap < nearest[0]):
                    nearest = gap, self._codes[tile]
        return nearest[1] if nearest else None


_lock = Lock()
SAMPLES_AT_SEA = 15


def countries_along(lines: Sequence[Sequence[tuple[float, float]] | Floats]) -> list[str]:
    """ISO 3166-1 alpha-2 codes in the order in which the lines first reach each country.

    Takes longitude and latitude in degrees; only the points are looked at, so hand in enough
    (one every few kilometres). Kosovo is XK. Within `SHORE_METRES` of land, water counts as that
    land; the open sea as nothing.
    """
    rows = [np.asarray(line, dtype=np.float64).reshape(-1, 2) for line in lines]
    if not rows or not sum(map(len, rows)):
        return []
    points = np.concatenate(rows)
    points = points[np.isfinite(points).all(axis=1)]
    codes = _gazetteer().find_codes(points)
    return list(dict.fromkeys(code for code in codes if code))


def share_at_sea(begins: Floats, ends: Floats) -> Floats:
    """For each way in a straight line how much of it leads over the sea, from 0 to 1, (n,).

    `begins` and `ends` are rows of longitude and latitude in degrees, (n, 2). Lakes are land.
    """
    step = ends - begins
    step[:, 0] = (step[:, 0] + 180) % 360 - 180
    parts = (np.arange(SAMPLES_AT_SEA) + 1) / (SAMPLES_AT_SEA + 1)
    places = begins[:, np.newaxis] + parts[:, np.newaxis] * step[:, np.newaxis]
    ashore = _gazetteer().are_ashore(places.reshape(-1, 2))
    return np.asarray(1 - ashore.reshape(len(begins), -1).mean(axis=1), np.float64)


def _gazetteer() -> CountryIndex:
    with _lock:
        return _load()


@lru_cache(maxsize=1)
def _load() -> CountryIndex:
    return CountryIndex()


def _tiles(part: shapely.Polygon) -> list[shapely.Geometry]:
    if shapely.get_num_coordinates(part) < TILED_ABOVE_VERTICES:
        return [part]
    west, south, east, north = part.bounds
    columns = pairwise(np.append(np.arange(west, east, TILE_DEGREES), east))
    rows = list(pairwise(np.append(np.arange(south, north, TILE_DEGREES), north)))
    tiles = (
        shapely.clip_by_rect(part, left, bottom, right, top)
        for left, right in columns
        for bottom, top in rows
    )
    return [tile for tile in tiles if not tile.is_empty]
