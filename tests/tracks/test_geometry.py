"""Lines in levels: what is drawn at a tolerance, and that it is never too much."""

import json
from typing import Any

import numpy as np
import pytest

from contravento.tracks import geometry
from contravento.tracks.analysis.simplify import significance
from contravento.tracks.recording import Recording
from tests.tracks.making import NAN


def wavy(points: int, segments: int = 1, seed: int = 3) -> Recording:
    rng = np.random.default_rng(seed)
    return Recording(
        lon=5 + np.cumsum(rng.normal(0, 1e-4, points)),
        lat=45 + np.cumsum(rng.normal(0, 1e-4, points)),
        elevation=np.full(points, NAN),
        time=np.full(points, NAN),
        segment=(np.arange(points) * segments // points).astype(np.int32),
        tracks=1,
    )


def drawn(recordings: list[Recording], tolerance_metres: float) -> tuple[float, list[Any]]:
    """The tolerance that was possible, and the lines."""
    packed = [geometry.pack_levels(recording, significance(recording)) for recording in recordings]
    level_points = [[level.points for level in levels] for levels in packed]
    count = geometry.affordable_levels(level_points, tolerance_metres)
    lines = [geometry.read_levels([each.packed for each in levels[:count]]) for levels in packed]
    feature = json.loads(geometry.draw_lines(lines, geometry.LADDER[count - 1]))
    coordinates = feature["geometry"]["coordinates"]
    assert feature["properties"]["points"] == sum(map(len, coordinates))
    return feature["properties"]["tolerance_metres"], coordinates


@pytest.mark.parametrize("asked", [0, 0.4, 1, 12, 250, 99_999, 1e9])
def test_a_line_has_the_points_that_its_tolerance_needs(asked: float) -> None:
    one = wavy(3_000)
    tolerance, (line,) = drawn([one], asked)
    assert tolerance <= asked
    kept = np.flatnonzero(significance(one) >= tolerance)
    expected = np.stack((one.lon[kept], one.lat[kept]), axis=1).round(6)
    np.testing.assert_allclose(np.array(line), expected, atol=1e-9)


def test_more_points_than_may_be_drawn_make_the_line_coarser() -> None:
    tolerance, (line,) = drawn([wavy(120_000)], 0)
    assert tolerance > 0
    assert 20_000 < len(line) <= geometry.MOST_POINTS_DRAWN


def test_several_tracks_share_what_may_be_drawn() -> None:
    tolerance, lines = drawn([wavy(20_000, seed=seed) for seed in range(6)], 0)
    assert tolerance > 0
    assert sum(map(len, lines)) <= geometry.MOST_POINTS_DRAWN
    assert len(lines) == 6


@pytest.mark.parametrize(("tracks", "segments"), [(1, 200_000), (2, 24_000), (3, 200_000)])
def test_segments_without_number_are_drawn_as_far_as_there_is_room(
    tracks: int, segments: int
) -> None:
    _, lines = drawn([wavy(segments, segments=segments)] * tracks, 0)
    assert 30_000 < sum(map(len, lines)) <= geometry.MOST_POINTS_DRAWN


def test_a_single_point_is_a_line_of_two() -> None:
    _, lines = drawn([wavy(1)], 5)
    assert [len(line) for line in lines] == [2]
