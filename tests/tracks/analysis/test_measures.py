import dataclasses
from datetime import date

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings, strategies as st

from contravento.tracks.analysis.geodesy import distance
from contravento.tracks.analysis.measures import measure
from contravento.tracks.analysis.profile import draw_profile
from tests.tracks.making import NAN, Place, recording

DEGREE = np.pi / 180 * 6_378_137  # 111,319 m of the equator
NORTHWARD = 110_574.3886  # metres of a degree of the meridian at the equator, by geographiclib
NOON = 1_717_243_200.0  # 1 June 2024, 12:00 UTC


def test_a_degree_of_the_equator_and_of_a_meridian_have_their_length() -> None:
    assert measure(recording([(0, 0), (1, 0)])).distance_metres == pytest.approx(DEGREE)
    assert measure(recording([(9, 89), (9, 90)])).distance_metres == pytest.approx(111_693.9, 1e-5)
    over_the_pole = measure(recording([(0, 60), (180, 60)])).distance_metres
    assert over_the_pole == pytest.approx(6_695_785.8, 1e-5)


@given(
    st.tuples(st.floats(-180, 180), st.floats(-85, 85)),
    st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    st.sampled_from([1e-5, 1e-3, 0.05, 1, 20]),
)
@settings(max_examples=500, deadline=None)
def test_distances_are_those_of_the_ellipsoid(
    place: tuple[float, float], way: tuple[float, float], scale: float
) -> None:
    lon, lat = place
    other_lon, other_lat = lon + way[0] * scale, float(np.clip(lat + way[1] * scale, -89, 89))
    metres = Geodesic.WGS84.Inverse(lat, lon, other_lat, other_lon)["s12"]
    ends = (np.array([value]) for value in (lon, lat, (other_lon + 180) % 360 - 180, other_lat))
    assert distance(*ends)[0] == pytest.approx(metres, rel=1e-4, abs=1e-4)


def test_a_step_of_a_millimetre_is_not_lost() -> None:
    places: list[Place] = [(8, 47), (8, 47 + 1e-8)]
    assert measure(recording(places)).distance_metres == pytest.approx(1e-8 * 111_200, rel=2e-3)


def test_nothing_is_counted_across_the_gap_between_segments() -> None:
    measures = measure(
        recording(
            [(0, 0), (1, 0), (50, 0), (51, 0)],
            elevation=[0, 100, 900, 1000],
            time=[NOON, NOON + 100, NOON + 9_000, NOON + 9_100],
            segment=[0, 0, 1, 1],
        )
    )
    assert measures.distance_metres == pytest.approx(2 * DEGREE)
    assert (measures.ascent_metres, measures.descent_metres) == (200.0, 0.0)
    assert (measures.moving_seconds, measures.elapsed_seconds) == (200.0, 9_100.0)


@pytest.mark.parametrize(
    ("heights", "ascent", "descent"),
    [
        ([0, 100, 0, 100], 200, 100),
        ([-5, 5, -5], 10, 10),
        ([100, 102, 100, 102, 100], 0, 0),  # noise
        ([100, 102, 104, 106, 108], 8, 0),  # a slope, however gentle its steps
        ([100, 101, 100.5, 110], 10, 0),
        ([110, 100, 109, 108, 120], 20, 10),
        ([100, NAN, NAN, 120], 20, 0),
        ([NAN, 7, NAN], 0, 0),
        ([5], 0, 0),
    ],
)
def test_climbs_are_counted_from_turn_to_turn(
    heights: list[float], ascent: float, descent: float
) -> None:
    places: list[Place] = [(i * 0.01, 0) for i in range(len(heights))]
    measures = measure(recording(places, elevation=heights))
    assert (measures.ascent_metres, measures.descent_metres) == pytest.approx((ascent, descent))


def test_without_elevation_there_are_no_heights_and_no_profile() -> None:
    flat = recording([(0, 0), (1, 0)])
    measures = measure(flat)
    assert measures.ascent_metres is measures.descent_metres is None
    assert measures.highest_metres is measures.lowest_metres is None
    assert draw_profile(flat) is None


def test_zero_is_a_height() -> None:
    measures = measure(recording([(0, 0), (1, 0)], elevation=[0, 0]))
    assert (measures.highest_metres, measures.lowest_metres, measures.ascent_metres) == (
        0.0,
        0.0,
        0.0,
    )


def test_without_times_there_are_no_days_and_no_speeds() -> None:
    measures = measure(recording([(0, 0), (1, 0)]))
    assert measures.days == ()
    assert measures.elapsed_seconds is measures.moving_seconds is measures.average_speed is None
    assert measures.top_speed is None
    assert measures.started_at is measures.ended_at is None


def test_standing_still_is_not_moving() -> None:
    places: list[Place] = [(0, 0), (0.001, 0), (0.001001, 0), (0.002, 0)]
    measures = measure(recording(places, time=[NOON, NOON + 20, NOON + 620, NOON + 640]))
    assert (measures.moving_seconds, measures.elapsed_seconds) == (40.0, 640.0)
    assert measures.average_speed == pytest.approx(2 * 0.0009995 * DEGREE / 40, rel=1e-3)


def test_a_stray_point_makes_no_record() -> None:
    metres = np.arange(200) * 5.0
    steady = recording([(m / DEGREE, 0) for m in metres], time=NOON + np.arange(200))
    stray = dataclasses.replace(steady, lat=np.where(np.arange(200) == 90, 0.003, 0.0))
    assert measure(steady).top_speed == pytest.approx(5, rel=1e-6)
    assert measure(stray).top_speed == pytest.approx(5, rel=1e-6)


def test_a_descent_of_ten_seconds_is_a_record() -> None:
    steps = np.where((np.arange(200) >= 90) & (np.arange(200) < 102), 15.0, 5.0)
    fast = recording([(m / DEGREE, 0) for m in np.cumsum(steps)], time=NOON + np.arange(200))
    assert measure(fast).top_speed == pytest.approx(15, rel=1e-6)


def test_bounds_across_the_antimeridian_have_west_above_east() -> None:
    places: list[Place] = [(179.5, -17), (179.9, -16), (-179.8, -16.5), (-179, -15)]
    measures = measure(recording(places))
    assert measures.bounds == (179.5, -17.0, -179.0, -15.0)
    assert measures.distance_metres < 4 * DEGREE


def test_bounds_elsewhere_are_the_extremes() -> None:
    assert measure(recording([(-5, 43), (9, 40), (2, 51)])).bounds == (-5.0, 40.0, 9.0, 51.0)
    assert measure(recording([(180, 1), (179, 2)])).bounds == (179.0, 1.0, 180.0, 2.0)


def test_a_ride_around_the_world_is_bounded_by_the_world() -> None:
    places: list[Place] = [((lon + 180) % 360 - 180, 10) for lon in range(0, 400, 40)]
    assert measure(recording(places)).bounds[::2] == (-180.0, 180.0)


def test_days_are_divided_at_midnight_by_the_sun() -> None:
    """150° east is ten hours ahead: 14:00 UTC is midnight there."""
    hours = np.array([0, 1, 3, 4])
    measures = measure(
        recording(
            [(150, 0), (150, 1), (150, 2), (150, 3)],
            time=NOON + hours * 3_600,
            elevation=[0, 50, 100, 90],
        )
    )
    first, second = measures.days
    assert (first.on, second.on) == (date(2024, 6, 1), date(2024, 6, 2))
    assert (first.first, first.last, second.first) == ((150, 0), (150, 1), (150, 2))
    assert (first.highest_metres, first.ascent_metres) == (50.0, 50.0)
    assert second.distance_metres == pytest.approx(2 * NORTHWARD, rel=1e-4)


def test_a_point_without_a_time_belongs_to_the_day_before_it() -> None:
    measures = measure(recording([(0, 0), (0, 1), (0, 2)], time=[NAN, NOON, NAN]))
    assert [day.on for day in measures.days] == [date(2024, 6, 1)]
    assert measures.days[0].distance_metres == pytest.approx(2 * NORTHWARD, rel=1e-4)


times = st.lists(st.none() | st.integers(0, 4 * 86_400), min_size=1, max_size=40)


@settings(deadline=None)
@given(times=times, data=st.data())
def test_the_days_together_are_the_whole(times: list[int | None], data: st.DataObject) -> None:
    lon = data.draw(st.lists(st.floats(-180, 180), min_size=len(times), max_size=len(times)))
    cuts = data.draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times)))
    one = recording(
        [(x, 40) for x in lon],
        time=[NAN if time is None else NOON + time for time in times],
        segment=np.cumsum(cuts) - cuts[0],
    )
    measures = measure(one)
    assert [day.on for day in measures.days] == sorted({day.on for day in measures.days})
    if any(time is not None for time in times):
        whole = sum(day.distance_metres for day in measures.days)
        assert whole == pytest.approx(measures.distance_metres)
    reversed_ride = dataclasses.replace(
        one, lon=one.lon[::-1], lat=one.lat[::-1], segment=one.segment.max() - one.segment[::-1]
    )
    assert measure(reversed_ride).distance_metres == pytest.approx(measures.distance_metres)


def test_a_profile_has_few_samples_and_the_highest_and_lowest_of_all() -> None:
    count = 30_000
    along = np.arange(count)
    heights = 100 * np.sin(along / 3_000)
    heights[12_345], heights[23_456] = 500, -300
    one = recording([(i * 1e-4, 0) for i in along], elevation=heights)
    profile = draw_profile(one)
    assert profile is not None
    assert 900 <= len(profile.distance_metres) <= 1_000
    assert (profile.elevation_metres.max(), profile.elevation_metres.min()) == (500.0, -300.0)
    assert (np.diff(profile.distance_metres) > 0).all()
    assert profile.distance_metres[-1] == pytest.approx(measure(one).distance_metres)
    assert profile.lon[0] == 0


def test_a_gap_in_elevation_is_filled_in_the_profile() -> None:
    places: list[Place] = [(0, 0), (0, 0.01), (0, 0.02), (0, 0.04)]
    profile = draw_profile(recording(places, elevation=[100, NAN, NAN, 140]))
    assert profile is not None
    assert profile.elevation_metres == pytest.approx([100, 110, 120, 140])


def test_grades_are_percent_and_never_from_one_segment_to_the_next() -> None:
    places: list[Place] = [(0, i * 10 / NORTHWARD) for i in range(40)]
    heights = [*range(20), *range(800, 820)]  # 10 % and, after a cable car, 10 % again
    profile = draw_profile(recording(places, elevation=heights, segment=[0] * 20 + [1] * 20))
    assert profile is not None
    assert profile.grade_percent == pytest.approx([10] * 40, rel=1e-4)
