"""Lines for the live map, thinned to what is seen of them."""

from collections.abc import Sequence

import shapely


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
