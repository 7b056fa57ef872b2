"""Each format that tracks leave in, read again by our reader and by a library that is not ours."""

import json
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise

import fitdecode
import gpxpy
import numpy as np
import pytest
import tcxreader.tcxreader as tcxreader
from hypothesis import given, strategies as st
from lxml import etree

from contravento.tracks.analysis.measures import measure
from contravento.tracks.export.write import (
    POINTS_AT_ONCE,
    ExportFormat,
    TrackHead,
    make_writer,
    slice_of,
    write_recording,
    write_stretch,
)
from contravento.tracks.reading.read import read_recording
from contravento.tracks.recording import Recording
from tests.tracks.making import NAN, recording

type Places = list[tuple[float, float]]

COURSES = (ExportFormat.TCX, ExportFormat.FIT)


def write(one: Recording, wanted: ExportFormat, name: str = "Sun & <wind>") -> bytes:
    head = TrackHead(name, len(one), measure(one).distance_metres)
    return write_recording(one, make_writer(wanted, [head], name), name=name)


def some_ride(count: int = 50, segments: int = 3) -> Recording:
    along = np.arange(count)
    elevation = 100 + 10 * np.sin(along / 5)
    elevation[7:8] = NAN
    return recording(
        [(-3 + 1e-3 * at, 43 + 5e-4 * at) for at in range(count)],
        elevation=elevation,
        time=1_717_243_200 + 30.0 * along,
        segment=along * segments // count,
    )


@pytest.mark.parametrize("wanted", ExportFormat)
def test_what_was_written_is_read_again(wanted: ExportFormat) -> None:
    one = some_ride()
    again = read_recording(write(one, wanted))
    np.testing.assert_allclose(again.lon, one.lon, atol=1e-7)
    np.testing.assert_allclose(again.lat, one.lat, atol=1e-7)
    np.testing.assert_allclose(again.elevation, one.elevation, atol=0.11)
    if wanted is not ExportFormat.FIT:  # which knows no segments
        np.testing.assert_array_equal(again.segment, one.segment)
    if wanted is ExportFormat.GPX:
        np.testing.assert_array_equal(again.time, one.time)
    else:
        assert np.isnan(again.time).all()
    whole = "Sun & <wind>"
    assert again.name == whole


def of_gpxpy(content: bytes) -> Places:
    parsed = gpxpy.parse(content.decode())
    return [(p.longitude, p.latitude) for p in parsed.walk(only_points=True)]


def of_lxml(content: bytes) -> Places:
    texts = etree.fromstring(content).findall(".//{http://www.opengis.net/kml/2.2}coordinates")
    rows = [row.split(",") for text in texts for row in (text.text or "").split()]
    return [(float(row[0]), float(row[1])) for row in rows]


def of_json(content: bytes) -> Places:
    features = json.loads(content)["features"]
    lines = [line for feature in features for line in feature["geometry"]["coordinates"]]
    return [(place[0], place[1]) for line in lines for place in line]


def of_tcxreader(content: bytes) -> Places:
    """It knows activities alone, so the course is called one."""
    for mark, other in (
        (b"<Courses>", b"<Activities>"),
        (b"</Courses>", b"</Activities>"),
        (b"<Course>", b'<Activity Sport="Biking">'),
        (b"</Lap>", b""),
        (b"</Course>", b"</Lap></Activity>"),
    ):
        assert mark in content
        content = content.replace(mark, other)
    course = tcxreader.TCXReader().read(BytesIO(content), only_gps=False)
    return [(point.longitude, point.latitude) for point in course.trackpoints]


def of_fitdecode(content: bytes) -> Places:
    with fitdecode.FitReader(BytesIO(content), check_crc=fitdecode.CrcCheck.RAISE) as reader:
        frames = [f for f in reader if isinstance(f, fitdecode.FitDataMessage)]
    records = [frame for frame in frames if frame.name == "record"]
    degree = 2**31 / 180
    return [
        (r.get_value("position_long") / degree, r.get_value("position_lat") / degree)
        for r in records
    ]


@pytest.mark.parametrize(
    ("wanted", "read"),
    [
        (ExportFormat.GPX, of_gpxpy),
        (ExportFormat.KML, of_lxml),
        (ExportFormat.GEOJSON, of_json),
        (ExportFormat.TCX, of_tcxreader),
        (ExportFormat.FIT, of_fitdecode),
    ],
)
def test_others_read_the_same_places(wanted: ExportFormat, read: Callable[[bytes], Places]) -> None:
    one = some_ride()
    places = read(write(one, wanted))
    np.testing.assert_allclose(places, np.stack((one.lon, one.lat), axis=1), atol=1e-7)


def test_a_fit_course_has_what_a_device_asks_for() -> None:
    one = some_ride()
    length = measure(one).distance_metres
    with fitdecode.FitReader(BytesIO(write(one, ExportFormat.FIT))) as reader:
        frames = [f for f in reader if isinstance(f, fitdecode.FitDataMessage)]
    names = [frame.name for frame in frames]
    assert names == ["file_id", "course", "lap", "event", *["record"] * 50, "event"]
    assert frames[0].get_value("type") == "course"
    assert frames[1].get_value("name") == "Sun & <wind>"
    assert frames[2].get_value("total_distance") == pytest.approx(length, abs=0.01)
    records = frames[4:-1]
    assert records[-1].get_value("distance") == pytest.approx(length, abs=0.1)
    assert records[7].get_value("altitude") is None
    times = [record.get_value("timestamp") for record in records]
    assert times == sorted(times)
    assert times[-1] == frames[-1].get_value("timestamp")


@pytest.mark.parametrize("wanted", COURSES)
def test_a_course_tells_nothing_of_when_it_was_ridden(wanted: ExportFormat) -> None:
    one = some_ride()
    later = recording(
        [*zip(one.lon, one.lat, strict=True)],
        elevation=one.elevation,
        time=one.time + 86_400,
        segment=one.segment,
    )
    assert write(one, wanted) == write(later, wanted)


@pytest.mark.parametrize("wanted", [ExportFormat.KML, ExportFormat.GEOJSON])
def test_a_lone_point_stands_twice_where_a_line_needs_two(wanted: ExportFormat) -> None:
    one = recording([(1, 2), (3, 4), (3, 5), (6, 7)], segment=[0, 1, 1, 2])
    places = (of_lxml if wanted is ExportFormat.KML else of_json)(write(one, wanted))
    assert places == [(1, 2), (1, 2), (3, 4), (3, 5), (6, 7), (6, 7)]


@pytest.mark.parametrize(
    ("wanted", "mark"),
    [
        (ExportFormat.GPX, b"<trk>"),
        (ExportFormat.KML, b"<Placemark>"),
        (ExportFormat.GEOJSON, b'"Feature"'),
    ],
)
def test_several_tracks_of_one_file_leave_as_several(wanted: ExportFormat, mark: bytes) -> None:
    parts = [
        f"<trk><name>{name}</name>{points}</trk>"
        for name, points in (
            (
                "A",
                "<trkseg><trkpt lat='1' lon='2'/><trkpt lat='1' lon='3'/></trkseg>"
                "<trkseg><trkpt lat='2' lon='2'/><trkpt lat='2' lon='3'/></trkseg>",
            ),
            ("B", "<trkseg><trkpt lat='5' lon='2'/><trkpt lat='5' lon='3'/></trkseg>"),
        )
    ]
    one = read_recording(f"<gpx>{''.join(parts)}</gpx>".encode())
    assert (one.tracks, one.track_starts) == (2, (0, 2))
    written = write(one, wanted)
    assert written.count(mark) == 2
    if wanted is ExportFormat.KML:  # of which each line is read as a track
        return
    again = read_recording(written)
    assert (again.tracks, again.segments, again.track_starts) == (2, 3, (0, 2))


def test_nothing_is_written_of_no_segments() -> None:
    writer = make_writer(ExportFormat.GEOJSON, [], "")
    written = write_recording(some_ride(0, 1), writer, name="")
    assert json.loads(written)["features"][0]["geometry"] == {
        "type": "MultiLineString",
        "coordinates": [],
    }


@given(
    steps=st.lists(st.integers(0, 1), min_size=1, max_size=30),
    cuts=st.lists(st.integers(1, 29), max_size=4),
    wanted=st.sampled_from(list(ExportFormat)),
)
def test_a_track_in_stretches_is_written_as_in_one(
    steps: list[int], cuts: list[int], wanted: ExportFormat
) -> None:
    count = len(steps)
    segment = np.cumsum(steps) - steps[0]
    one = recording([(1 + at / 1e3, 2.0) for at in range(count)], segment=segment)
    starts = sorted({0, int(segment[-1]) // 2})
    assert count < POINTS_AT_ONCE

    def written(edges: list[int]) -> bytes:
        writer = make_writer(wanted, [TrackHead("x", count, 1.0)], "x")
        parts, after = [writer.open(), writer.open_track("x")], -1
        for first, end in pairwise(edges):
            stretch = slice_of(one, slice(first, end))
            parts.append(write_stretch(writer, stretch, "x", starts, after))
            after = int(stretch.segment[-1])
        return b"".join([*parts, writer.close_track(), writer.close()])

    edges = sorted({0, *(cut for cut in cuts if cut < count), count})
    assert written(edges) == written([0, count])
