"""A track's shape as a small drawing beside its file."""

from collections.abc import Sequence
from math import cos, radians

WIDTH, HEIGHT, MARGIN = 64, 48, 6


def outline_path(lines: Sequence[Sequence[Sequence[float]]]) -> str:
    """The track's shape as the data of an SVG path, in a frame of WIDTH by HEIGHT."""
    points = [point for line in lines for point in line]
    if not points:
        return ""
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    narrow = cos(radians((south + north) / 2))
    width, height = max((east - west) * narrow, 1e-6), max(north - south, 1e-6)
    scale = min((WIDTH - 2 * MARGIN) / width, (HEIGHT - 2 * MARGIN) / height)
    left = (WIDTH - width * scale) / 2
    top = (HEIGHT - height * scale) / 2
    drawn = []
    for line in lines:
        places = [
            f"{left + (p[0] - west) * narrow * scale:.1f} {top + (north - p[1]) * scale:.1f}"
            for p in line
        ]
        drawn.append("M" + "L".join(places))
    return "".join(drawn)
