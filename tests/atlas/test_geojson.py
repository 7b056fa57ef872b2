"""Lines for the live map."""

from contravento.atlas.geojson import thinned


def test_a_line_keeps_the_points_that_bend_it() -> None:
    line = [(0.0, 0.0), (1.0, 0.0001), (2.0, 0.0), (3.0, 1.0)]

    assert thinned([line], 0.01) == [[(0.0, 0.0), (2.0, 0.0), (3.0, 1.0)]]


def test_a_single_point_is_no_line() -> None:
    assert thinned([[(1.0, 2.0)]], 0.01) == []
