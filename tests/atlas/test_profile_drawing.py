"""The elevation profile: stripes by steepness, round ticks, no slivers."""

import re

import numpy as np
from hypothesis import given, strategies as st

from contravento.atlas.profile_drawing import HEIGHT, WIDTH, draw_profile


def test_a_climb_is_coloured_by_its_steepness() -> None:
    kilometre = 1_000.0
    profile = draw_profile([0, 10 * kilometre, 20 * kilometre], [0, 700, 700])

    assert profile is not None
    grades = set(re.findall(r'data-grade="(\w+)"', profile.body))
    assert {"flat", "6"} <= grades
    assert not {"down", "9"} & grades


def test_ticks_are_round_and_inside_the_picture() -> None:
    profile = draw_profile([0, 500_000, 1_014_000], [15, 1_609, 140])

    assert profile is not None
    assert [tick.value for tick in profile.heights] == [500, 1_000, 1_500]
    assert [tick.value for tick in profile.distances] == [0, 200, 400, 600, 800, 1_000]
    assert all(0 <= tick.place <= 100 for tick in profile.heights + profile.distances)


def test_heights_below_the_sea_are_drawn() -> None:
    profile = draw_profile([0, 10_000], [-410, -380])

    assert profile is not None
    assert profile.heights[0].value < -280


def test_a_flat_ride_is_not_made_into_mountains() -> None:
    profile = draw_profile([0, 5_000, 10_000], [2, 6, 3])

    assert profile is not None
    ys = [float(y) for _, y in re.findall(r"(\d+\.?\d*) (\d+\.?\d*)", profile.body)]
    assert min(ys[2:]) > 0.5 * HEIGHT


def test_stripes_are_never_slivers() -> None:
    rng = np.random.default_rng(7)
    distances = np.linspace(0, 300_000, 3_000)
    heights = np.cumsum(rng.normal(0, 8, 3_000)) + 800
    profile = draw_profile(distances.tolist(), heights.tolist())

    assert profile is not None
    stripes = re.findall(r"M([\d.]+) [^V]*?([\d.]+) [\d.-]+V\d", profile.body)
    assert len(stripes) > 3
    assert all(float(end) - float(start) >= WIDTH / 250 for start, end in stripes)


def test_stages_are_numbered_in_their_middle() -> None:
    profile = draw_profile([0, 100], [0, 10], stage_ends_metres=[40, 100])

    assert profile is not None
    assert profile.stage_ends == [40]
    assert [(stage.value, stage.place) for stage in profile.stages] == [(1, 20), (2, 70)]


def test_without_heights_there_is_no_profile() -> None:
    assert draw_profile([0, 100], [None, None]) is None
    assert draw_profile([], []) is None
    assert draw_profile([0, 0], [1, 2]) is None


@given(
    st.lists(st.tuples(st.floats(0, 5_000), st.none() | st.floats(-430, 8_850)), max_size=60),
)
def test_whatever_was_recorded_draws_or_does_not(rows: list[tuple[float, float | None]]) -> None:
    distances = np.cumsum([step for step, _ in rows]).tolist()
    profile = draw_profile(distances, [height for _, height in rows])

    if profile is not None:
        assert not re.search("nan|inf", profile.body)
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", profile.body)]
        assert all(-1 <= number <= max(WIDTH, HEIGHT) + 1 for number in numbers)
