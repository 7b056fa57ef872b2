import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from contravento.tracks import errors, rules
from contravento.tracks.analysis.geodesy import distance
from contravento.tracks.export.gpx import GpxWriter
from contravento.tracks.export.write import write_recording
from contravento.tracks.pipeline import digest
from contravento.tracks.reading.read import read_recording
from contravento.tracks.recording import Recording
from tests.tracks import making
from tests.tracks.making import NOW, gpx, one_track, point, segment, track


def read(*contents: str) -> Recording:
    return read_recording(gpx(*contents).encode(), now=NOW)


def codes(recording: Recording) -> list[str]:
    return [remark.code for remark in recording.report]


def test_points_keep_their_order_over_tracks_and_segments() -> None:
    recording = read(
        track(segment(point(1, 10), point(2, 11)), segment(), segment(point(3, 12)), name="One"),
        track(name="Nothing"),
        track(segment(point(4, 13)), name="Two"),
    )
    assert recording.lon.tolist() == [1, 2, 3, 4]
    assert recording.lat.tolist() == [10, 11, 12, 13]
    assert recording.segment.tolist() == [0, 0, 1, 2]
    assert (recording.segments, recording.tracks, recording.name) == (3, 2, "One")
    assert codes(recording)[:2] == ["empty_tracks", "empty_segments"]


def test_a_new_track_begins_a_new_segment_even_without_saying_so() -> None:
    recording = read(f"<trk>{point(1, 1)}</trk>", f"<trk>{point(2, 2)}</trk>")
    assert recording.segment.tolist() == [0, 1]


def test_a_route_counts_only_where_there_is_no_track() -> None:
    route = f"<rte><name>Plan</name>{point(1, 1, tag='rtept')}{point(1, 2, tag='rtept')}</rte>"
    planned = read(route, route)
    assert (planned.tracks, planned.segments, planned.name) == (2, 2, "Plan")
    assert codes(planned)[0] == "route"
    ridden = read(route, track(segment(point(5, 5), point(5, 6))))
    assert ridden.lon.tolist() == [5, 5]
    assert codes(ridden)[0] == "routes_left_out"


def test_nothing_in_extensions_is_taken_for_the_track() -> None:
    inside = "<extensions><ele>7</ele><x><time>2020-01-01T00:00:00Z</time></x></extensions>"
    recording = read(
        f"<extensions><trk><name>no</name><trkseg>{point(9, 9)}</trkseg></trk></extensions>",
        track(segment(f'<trkpt lat="1" lon="2"><ele>3</ele>{inside}</trkpt>')),
    )
    assert recording.elevation.tolist() == [3]
    assert np.isnan(recording.time).all()
    assert recording.tracks == 1


@pytest.mark.parametrize(
    ("written", "understood"),
    [("1.5", 1.5), (" 1.5\n", 1.5), ("1,5", 1.5), ("1e1", 10), ("-0", 0), ("+2", 2)],
)
def test_numbers_are_understood_as_people_write_them(written: str, understood: float) -> None:
    recording = read(track(segment(point(written, written, written))))
    assert recording.lon.tolist() == recording.lat.tolist() == [understood]
    assert recording.elevation.tolist() == [understood]
    assert ("comma_decimals" in codes(recording)) == ("," in written)


@pytest.mark.parametrize(
    "written", ["undefined", "nan", "inf", "1e999", "", "1,5,5", "180.1", "9" * 100_000]
)
def test_a_point_without_a_usable_position_is_left_out(written: str) -> None:
    recording = read(track(segment(point(1, 1), point(written, 2), point(1, 3))))
    assert recording.lat.tolist() == [1, 3]
    assert recording.report[0].params == {"count": 1, "total": 3}


def test_the_poles_and_the_antimeridian_are_usable_positions() -> None:
    assert len(read(track(segment(point(180, 90), point(-180, -90))))) == 2
    assert len(read(track(segment(point(0, 0), point(10, 90.001))))) == 1


def test_sea_level_and_below_are_elevations_and_nonsense_is_not() -> None:
    heights = [0, -3.5, "0.0", 9500, -32768, "bad", "inf"]
    recording = read(track(segment(*[point(1, i, height) for i, height in enumerate(heights)])))
    assert recording.elevation[:3].tolist() == [0, -3.5, 0]
    assert np.isnan(recording.elevation[3:]).all()
    found = {remark.code: remark.params for remark in recording.report}
    assert found["bad_elevations"] == {"count": 4}


def test_a_point_in_the_gulf_of_guinea_is_gone() -> None:
    recording = read(track(segment(point(5, 43), point(0, 0), point("0.0", "-0.0"), point(6, 43))))
    assert recording.lon.tolist() == [5, 6]
    assert recording.report[0].code == "null_island"


def test_a_ride_that_really_is_there_keeps_the_origin() -> None:
    assert len(read(track(segment(point(0, 0), point(0.1, 0), point(0.2, 0))))) == 3
    assert len(read(track(segment(point(0, 0), point(10, 0))))) == 2


def test_a_point_that_repeats_the_one_before_is_left_out() -> None:
    again = point(1, 1, 5, "2024-01-01T00:00:00Z")
    later = point(1, 1, 5, "2024-01-01T00:00:09Z")
    recording = read(track(segment(again, again, later, again.replace("5", "6")), segment(later)))
    assert recording.report[0].code == "backwards"
    assert len(read(track(segment(again, again, later), segment(later)))) == 3
    assert len(read(track(segment(point(1, 1), point(1, 1), point(2, 1))))) == 2


def test_a_ride_that_is_in_the_file_twice_counts_once() -> None:
    ridden = track(
        segment(point(1, 1, 5, "2024-01-01T00:00:00Z"), point(1, 1.1, 5, "2024-01-01T00:10:00Z"))
    )
    recording = read(ridden, ridden)
    assert (len(recording), recording.tracks) == (2, 1)
    assert codes(recording) == ["repeated_segments"]
    assert len(read(track(segment(point(1, 1), point(1, 2))) * 2)) == 4


def test_a_leap_there_and_back_is_left_out() -> None:
    times = [f"2024-01-01T00:00:0{i}Z" for i in range(4)]
    places = [(1, 1), (1.0001, 1), (1.5, 1), (1.0002, 1)]
    points = [point(x, y, 1, t) for (x, y), t in zip(places, times, strict=True)]
    recording = read(track(segment(*points)))
    assert recording.lon.tolist() == [1, 1.0001, 1.0002]
    assert codes(recording) == ["spikes"]


@pytest.mark.parametrize(
    ("times", "kept", "code"),
    [
        (["1970-01-01T00:00:00Z", "2024-01-01T00:00:00Z"], [1], "too_early"),
        (["2024-01-01T00:00:00Z", "2026-06-03T00:00:00Z"], [0], "in_the_future"),
        (["2024-01-01T00:00:00Z", "2026-06-01T12:00:00Z"], [0, 1], None),
        (["2024-01-01T00:00:00Z", "yesterday"], [0], "bad_times"),
        (["2024-01-01T00:00:00Z", "2024-01-01T00:00:01"], [0, 1], "no_zone"),
        (["2024-01-01T00:00:0%dZ" % i for i in (1, 9, 2, 3)], [0, 2, 3], "backwards"),  # noqa: UP031
    ],
)
def test_times_that_cannot_be_are_taken_out(
    times: list[str], kept: list[int], code: str | None
) -> None:
    points = [point(1, 1 + i / 10_000, 1, time) for i, time in enumerate(times)]
    recording = read(track(segment(*points)))
    assert [i for i, second in enumerate(recording.time.tolist()) if second == second] == kept
    assert len(recording) == len(times)
    assert codes(recording)[:1] == ([code] if code else [])


def test_the_root_is_looked_at_with_indulgence() -> None:
    inside = track(segment(point(1, 2)))
    recording = read_recording(f'<gpx version="2.0">{inside}</gpx>'.encode())
    assert codes(recording)[:3] == ["no_namespace", "no_creator", "odd_version"]
    prefixed = gpx(inside).replace("<", "<g:").replace("<g:/", "</g:").replace("<g:?", "<?")
    assert codes(read_recording(prefixed.encode()))[:2] == ["prefixed", "undeclared_prefix"]


def test_a_single_point_is_a_recording() -> None:
    result = digest(one_track(point(1, 2)), "one.gpx")
    assert result.measures.distance_metres == 0.0
    assert result.measures.bounds == (1.0, 2.0, 1.0, 2.0)
    assert result.outline == [[(1.0, 2.0)]]
    assert "single_point" in [remark.code for remark in result.report]


def test_a_hundred_thousand_points_are_read() -> None:
    result = digest(making.ride(100_000), "long.gpx")
    assert result.measures.points == 100_000
    assert result.report == ()
    assert result.profile is not None
    assert len(result.profile.distance_metres) <= 1000
    assert sum(len(line) for line in result.outline) <= 200


lon = st.floats(-180, 180).map(lambda value: round(value, 7))
lat = st.floats(-90, 90).map(lambda value: round(value, 7))
elevation = st.none() | st.floats(-500, 9000).map(lambda value: round(value, 2))
time = st.none() | st.integers(631_152_000_000, 1_700_000_000_000)
places = st.lists(st.tuples(lon, lat, elevation, time), min_size=1, max_size=8)


@settings(max_examples=200, deadline=None)
@given(segments=st.lists(places, min_size=1, max_size=5), name=st.text(max_size=20))
def test_what_is_written_is_read_again_as_it_was(
    segments: list[list[tuple[float, float, float | None, int | None]]], name: str
) -> None:
    rows = [
        [
            point(x, y, z, t if t is None else np.datetime64(t, "ms").item().isoformat() + "Z")
            for x, y, z, t in part
        ]
        for part in segments
    ]
    first = read(*[track(segment(*part)) for part in rows])
    again = read_recording(write_recording(first, GpxWriter(), name=name), now=NOW)
    for values, were in (
        (again.lon, first.lon),
        (again.lat, first.lat),
        (again.elevation, first.elevation),
        (again.time, first.time),
        (again.segment, first.segment),
    ):
        np.testing.assert_allclose(values, were, atol=1e-3)
    first_of_segment = np.append(True, np.diff(first.segment) > 0)
    expected = sum(
        distance(first.lon[i - 1 : i], first.lat[i - 1 : i], first.lon[i], first.lat[i])[0]
        for i in range(1, len(first))
        if not first_of_segment[i]
    )
    result = digest(write_recording(first, GpxWriter(), name=name), "again.gpx").measures
    assert result.distance_metres == pytest.approx(expected, rel=1e-6, abs=0.1)
    west, south, east, north = result.bounds
    assert south <= first.lat.min() + 1e-6
    assert north >= first.lat.max() - 1e-6
    width = east - west if west <= east else east - west + 360
    inside = (first.lon - west + 1e-6) % 360 <= width + 2e-6
    assert inside.all()


def test_segments_without_number_are_refused() -> None:
    crumb = b'<trkseg><trkpt lat="1" lon="2"/></trkseg>'
    content = b"<gpx><trk>" + crumb * (rules.MOST_SEGMENTS + 1) + b"</trk></gpx>"
    with pytest.raises(errors.TooManySegments):
        read_recording(content)
