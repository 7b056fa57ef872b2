"""What the check uploads: a ride and pictures, made by the program."""

import math
import secrets
import struct
import zlib
from dataclasses import dataclass

SEMI_MAJOR_METRES = 6_378_137.0  # of WGS 84, which the product's figures are on
ECCENTRICITY_SQUARED = 0.00669437999014
POINTS = 1200
FEW_COLOURS = 40

type Place = tuple[float, float]  # longitude, latitude


@dataclass(frozen=True, slots=True)
class Ride:
    places: tuple[Place, ...]
    gpx: bytes

    @property
    def metres(self) -> float:
        pairs = zip(self.places, self.places[1:], strict=False)
        return sum(distance(one, other) for one, other in pairs)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        longitudes, latitudes = zip(*self.places, strict=True)
        return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def a_ride() -> Ride:
    """Along the Duero, in bends; nobody has ridden quite the same before."""
    west = -6.0 + secrets.randbelow(10_000) / 100_000
    places = tuple(
        (round(west + 0.4 * n / POINTS, 6), round(41.5 + 0.06 * math.sin(n / 90), 6))
        for n in range(POINTS)
    )
    rows = "".join(
        f'<trkpt lat="{latitude}" lon="{longitude}"><ele>{640 + 60 * math.sin(n / 70):.1f}</ele>'
        f"<time>2025-06-03T{6 + n // 360:02}:{n // 6 % 60:02}:{n % 6 * 10:02}Z</time></trkpt>"
        for n, (longitude, latitude) in enumerate(places)
    )
    gpx = (
        '<?xml version="1.0" encoding="UTF-8"?><gpx version="1.1" creator="ContraVento check"'
        f' xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>{rows}</trkseg></trk></gpx>'
    )
    return Ride(places, gpx.encode())


def distance(one: Place, other: Place) -> float:
    """Metres on the ellipsoid between two places in degrees, a few kilometres apart at most.

    Source: J. P. Snyder, “Map Projections: A Working Manual”, USGS 1395, equations 4-18, 4-20.
    """
    (lon_a, lat_a), (lon_b, lat_b) = (tuple(map(math.radians, place)) for place in (one, other))
    middle = (lat_a + lat_b) / 2
    curvature = math.sqrt(1 - ECCENTRICITY_SQUARED * math.sin(middle) ** 2)
    north = SEMI_MAJOR_METRES * (1 - ECCENTRICITY_SQUARED) / curvature**3 * (lat_b - lat_a)
    east = SEMI_MAJOR_METRES / curvature * math.cos(middle) * (lon_b - lon_a)
    return math.hypot(north, east)


def a_picture(width: int, height: int, *, noisy_rows: int = FEW_COLOURS) -> bytes:
    """A PNG of stripes of noise; the more rows are noisy, the larger the file."""
    each = max(1, height // noisy_rows)
    rows = bytearray()
    same_as_above = b"\x02" + bytes(3 * width)  # PNG's filter Up
    for row in range(height):
        is_noisy = row % each == 0 and row // each < noisy_rows
        rows += b"\x00" + secrets.token_bytes(3 * width) if is_noisy else same_as_above
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(rows), 1)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def a_photograph_of_5_megabytes() -> bytes:
    """16 megapixels, as phones make them."""
    return a_picture(4608, 3456, noisy_rows=384)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
