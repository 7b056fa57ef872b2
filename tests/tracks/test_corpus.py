"""Every real file of the corpus is read as told here, or refused for the reason told here.

Points, segments, tracks and metres of GPX and TCX were counted once by a separate program, and
the metres of FIT are what the devices say of themselves, but for the way they lost in pauses. What
a receiver scribbled while its rider stood is in those metres and not in ours.
"""

from dataclasses import dataclass

import pytest

from contravento.tracks.errors import (
    BrokenBeforeFirstPoint,
    NoPoints,
    NoPositions,
    UnreadableTrack,
)
from contravento.tracks.pipeline import digest
from contravento.tracks.reading.read import read_recording
from tests.support.corpus import corpus_file, corpus_folder


@dataclass(frozen=True)
class Read:
    points: int
    segments: int
    tracks: int
    metres: float
    remarks: str = ""
    tolerance: float = 1e-4


EXPECTED: dict[str, Read | type[UnreadableTrack]] = {
    "fit/bad-checksum.fit": Read(14, 1, 1, 5.7, "bad_checksum repeated_segments", 0.05),
    "fit/garmin-edge-500.fit": Read(10677, 1, 1, 92622, "no_fix", 0.003),
    "fit/indoor-trainer-no-position.fit": NoPositions,
    "fit/unexpected-eof.fit": Read(14, 1, 1, 5.7, "broken_off", 0.05),
    "fit/wahoo-elemnt-13471.fit": Read(13348, 4, 1, 78941, "no_fix", 0.01),
    "fit/zeeland-2023-09-08.fit": Read(1084, 1, 1, 20293, "no_fix", 0.004),
    "fit/zeeland-2023-09-13.fit": Read(311, 1, 1, 2444, "no_fix", 0.011),
    "fit/zeeland-2023-09-14.fit": Read(993, 1, 1, 16757, "no_fix", 0.003),
    "gpx/bad-coordinates.gpx": NoPositions,
    "gpx/big-route-7847.gpx": Read(7847, 1, 1, 1442160, "route route_times no_times"),
    "gpx/bom.gpx": Read(0, 0, 0, 0, "byte_order_mark no_namespace no_creator places_alone"),
    "gpx/empty-segment.gpx": Read(9, 1, 1, 86, "empty_segments", 0.01),
    "gpx/empty-track.gpx": NoPoints,
    "gpx/garmin-bike-ride-123km.gpx": Read(8234, 1, 1, 123061, "false_heights partly_elevated"),
    "gpx/garmin-with-extensions.gpx": Read(3540, 2, 1, 18188, "standing", 0.02),
    "gpx/gpx10-no-elevation-half-timed.gpx": Read(
        336, 3, 3, 9525, "duplicates no_elevation partly_timed"
    ),
    "gpx/komoot-six-points.gpx": Read(6, 1, 1, 19, "", 0.03),
    "gpx/no-creator.gpx": Read(
        286,
        7,
        7,
        3916,
        "no_creator empty_tracks empty_segments spikes false_heights partly_elevated",
    ),
    "gpx/no-namespace-duplicates.gpx": Read(
        3497, 1, 1, 27014, "byte_order_mark no_namespace no_creator standing", 0.005
    ),
    "gpx/prefixed-elements.gpx": Read(702, 1, 1, 13630, "prefixed no_creator partly_elevated"),
    "gpx/route-only.gpx": Read(120, 1, 1, 5031, "route no_times"),
    "gpx/strava-mountain-bike-5631.gpx": Read(5631, 1, 1, 16668),
    "gpx/strava-ride-3861.gpx": Read(3861, 1, 1, 45969),
    "gpx/strava-route.gpx": Read(113, 1, 1, 4531, "no_times"),
    "gpx/ten-tracks.gpx": Read(34, 15, 10, 981217, "no_elevation no_times"),
    "gpx/thirty-segments.gpx": Read(7275, 30, 1, 156803, "no_elevation no_times"),
    "gpx/truncated.gpx": BrokenBeforeFirstPoint,
    "gpx/undeclared-prefix.gpx": Read(80, 1, 1, 2229, "undeclared_prefix no_times", 3e-4),
    "gpx/visorando-with-waypoints.gpx": Read(586, 1, 1, 13228, "backwards partly_timed"),
    "gpx/wahoo.gpx": Read(3, 1, 1, 0, "no_namespace no_elevation"),
    "gpx/waypoints-only.gpx": Read(0, 0, 0, 0, "no_namespace places_alone"),
    "gpx/with-surface.gpx": Read(80, 1, 1, 2229, "no_times", 3e-4),
    "gpx/zeeland-2025-08-31-sea-level.gpx": Read(1786, 1, 1, 21641),
    "tcx/garmin-4792.tcx": Read(4792, 1, 1, 27479),
    "tcx/mapmyride-biking.tcx": Read(3112 - 7, 1, 1, 16961, "no_fix"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_file_is_read_or_refused_as_told(name: str) -> None:
    content = corpus_file(name)
    expected = EXPECTED[name]
    if not isinstance(expected, Read):
        with pytest.raises(expected) as refusal:
            digest(content, name)
        assert type(refusal.value) is expected
        assert str(refusal.value).endswith(".")
        return

    result = digest(content, name)
    measures = result.measures
    assert (measures.points, measures.segments, measures.tracks) == (
        expected.points,
        expected.segments,
        expected.tracks,
    )
    assert measures.distance_metres == pytest.approx(
        expected.metres, rel=expected.tolerance, abs=0.6
    )
    assert " ".join(remark.code for remark in result.report) == expected.remarks
    assert all("%(" not in str(remark) for remark in result.report)


def test_no_file_of_the_corpus_is_left_out() -> None:
    folder = corpus_folder()
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here; set CONTRAVENTO_CORPUS to the folder of real tracks")
    there = {f"{path.parent.name}/{path.name}" for path in folder.glob("*/*.*")}
    assert there == set(EXPECTED)


@pytest.mark.parametrize(
    ("name", "ascent", "descent"),
    [
        ("fit/garmin-edge-500.fit", 541, 541),
        ("fit/wahoo-elemnt-13471.fit", 185, 89),
        ("fit/zeeland-2023-09-08.fit", 77, 64),
        ("fit/zeeland-2023-09-13.fit", 22, 24),
        ("fit/zeeland-2023-09-14.fit", 104, 59),
    ],
)
def test_climbs_are_near_what_the_device_itself_says(
    name: str, ascent: float, descent: float
) -> None:
    measures = digest(corpus_file(name), name).measures
    assert measures.ascent_metres == pytest.approx(ascent, rel=0.12)
    # A barometer's drift over a day is in the elevations but not in the device's own totals.
    assert measures.descent_metres == pytest.approx(descent, rel=0.12, abs=62)


def test_heights_below_the_sea_are_real() -> None:
    measures = digest(corpus_file("fit/zeeland-2023-09-14.fit"), "").measures
    assert measures.lowest_metres == pytest.approx(-41.2)
    assert measures.highest_metres == pytest.approx(17.8)


def test_a_time_with_an_offset_is_turned_into_utc() -> None:
    recording = read_recording(corpus_file("gpx/zeeland-2025-08-31-sea-level.gpx"))
    assert recording.time[0] == pytest.approx(1756627027.797, abs=1e-3)


def test_waypoints_come_along() -> None:
    waypoints = read_recording(corpus_file("gpx/visorando-with-waypoints.gpx")).waypoints
    assert len(waypoints) == 15
    assert waypoints[0].name == "Parking Caussols"
    assert (waypoints[0].lon, waypoints[0].lat, waypoints[0].elevation) == (
        6.900409,
        43.741825,
        1097,
    )


def test_a_truncated_ride_is_read_up_to_the_break() -> None:
    content = corpus_file("gpx/komoot-six-points.gpx")
    whole = read_recording(content)
    cut = read_recording(content[: content.index(b"</trkseg>") - 40])
    assert cut.lon.tolist() == whole.lon.tolist()[:-1]
    assert [remark.code for remark in cut.report] == ["truncated"]
