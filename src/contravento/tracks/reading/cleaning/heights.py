"""Elevations that cannot be true: zeros for “unknown”, dropouts, spikes, altimeters that settle."""

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.reading.cleaning.plausible import keep_consistent

type Floats = NDArray[np.float64]
type Mask = NDArray[np.bool_]


def false_heights(elevation: Floats, way: Floats) -> Mask:
    """Which elevations of one segment to give up, (n,); `way` are metres along it, (n,).

    A step steeper than any road cuts; what does not go with most of the others is
    given up. Zeros count little, since devices write them for want of anything better.
    """
    given_up = np.zeros(len(elevation), np.bool_)
    measured = np.flatnonzero(~np.isnan(elevation))
    if len(measured) < 3:
        return given_up
    height, along = elevation[measured], way[measured]

    def can_follow(before: NDArray[np.intp], point: int) -> Mask:
        return ~_is_cliff(height[point] - height[before], along[point] - along[before])

    cuts = _is_cliff(np.diff(height), np.diff(along))
    weights = np.where(height == 0, rules.WEIGHT_OF_ZERO, 1.0)
    kept = keep_consistent(cuts, weights, can_follow)
    kept[: _settling(height, along)] = False
    given_up[measured[~kept]] = True
    return given_up


def _is_cliff(rise: Floats, metres: Floats) -> Mask:
    return np.abs(rise) > rules.CLIFF_METRES + rules.CLIFF_GRADE * np.abs(metres)


def _settling(height: Floats, along: Floats) -> int:
    """How many points at the beginning an altimeter took to settle: it moves one way, ever slower,
    from a cliff to level ground."""
    rise = np.diff(height[: rules.MOST_SETTLING_POINTS])
    if not len(rise) or not _is_cliff(rise[:1], along[1:2] - along[:1]).any():
        return 0
    slower = np.abs(rise[1:]) <= np.abs(rise[:-1])
    one_way = rise * np.sign(rise[0]) >= 0
    ends = np.flatnonzero(~(slower & one_way[1:]))
    settled = np.flatnonzero(rise == 0)
    if not len(settled) or (len(ends) and ends[0] + 1 < settled[0]):
        return 0
    return int(settled[0])
