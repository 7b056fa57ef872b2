"""Distances and projections on the sphere."""

import numpy as np
from numpy.typing import NDArray

from contravento.tracks.rules import EARTH_RADIUS_METRES

type Floats = NDArray[np.float64]

FURTHEST_NORTH_DRAWN = 89.9


def great_circle(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Metres between points given in degrees; any shapes that broadcast.

    The haversine formula (R. W. Sinnott, “Virtues of the Haversine”, Sky and Telescope 68, 1984)
    on the mean radius of the earth: exact to 0.5 % of the distance on the ellipsoid, and right for
    points a metre apart and on either side of the antimeridian.
    """
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half_chord = (
        np.sin((phi_b - phi_a) / 2) ** 2
        + np.cos(phi_a) * np.cos(phi_b) * np.sin(np.radians(lon_b - lon_a) / 2) ** 2
    )
    return np.asarray(
        2 * EARTH_RADIUS_METRES * np.arcsin(np.sqrt(np.minimum(half_chord, 1.0))), np.float64
    )


def steps(lon: Floats, lat: Floats) -> Floats:
    """Metres from each point to the next, (n - 1,) for n points in degrees."""
    return great_circle(lon[:-1], lat[:-1], lon[1:], lat[1:])


def unroll(lon: Floats) -> Floats:
    """Longitudes without jumps at the antimeridian: they run on past ±180°. (n,) degrees."""
    if len(lon) == 0 or np.ptp(lon) < 180:
        return lon
    return np.asarray(np.unwrap(lon, period=360.0), np.float64)


def mercator(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Web Mercator on the unit sphere, the plane our maps are drawn on; degrees in, (n,) each.

    Source: J. P. Snyder, “Map Projections: A Working Manual”, USGS 1395 (1987), equation 7-2.
    """
    phi = np.radians(np.clip(lat, -FURTHEST_NORTH_DRAWN, FURTHEST_NORTH_DRAWN))
    return np.radians(lon), np.arcsinh(np.tan(phi))
