"""Climbs, gradients and how hard a ride is."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from contravento.tracks.analysis.climbs import smooth
from contravento.tracks.analysis.measures import measure, step_lengths
from contravento.tracks.analysis.notable_climbs import (
    LEAST_GAIN_METRES,
    LEAST_LENGTH_METRES,
    categorise,
    distribute_gradients,
    find_climbs,
    flat_metres,
    grade_difficulty,
    make_grids,
    maximal_stretches,
)
from contravento.tracks.recording import Recording
from tests.tracks.making import recording

STEP = 20.0  # metres from point to point
DEGREE = 111_195.0


def ride(*legs: tuple[float, float], gap_after: int | None = None) -> Recording:
    """Legs of so many metres at so many per cent, going north."""
    heights, places = [100.0], [0.0]
    for metres, percent in legs:
        for _ in range(round(metres / STEP)):
            places.append(places[-1] + STEP)
            heights.append(heights[-1] + STEP * percent / 100)
    points = [(0.0, metres / DEGREE) for metres in places]
    segment = [0] * len(points)
    if gap_after is not None:
        cut = sum(round(metres / STEP) for metres, _ in legs[: gap_after + 1])
        points[cut + 1 :] = [(0.1, lat) for _, lat in points[cut + 1 :]]
        segment = [int(index > cut) for index in range(len(points))]
    return recording(points, elevation=heights, segment=segment)


def test_a_climb_is_where_it_is_and_as_steep_as_it_is() -> None:
    (climb,) = measure(ride((3000, 0), (4000, 6), (1000, -5))).climbs
    assert climb.start_metres == pytest.approx(3000, abs=60)
    assert climb.length_metres == pytest.approx(4000, abs=80)
    assert climb.gain_metres == pytest.approx(240, abs=5)
    assert climb.average_percent == pytest.approx(6, abs=0.2)
    assert climb.steepest_percent == pytest.approx(6, abs=0.2)
    assert climb.category == "3"


def test_the_steepest_hundred_metres_are_found() -> None:
    (climb,) = measure(ride((2000, 5), (200, 12), (2000, 5), (500, 0))).climbs
    assert climb.steepest_percent == pytest.approx(12, abs=0.5)
    assert climb.average_percent == pytest.approx(5.3, abs=0.2)


def test_a_dip_does_not_end_a_climb_and_a_valley_does() -> None:
    assert len(measure(ride((2000, 6), (200, -3), (2000, 6))).climbs) == 1
    assert len(measure(ride((2000, 6), (2000, -6), (2000, 6))).climbs) == 2


def test_a_pause_does_not_divide_a_climb_and_a_gap_does() -> None:
    paused = ride((1500, 6), (1500, 6))
    parted = Recording(
        **{name: getattr(paused, name) for name in ("lon", "lat", "elevation", "time")},
        segment=(np.arange(len(paused)) > 75).astype(np.int32),
        tracks=1,
    )
    assert len(measure(parted).climbs) == 1
    assert len(measure(ride((1500, 6), (1500, 6), gap_after=0)).climbs) == 2


@pytest.mark.parametrize(
    "legs", [((400, 9),), ((5000, 2.5),), ((600, 4),), ((5000, -6),), ((30, 20),)]
)
def test_what_is_short_or_gentle_or_goes_down_is_no_climb(legs: tuple[tuple[float, float]]) -> None:
    assert measure(ride(*legs)).climbs == ()


@pytest.mark.parametrize(
    ("gain", "category"),
    [(79, ""), (81, "4"), (161, "3"), (321, "2"), (641, "1"), (800, "1"), (801, "HC")],
)
def test_categories_are_by_the_published_rule(gain: float, category: str) -> None:
    assert categorise(2000, gain) == category


def test_gradients_add_up_to_the_way() -> None:
    measures = measure(ride((3000, 0), (2000, 5), (1000, 10), (2000, -6)))
    assert measures.gradients
    assert sum(measures.gradients.values()) == pytest.approx(measures.distance_metres, rel=0.01)
    assert measures.gradients["9"] == pytest.approx(1000, abs=120)
    assert measures.gradients["4"] == pytest.approx(2000, abs=120)
    assert measures.gradients["down"] == pytest.approx(2000, abs=120)
    assert measure(recording([(0, 0), (0, 1)])).gradients is None


def test_climbing_counts_like_way_in_the_flat() -> None:
    assert flat_metres(80_000, 1_000) == 88_000
    days = [(30, 200, 1), (50, 500, 1), (80, 1_000, 1), (100, 1_500, 1), (200, 2_000, 4)]
    named = [grade_difficulty(km * 1000, ascent, count) for km, ascent, count in days]
    assert named == ["easy", "moderate", "demanding", "hard", "moderate"]


heights = st.lists(st.floats(-40, 40), min_size=8, max_size=60).map(np.cumsum)


@given(rises=heights, spacing=st.floats(30, 400))
def test_climbs_are_apart_in_order_and_within_the_way(
    rises: np.ndarray[tuple[int], np.dtype[np.float64]], spacing: float
) -> None:
    one = recording(
        [(0.0, at * spacing / DEGREE) for at in range(len(rises))], elevation=rises.tolist()
    )
    steps = step_lengths(one)
    grids = make_grids(one, steps, smooth(one, steps))
    climbs = find_climbs(grids)
    reached = 0.0
    for climb in climbs:
        assert climb.start_metres >= reached - 1e-6
        reached = climb.start_metres + climb.length_metres
        assert climb.length_metres >= LEAST_LENGTH_METRES
        assert climb.gain_metres >= LEAST_GAIN_METRES
        assert climb.average_percent >= 3 - 1e-6
        assert math.isfinite(climb.steepest_percent)
    assert reached <= steps.sum() + 1e-6
    assert sum(distribute_gradients(grids).values()) <= steps.sum() + 1e-6


def test_many_small_rises_on_a_long_descent_take_no_longer_for_each() -> None:
    """Counted in comparisons by the way: a quadratic search would take minutes."""
    scores = [1.0, -2.0] * 200_000
    assert len(maximal_stretches(scores)) == 200_000


@given(scores=st.lists(st.integers(-9, 9).map(float), max_size=12))
def test_stretches_are_those_that_the_definition_names(scores: list[float]) -> None:
    """The best stretch, then the best of what is left on either side, and so on; ties aside."""
    found = maximal_stretches(scores)
    assert all(end <= first for (_, end), (first, _) in pairwise(found))
    for first, end in found:
        sums = [sum(scores[first:at]) for at in range(first + 1, end)]
        assert all(0 < part < sum(scores[first:end]) for part in sums)

    def best(low: int, high: int) -> float:
        spans = [(a, b) for a in range(low, high) for b in range(a + 1, high + 1)]
        return max((sum(scores[a:b]) for a, b in spans), default=0.0)

    assert max((sum(scores[a:b]) for a, b in found), default=0.0) == max(best(0, len(scores)), 0.0)
    edges = [0, *(edge for span in found for edge in span), len(scores)]
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        assert best(low, high) <= 0
