import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy, simplify
from contravento.tracks.analysis.simplify import significance
from contravento.tracks.recording import Recording
from tests.tracks.making import Place, recording

DEGREE = np.pi / 180 * rules.EARTH_RADIUS_METRES


def furthest_left_out(one: Recording, tolerance: float) -> float:
    """Metres from the point furthest from the line that is drawn for this tolerance."""
    x, y = geodesy.mercator(geodesy.unroll(one.lon), one.lat)
    kept = np.flatnonzero(significance(one) >= tolerance)
    furthest = 0.0
    for i in range(len(one)):
        a, b = kept[kept <= i][-1], kept[kept >= i][0]
        chord, offset = complex(x[b] - x[a], y[b] - y[a]), complex(x[i] - x[a], y[i] - y[a])
        squared = abs(chord) ** 2
        part = (offset * chord.conjugate()).real / squared if squared else 0.0
        off = abs(offset - chord * min(max(part, 0.0), 1.0))
        furthest = max(furthest, off * rules.EARTH_RADIUS_METRES / np.cosh(y[i]))
    return furthest


lon, lat = st.floats(-180, 180), st.floats(-80, 80)
near = st.tuples(st.floats(7, 7.01), st.floats(47, 47.01))
places = st.lists(st.tuples(lon, lat), min_size=1, max_size=30) | st.lists(
    near, min_size=1, max_size=60
)


@settings(max_examples=200, deadline=None)
@given(places=places, tolerance=st.floats(0.02, 1e6), cut=st.integers(0, 60))
def test_no_point_left_out_is_further_from_the_line_than_the_tolerance(
    places: list[Place], tolerance: float, cut: int
) -> None:
    segments = (np.arange(len(places)) >= cut).astype(int)
    one = recording(places, segment=segments - segments[0])
    assert furthest_left_out(one, tolerance) <= tolerance * (1 + 1e-6) + 1e-3


def test_the_ends_of_segments_always_stay() -> None:
    one = recording([(0, 0), (1, 0), (2, 0), (9, 9), (5, 5), (6, 5)], segment=[0, 0, 0, 1, 2, 2])
    weights = significance(one)
    assert weights.dtype == np.float32
    assert np.isinf(weights).tolist() == [True, False, True, True, True, True]


def test_a_corner_counts_as_far_as_it_stands_off() -> None:
    off = 100 / DEGREE
    weights = significance(recording([(0, 0), (0.01, 0), (0.02, off), (0.03, 0), (0.04, 0)]))
    assert weights[2] == pytest.approx(100, rel=1e-3)
    assert weights[1] == weights[3]
    assert 0 < weights[1] < 100


def test_a_point_never_outlasts_the_one_whose_chord_it_was_found_on() -> None:
    """The second is nearer to the whole line than the third, but further from its own chord."""
    weights = significance(recording([(0, 0), (0.008, -0.0029), (0.005, 0.003), (0.01, 0)]))
    assert weights[1] == weights[2] == pytest.approx(0.003 * DEGREE, rel=1e-3)


def test_a_straight_line_is_its_two_ends() -> None:
    weights = significance(recording([(i * 1e-5, 0) for i in range(10_000)]))
    assert np.count_nonzero(weights) == 2


def test_a_loop_is_measured_from_where_it_begins() -> None:
    weights = significance(recording([(0, 0), (0, 1), (0, 0)]))
    assert weights[1] == pytest.approx(DEGREE, rel=1e-3)


def test_the_antimeridian_is_no_corner() -> None:
    weights = significance(recording([(179.98, 0), (179.99, 0), (-180, 0), (-179.99, 0)]))
    assert np.count_nonzero(weights) == 2


def test_an_awkward_line_takes_no_more_levels_than_promised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each point of this one is split off alone, which takes plain Douglas-Peucker n levels."""
    levels = 0
    split = simplify._split

    def counted(*arguments: object, **options: object) -> object:
        nonlocal levels
        levels += 1
        return split(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(simplify, "_split", counted)
    count = 20_000
    height = 1.0005 ** -np.arange(count) * (-1.0) ** np.arange(count)
    places: list[Place] = list(zip(np.linspace(0, 1e-3, count), height, strict=True))
    significance(recording(places))
    assert levels > simplify.MOST_LEVELS_BY_DISTANCE
    assert levels <= simplify.MOST_LEVELS_BY_DISTANCE + np.ceil(np.log2(count))
