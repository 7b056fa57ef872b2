"""Mercator frames: from degrees to pixels on a sheet, and from there to SVG paths."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from contravento.atlas.topology import Box, Floats

# Mercator has no poles; the web's maps stop here, where the world is square.
MAX_LATITUDE = 85.05
METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class Frame:
    """A sheet of so many pixels, of which the upper left corner and the scale are known.

    x and y are Mercator degrees: a degree of longitude, and as much upwards.
    """

    width: int
    height: int
    left: float
    top: float
    pixels_per_degree: float

    @property
    def bounds(self) -> Box:
        """West, south, east, north in degrees; beyond ±180 where the sheet crosses that line."""
        return self.bounds_with(0.0)

    def bounds_with(self, margin: float) -> Box:
        """The bounds of the sheet with some pixels more on every side."""
        more = margin / self.pixels_per_degree
        return (
            self.left - more,
            latitude_at(self.top - self.height / self.pixels_per_degree - more),
            self.left + self.width / self.pixels_per_degree + more,
            latitude_at(self.top + more),
        )

    def to_pixels(self, points: Floats) -> Floats:
        x = (points[:, 0] - self.left) * self.pixels_per_degree
        y = (self.top - mercator(points[:, 1])) * self.pixels_per_degree
        return np.column_stack([x, y])

    def project(self, geometries: Iterable[BaseGeometry]) -> list[BaseGeometry]:
        return [shapely.transform(geometry, self.to_pixels) for geometry in geometries]


def fit(box: Box, width: int, height: int, *, padding: float, least_metres: float) -> Frame:
    """The frame that shows a box with some padding (a share of the sheet), and no less ground."""
    west, south, east, north = box
    low, high = mercator(np.array([south, north]))
    middle = latitude_at((low + high) / 2)
    least = least_metres / METRES_PER_DEGREE / max(np.cos(np.radians(middle)), 0.01)
    room = 1 - 2 * padding
    scale = min(width * room / max(east - west, least), height * room / max(high - low, least))
    return Frame(
        width=width,
        height=height,
        left=float((west + east) / 2 - width / scale / 2),
        top=float((low + high) / 2 + height / scale / 2),
        pixels_per_degree=float(scale),
    )


def mercator(latitudes: Floats) -> Floats:
    limited = np.radians(np.clip(latitudes, -MAX_LATITUDE, MAX_LATITUDE))
    degrees: Floats = np.degrees(np.arctanh(np.sin(limited)))
    return degrees


def latitude_at(y: float) -> float:
    return float(np.degrees(np.arctan(np.sinh(np.radians(y)))))


def path_of_areas(areas: Iterable[BaseGeometry], *, tolerance: float) -> str:
    """Filled shapes in pixels as one path; what is smaller than the tolerance is left out."""
    rings = (
        ring
        for polygon in _parts(areas, "Polygon")
        if polygon.area >= tolerance * tolerance * 2
        for ring in shapely.get_rings(polygon)
    )
    paths = (_path(_thinned(ring, tolerance)[:-1]) for ring in rings)
    return "".join(f"{path}Z" for path in paths if path)


def path_of_lines(lines: Iterable[BaseGeometry], *, tolerance: float) -> str:
    """Lines in pixels as one path."""
    thinned = (_thinned(line, tolerance) for line in _parts(lines, "LineString"))
    return "".join(_path(points) for points in thinned if len(points) > 1)


def _parts(geometries: Iterable[BaseGeometry], kind: str) -> Iterable[BaseGeometry]:
    for geometry in geometries:
        if geometry.geom_type == kind:
            yield geometry
        elif hasattr(geometry, "geoms"):
            yield from _parts(geometry.geoms, kind)


def _thinned(line: BaseGeometry, tolerance: float) -> Floats:
    points: Floats = shapely.get_coordinates(
        shapely.simplify(line, tolerance, preserve_topology=False)
    )
    return points


def _path(points: Floats) -> str:
    """Relative path commands to a tenth of a pixel; steps that round to nothing are left out."""
    tenths = np.rint(points * 10).astype(np.int64)
    steps = np.diff(tenths, axis=0)
    steps = steps[(steps != 0).any(axis=1)]
    if not len(steps):
        return ""
    (x, y) = tenths[0].tolist()
    return f"M{_number(x)}{_next(y)}l" + _steps(steps.tolist())


def _steps(steps: list[list[int]]) -> str:
    written = "".join(_next(x) + _next(y) for x, y in steps)
    return written.lstrip(" ")


def _next(tenths: int) -> str:
    """A number after another one: a minus sign separates by itself."""
    number = _number(tenths)
    return number if number.startswith("-") else f" {number}"


def _number(tenths: int) -> str:
    whole, rest = divmod(abs(tenths), 10)
    sign = "-" if tenths < 0 else ""
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole or ''}.{rest}"
