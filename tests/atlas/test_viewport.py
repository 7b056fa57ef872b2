"""Boxes round several tracks, on either side of the date line."""

from contravento.atlas.viewport import bounds_of, joined, thinned


def test_boxes_are_joined() -> None:
    assert joined([]) is None
    assert joined([(1, 2, 3, 4)]) == (1, 2, 3, 4)
    assert joined([(1, 2, 3, 4), (-1, 3, 2, 9)]) == (-1, 2, 3, 9)


def test_a_box_across_the_date_line_runs_on() -> None:
    west, _, east, _ = joined([(179, -18, -179, -17), (-179.5, -18, -178, -16)]) or (0, 0, 0, 0)
    assert east - west == 3
    assert west % 360 == 179


def test_lines_have_bounds() -> None:
    assert bounds_of([[[(1.0, 2.0), (3.0, 4.0)]], [[(0.0, 3.0), (2.0, 3.5)]]]) == (0, 2, 3, 4)


def test_lines_are_thinned_and_points_alone_left_out() -> None:
    line = [(0.0, 0.0), (1.0, 0.0001), (2.0, 0.0), (2.0, 1.0)]

    assert thinned([line, [(5.0, 5.0)]], 0.01) == [[(0, 0), (2, 0), (2, 1)]]
