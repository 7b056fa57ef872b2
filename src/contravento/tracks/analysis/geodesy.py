"""Distances on the ellipsoid, and the projection of our maps."""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

FURTHEST_NORTH_DRAWN = 89.9

# WGS 84.
SEMI_MAJOR_METRES = 6_378_137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING)

FAR_METRES = 20_000.0
NEAR_A_POLE = 0.1  # of the cosine of the latitude
FURTHEST_RADIANS = 3.0


def distance(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Metres on the WGS 84 ellipsoid between points given in degrees; any shapes that broadcast.

    Short ways by the radii of curvature at the middle latitude (J. P. Snyder, “Map Projections: A
    Working Manual”, USGS 1395 (1987), equations 4-18 and 4-20), the others by Lambert's formula.
    Within 0.001 % of geographiclib but near the other side of the earth, where it is 0.6 %.
    """
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    lam = np.radians((lon_b - lon_a + 180) % 360 - 180)
    middle = np.cos((phi_a + phi_b) / 2)
    curvature = np.sqrt(1 - ECCENTRICITY_SQUARED * (1 - middle**2))
    north = SEMI_MAJOR_METRES * (1 - ECCENTRICITY_SQUARED) / curvature**3 * (phi_b - phi_a)
    east = SEMI_MAJOR_METRES / curvature * middle * lam
    metres = np.asarray(np.hypot(north, east), np.float64)
    with np.errstate(invalid="ignore"):
        far = ~(metres < FAR_METRES) | ~(middle > NEAR_A_POLE)
    if far.any():
        parts = np.broadcast_arrays(phi_a, phi_b, lam)
        metres[far] = _lambert(*(part[far] for part in parts))
    return metres


def _lambert(phi_a: Floats, phi_b: Floats, lam: Floats) -> Floats:
    """Metres between points in radians. Source: W. D. Lambert, “The distance between two widely
    separated points on the surface of the earth”, Journal of the Washington Academy of Sciences 32
    (1942). Where it fails, near the other side of the earth, the distance on the sphere."""
    beta_a = np.arctan((1 - FLATTENING) * np.tan(phi_a))
    beta_b = np.arctan((1 - FLATTENING) * np.tan(phi_b))
    half_chord = (
        np.sin((beta_b - beta_a) / 2) ** 2 + np.cos(beta_a) * np.cos(beta_b) * np.sin(lam / 2) ** 2
    )
    angle = 2 * np.arcsin(np.sqrt(np.minimum(half_chord, 1.0)))
    mean, half = (beta_a + beta_b) / 2, (beta_b - beta_a) / 2
    usual = (angle > 0) & (angle < FURTHEST_RADIANS)
    angle_there = np.where(usual, angle, 1.0)
    x = (angle_there - np.sin(angle_there)) * (np.sin(mean) * np.cos(half)) ** 2
    y = (angle_there + np.sin(angle_there)) * (np.cos(mean) * np.sin(half)) ** 2
    bend = x / np.cos(angle_there / 2) ** 2 + y / np.sin(angle_there / 2) ** 2
    correction = np.where(usual, FLATTENING / 2 * bend, 0.0)
    return np.asarray(SEMI_MAJOR_METRES * (angle - correction), np.float64)


def steps(lon: Floats, lat: Floats) -> Floats:
    """Metres from each point to the next, (n - 1,) for n points in degrees."""
    return distance(lon[:-1], lat[:-1], lon[1:], lat[1:])


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
