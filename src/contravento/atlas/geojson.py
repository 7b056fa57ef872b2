"""Land, coasts and borders as GeoJSON for the live map, detailed only near a track.

Features carry `kind`: land, border and, near a track, coast and sheet (the ground covered).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from contravento.atlas import topology
from contravento.atlas.topology import Box

MAX_LATITUDE = 85.0
# How much more than the track a sheet covers on every side, and in whole degrees, so that
# neighbouring tracks ask for the same sheet.
MARGIN_SHARE = 0.4
COARSE_ABOVE_DEGREES = 24.0
WORLD: Box = (-180.0, -MAX_LATITUDE, 180.0, MAX_LATITUDE)
WORLD_TOLERANCE_DEGREES = 0.05

type Document = Mapping[str, Any]


def sheet_geojson(bounds: Box) -> Document:
    """The ground round these bounds (west, south, east, north; east < west crosses 180°)."""
    box = _widened(bounds)
    span = box[2] - box[0]
    atlas = topology.load("50m" if span > COARSE_ABOVE_DEGREES else "10m")
    coasts = _lines(topology.pieces_within(atlas.coasts, box))
    tolerance = span / 4_000
    features = [
        _feature("sheet", "Polygon", _rings(shapely.box(*box)), tolerance=0, decimals=4),
        *_land_and_borders(atlas, box, tolerance=tolerance, decimals=4),
        _feature("coast", "MultiLineString", coasts, tolerance=tolerance, decimals=4),
    ]
    return {"type": "FeatureCollection", "bbox": list(box), "features": features}


def world_geojson() -> Document:
    """The whole world, coarse enough to send with any map."""
    features = _land_and_borders(
        topology.load("50m"), WORLD, tolerance=WORLD_TOLERANCE_DEGREES, decimals=2
    )
    return {"type": "FeatureCollection", "features": features}


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


def _widened(bounds: Box) -> Box:
    west, south, east, north = bounds
    if east < west:
        east += topology.FULL_TURN
    margin = MARGIN_SHARE * max(east - west, north - south, 0.5)
    if east - west + 2 * margin >= topology.FULL_TURN:
        return WORLD
    return (
        float(np.floor(west - margin)),
        float(max(np.floor(south - margin), -MAX_LATITUDE)),
        float(np.ceil(east + margin)),
        float(min(np.ceil(north + margin), MAX_LATITUDE)),
    )


def _land_and_borders(
    atlas: topology.Topology, box: Box, *, tolerance: float, decimals: int
) -> list[dict[str, Any]]:
    land = [
        _feature("land", "Polygon", _rings(polygon), tolerance=tolerance, decimals=decimals)
        for polygon in _polygons(topology.pieces_within(atlas.land, box))
        if polygon.area > tolerance * tolerance
    ]
    borders = _lines(topology.pieces_within(atlas.borders, box))
    return [
        *(feature for feature in land if feature["geometry"]["coordinates"]),
        _feature("border", "MultiLineString", borders, tolerance=tolerance, decimals=decimals),
    ]


def _feature(
    kind: str, type_: str, lines: Sequence[BaseGeometry], *, tolerance: float, decimals: int
) -> dict[str, Any]:
    """Lines or rings, thinned and rounded; a closed line too small to be seen is left out."""
    drawn = []
    for line in lines:
        points = shapely.get_coordinates(shapely.simplify(line, tolerance, preserve_topology=False))
        rounded = np.round(points, decimals)
        if len(points) > (3 if line.is_closed else 1):
            drawn.append(rounded.tolist())
    return {
        "type": "Feature",
        "properties": {"kind": kind},
        "geometry": {"type": type_, "coordinates": drawn},
    }


def _rings(polygon: BaseGeometry) -> list[BaseGeometry]:
    return list(shapely.get_rings(polygon))


def _polygons(geometries: Iterable[BaseGeometry]) -> list[BaseGeometry]:
    return [part for part in shapely.get_parts(list(geometries)) if part.geom_type == "Polygon"]


def _lines(geometries: Iterable[BaseGeometry]) -> list[BaseGeometry]:
    return [part for part in shapely.get_parts(list(geometries)) if part.geom_type == "LineString"]
