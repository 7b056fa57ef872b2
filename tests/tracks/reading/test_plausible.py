"""What strays is found, wherever it stands and however much of it there is."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from contravento.tracks.analysis.measures import measure
from contravento.tracks.reading.cleaning.positions import stray_points
from contravento.tracks.reading.read import read_recording
from tests.tracks.making import gpx

POINTS = 120


def ride(places: list[tuple[float, float]], *, timed: bool) -> bytes:
    """A point every two seconds."""
    points = [
        f'<trkpt lat="{lat:.6f}" lon="{lon:.6f}">'
        + (f"<time>2025-06-03T08:{second // 60:02}:{second % 60:02}Z</time>" if timed else "")
        + "</trkpt>"
        for second, (lon, lat) in zip(range(0, 2 * len(places), 2), places, strict=True)
    ]
    return gpx(f"<trk><trkseg>{''.join(points)}</trkseg></trk>").encode()


@settings(deadline=None, max_examples=60)
@given(
    at=st.integers(0, POINTS - 1),
    count=st.integers(1, 30),
    away=st.floats(0.05, 5),
    timed=st.booleans(),
)
def test_an_excursion_of_any_length_anywhere_changes_nothing(
    at: int, count: int, away: float, timed: bool
) -> None:
    straight = [(-3.0, 43 + i / 10_000) for i in range(POINTS)]
    strayed = list(straight)
    for i in range(at, min(at + count, POINTS)):
        strayed[i] = (straight[i][0] + away, straight[i][1])
    metres = measure(read_recording(ride(straight, timed=timed))).distance_metres
    measures = measure(read_recording(ride(strayed, timed=timed)))
    assert metres * 0.7 < measures.distance_metres < metres * 1.001
    assert (measures.top_speed or 0) < 42
    assert (measures.moving_seconds or 0) <= (measures.elapsed_seconds or 0)


def test_a_flight_in_a_silence_stays() -> None:
    points = "".join(
        f'<trkpt lat="{43 + second / 10_000:.6f}" lon="{lon}">'
        f"<time>2025-06-03T{hour}:00:{second:02}Z</time></trkpt>"
        for hour, lon in (("08", -3), ("12", 7))
        for second in range(60)
    )
    recording = read_recording(gpx(f"<trk><trkseg>{points}</trkseg></trk>").encode())
    assert len(recording) == 120
    assert recording.segments == 2
    assert measure(recording).distance_metres == pytest.approx(2 * 59 * 11.12, rel=0.01)


@pytest.mark.parametrize("grade", [0.05, 0.3])
def test_a_steep_road_keeps_its_heights(grade: float) -> None:
    points = "".join(
        f'<trkpt lat="{43 + i / 10_000:.6f}" lon="-3">'
        f"<ele>{500 + i * 11.12 * grade:.1f}</ele></trkpt>"
        for i in range(POINTS)
    )
    recording = read_recording(gpx(f"<trk><trkseg>{points}</trkseg></trk>").encode())
    assert not np.isnan(recording.elevation).any()


def test_an_untimed_point_is_judged_by_the_moments_around_it() -> None:
    """It lies as far away as the fastest bicycle gets between its neighbours, or it strays."""
    lon = np.zeros(9)
    lat = np.linspace(43, 43.0008, 9)
    time = np.linspace(1.7e9, 1.7e9 + 16, 9)
    time[4] = np.nan
    assert not stray_points(lon, lat, time).any()
    lon[4] = 0.04
    assert np.flatnonzero(stray_points(lon, lat, time)).tolist() == [4]


def test_a_way_that_is_too_fast_and_no_excursion_is_not_counted() -> None:
    points = [(at * 1e-4, 43.0) for at in range(20)] + [(2.0 + at * 1e-4, 43.0) for at in range(20)]
    recording = read_recording(ride(points, timed=True))
    assert recording.segments == 2
    assert "leaps" in [remark.code for remark in recording.report]
    measures = measure(recording)
    assert measures.distance_metres < 400
    assert measures.top_speed is not None
    assert measures.top_speed < 10


def test_times_that_nobody_keeps_are_forgotten_and_the_way_stays() -> None:
    recording = read_recording(ride([(at * 1e-2, 43.0) for at in range(40)], timed=True))
    assert "false_times" in [remark.code for remark in recording.report]
    measures = measure(recording)
    assert measures.distance_metres > 30_000
    assert measures.elapsed_seconds is measures.top_speed is None
