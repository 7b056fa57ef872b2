"""Climbs that have a name among riders, how the way is steep, and how hard a ride is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from contravento.atlas.profile_drawing import GRADE_LIMITS_PERCENT, GRADES
from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.recording import Recording

type Floats = NDArray[np.float64]

GRID_METRES = 25.0
MOST_GRID_STEPS = 40_000  # a coarser grid on longer ways
LEAST_LENGTH_METRES = 500.0
LEAST_GRADE = 0.03
LEAST_GAIN_METRES = 40.0
STEEPEST_OVER_METRES = 100.0
CATEGORIES = (("HC", 80_000.0), ("1", 64_000.0), ("2", 32_000.0), ("3", 16_000.0), ("4", 8_000.0))
METRES_LIKE_A_METRE_OF_CLIMB = 8.0
DIFFICULTIES = (("hard", 100_000.0), ("demanding", 70_000.0), ("moderate", 40_000.0))


@dataclass(frozen=True, slots=True)
class Climb:
    """Metres and per cent; `start_metres` of the way, `category` "HC", "1" to "4", or empty."""

    start_metres: float
    length_metres: float
    gain_metres: float
    average_percent: float
    steepest_percent: float
    category: str


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Heights along a stretch without gaps at even steps; metres."""

    start_metres: float
    step_metres: float
    heights: Floats


def make_grids(recording: Recording, steps: Floats, smoothed: Floats) -> list[Grid]:
    """Each stretch in which the way is known; `steps` (n - 1,) and `smoothed` heights (n,) as
    `climbs.smooth` makes them. A pause does not divide, a gap of more than 100 m does."""
    way = np.concatenate(([0.0], np.cumsum(steps)))
    measured = ~np.isnan(smoothed)
    spacing = max(GRID_METRES, float(way[-1]) / MOST_GRID_STEPS)
    edges = [0, *_gaps(recording), len(way)]
    grids = []
    for first, end in pairwise(edges):
        known = first + np.flatnonzero(measured[first:end])
        if len(known) < 2 or way[known[-1]] - way[known[0]] < STEEPEST_OVER_METRES:
            continue
        begin, length = float(way[known[0]]), float(way[known[-1]] - way[known[0]])
        count = max(int(length // spacing), 4)
        places = np.linspace(begin, begin + length, count + 1)
        heights = np.interp(places, way[known], smoothed[known])
        grids.append(Grid(begin, length / count, heights))
    return grids


def _gaps(recording: Recording) -> list[int]:
    """Index of the first point of each segment that begins elsewhere than the last one ended."""
    starts = recording.starts[1:]
    lon, lat = recording.lon, recording.lat
    away = geodesy.distance(lon[starts - 1], lat[starts - 1], lon[starts], lat[starts])
    return [int(start) for start in starts[away > rules.PAUSED_ELSEWHERE_METRES]]


def find_climbs(grids: list[Grid]) -> list[Climb]:
    """Climbs of 500 m and 40 m of gain or more whose average is 3 % or more, in order.

    Each step of the grid scores its rise less 3 % of its length; a climb is a maximal scoring
    stretch, so it goes on over a dip that the rest outweighs. W. L. Ruzzo and M. Tompa, “A linear
    time algorithm for finding all maximal scoring subsequences”, ISMB 1999.
    """
    return [climb for grid in grids for climb in _climbs_of(grid)]


def _climbs_of(grid: Grid) -> Iterator[Climb]:
    scores = np.diff(grid.heights) - LEAST_GRADE * grid.step_metres
    for first, end in maximal_stretches(scores.tolist()):
        length = (end - first) * grid.step_metres
        gain = float(grid.heights[end] - grid.heights[first])
        if length < LEAST_LENGTH_METRES or gain < LEAST_GAIN_METRES:
            continue
        yield Climb(
            start_metres=grid.start_metres + first * grid.step_metres,
            length_metres=length,
            gain_metres=gain,
            average_percent=100 * gain / length,
            steepest_percent=_steepest(grid.heights[first : end + 1], grid.step_metres),
            category=categorise(length, gain),
        )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A stretch, the sums before and after it, and the nearest earlier candidate with a lower sum
    before it, which spares looking at those between."""

    first: int
    end: int
    before: float
    after: float
    lower: int


def maximal_stretches(scores: list[float]) -> list[tuple[int, int]]:
    """First step of each maximal scoring stretch and the one behind its last, in order."""
    candidates: list[_Candidate] = []
    total = 0.0
    for index, score in enumerate(scores):
        before, total = total, total + score
        if score <= 0:
            continue
        first, left, at = index, before, len(candidates) - 1
        while True:
            while at >= 0 and candidates[at].before >= left:
                at = candidates[at].lower
            if at < 0 or candidates[at].after >= total:
                break
            first, left = candidates[at].first, candidates[at].before
            del candidates[at:]
            at -= 1
        candidates.append(_Candidate(first, index + 1, left, total, at))
    return [(each.first, each.end) for each in candidates]


def categorise(length_metres: float, gain_metres: float) -> str:
    """By length in metres times average gradient in per cent: above 8,000 category 4, above 16,000
    3, above 32,000 2, above 64,000 1, above 80,000 HC; empty below.

    Source: Strava, “Climb Categorization”,
    https://support.strava.com/hc/en-us/articles/216917057-Climb-Categorization.
    """
    score = length_metres * (100 * gain_metres / length_metres)
    return next((category for category, least in CATEGORIES if score > least), "")


def _steepest(heights: Floats, step_metres: float) -> float:
    """The steepest 100 m, or as little more as the grid has; per cent."""
    reach = min(max(int(np.ceil(STEEPEST_OVER_METRES / step_metres)), 1), len(heights) - 1)
    return float(100 * (heights[reach:] - heights[:-reach]).max() / (reach * step_metres))


def distribute_gradients(grids: list[Grid]) -> dict[str, float]:
    """Metres of the way in each class of the profile's, by the gradient over 100 m around."""
    metres = np.zeros(len(GRADES))
    for grid in grids:
        reach = max(int(STEEPEST_OVER_METRES / 2 / grid.step_metres), 1)
        middles = np.arange(len(grid.heights) - 1) + 0.5
        places = np.arange(len(grid.heights))
        ahead = np.minimum(middles + reach, places[-1])
        behind = np.maximum(middles - reach, 0.0)
        risen = np.interp(ahead, places, grid.heights) - np.interp(behind, places, grid.heights)
        grades = 100 * risen / ((ahead - behind) * grid.step_metres)
        classes = np.searchsorted(GRADE_LIMITS_PERCENT, grades, side="right")
        metres += np.bincount(classes, minlength=len(GRADES)) * grid.step_metres
    return dict(zip(GRADES, metres.tolist(), strict=True))


def flat_metres(distance_metres: float, ascent_metres: float) -> float:
    """The way in the flat that takes as long: eight metres more for each metre of ascent.

    Source: P. Scarf and P. Grehan, “An empirical basis for route choice in cycling”, Journal of
    Sports Sciences 23 (2005), 919–925.
    """
    return distance_metres + METRES_LIKE_A_METRE_OF_CLIMB * ascent_metres


def grade_difficulty(distance_metres: float, ascent_metres: float, days: int) -> str:
    """Of a day with luggage, by the way in the flat that takes as long: easy below 40 km, moderate
    below 70, demanding below 100, hard above."""
    a_day = flat_metres(distance_metres, ascent_metres) / max(days, 1)
    return next((name for name, least in DIFFICULTIES if a_day >= least), "easy")
