import numpy as np
import pytest

from contravento.tracks import errors
from contravento.tracks.reading.read import read_recording
from contravento.tracks.recording import Recording


def point(lon: object, lat: object, height: object = "", time: str = "") -> str:
    return (
        f"<Trackpoint><Time>{time}</Time><Position><LatitudeDegrees>{lat}</LatitudeDegrees>"
        f"<LongitudeDegrees>{lon}</LongitudeDegrees></Position>"
        f"<AltitudeMeters>{height}</AltitudeMeters>"
        "<HeartRateBpm><Value>99</Value></HeartRateBpm></Trackpoint>"
    )


def read(*activities: str) -> Recording:
    inside = "".join(activities)
    return read_recording(
        f"<TrainingCenterDatabase>{inside}</TrainingCenterDatabase>".encode(), file_name="a.tcx"
    )


def activity(*tracks: str) -> str:
    laps = "".join(f"<Lap><Track>{track}</Track></Lap>" for track in tracks)
    return f"<Activity Sport='Biking'><Id>1</Id>{laps}</Activity>"


def test_activities_are_tracks_and_their_tracks_are_segments() -> None:
    time = "2024-06-01T12:00:00.000Z"
    recording = read(
        activity(point(1.01, 43, -2, time), point(1.02, 43) + point(1.03, 43)),
        activity(point(1.04, 43)),
    )
    assert recording.lon.tolist() == [1.01, 1.02, 1.03, 1.04]
    assert recording.segment.tolist() == [0, 1, 1, 2]
    assert recording.tracks == 2
    assert recording.elevation[0] == -2
    assert recording.time[0] == 1_717_243_200
    assert np.isnan(recording.elevation[1:]).all()
    assert [remark.code for remark in recording.report] == ["partly_elevated", "partly_timed"]


def test_a_point_without_a_position_does_not_take_that_of_the_one_before() -> None:
    bare = "<Trackpoint><Time>2024-06-01T12:00:00Z</Time></Trackpoint>"
    recording = read(activity(point(1, 43) + bare + point(2, 43)))
    assert recording.lon.tolist() == [1, 2]
    assert recording.report[0].params == {"count": 1, "total": 3}


def test_a_course_is_a_route_with_a_name() -> None:
    recording = read(
        f"<Courses><Course><Name>Deva</Name><Track>{point(1, 2)}</Track></Course></Courses>"
    )
    assert recording.name == "Deva"
    assert recording.report[0].code == "route"


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (activity("<Trackpoint/>"), errors.NoPositions),
        (activity(), errors.NoPoints),
        ("<a>" * 100, errors.TooDeep),
    ],
)
def test_what_holds_no_ride_is_refused(content: str, refusal: type[errors.UnreadableTrack]) -> None:
    with pytest.raises(errors.UnreadableTrack) as caught:
        read(content)
    assert type(caught.value) is refusal
