"""Ways by train, ferry or plane: not ridden, but known."""

import numpy as np
import pytest

from contravento.atlas.countries import share_at_sea
from contravento.tracks.analysis.measures import measure
from contravento.tracks.analysis.transfers import list_transfers
from contravento.tracks.reading.read import read_recording
from contravento.tracks.recording import Recording
from tests.tracks.making import NOW, gpx, point, segment, track

DOVER, CALAIS = (1.35, 51.12), (1.83, 50.97)
MADRID, TOLEDO = (-3.70, 40.40), (-4.02, 39.86)

type Place = tuple[float, float]


def file(*, begin: Place, end: Place, minutes: float | None, divided: bool = False) -> bytes:
    """A kilometre on either side of a gap of so many minutes, or without times."""
    points, seconds = [], 0.0
    for count, (lon, lat) in ((0, begin), (1, end)):
        seconds += count * (minutes or 0) * 60
        for step in range(100):
            seconds += 3
            moment = np.datetime64(int(1_717_000_000 + seconds), "s")
            time = None if minutes is None else f"{moment}Z"
            points.append(point(lon + step * 1e-4 * (1 if count else -1), lat, 10, time))
    parts = [segment(*points[:100]), segment(*points[100:])] if divided else [segment(*points)]
    return gpx(track(*parts)).encode()


def read(content: bytes) -> Recording:
    return read_recording(content, now=NOW)


@pytest.mark.parametrize("divided", [False, True])
@pytest.mark.parametrize(
    ("begin", "end", "minutes", "kilometres"),
    [
        (MADRID, TOLEDO, 30, 66),  # too fast for a bicycle
        (DOVER, CALAIS, 100, 38),  # slow, but over the sea
        (DOVER, CALAIS, None, 38),  # a planned route
    ],
)
def test_a_way_that_nobody_rides_is_known_and_not_counted(
    divided: bool, begin: Place, end: Place, minutes: float | None, kilometres: int
) -> None:
    recording = read(file(begin=begin, end=end, minutes=minutes, divided=divided))
    (transfer,) = list_transfers(recording)
    assert transfer.ends == end
    assert round(transfer.metres / 1000) == kilometres
    assert recording.segments == 2
    assert measure(recording).distance_metres < 3_000
    (told,) = [remark for remark in recording.report if remark.code == "transfers"]
    assert told.params == {"count": 1, "kilometres": kilometres}


@pytest.mark.parametrize(
    ("end", "minutes"),
    [
        (TOLEDO, 300),  # as fast as a bicycle, on land
        (TOLEDO, None),
        ((MADRID[0] + 0.02, MADRID[1]), 1),
    ],
)
def test_what_may_have_been_ridden_is_counted(end: Place, minutes: float | None) -> None:
    recording = read(file(begin=MADRID, end=end, minutes=minutes))
    assert recording.transfers == ()
    assert recording.segments == 1
    assert "transfers" not in [remark.code for remark in recording.report]


def test_the_way_across_the_antimeridian_is_the_short_one() -> None:
    (transfer,) = list_transfers(read(file(begin=(179.5, -17.0), end=(-179.5, -17.0), minutes=60)))
    assert transfer.metres == pytest.approx(106_000, rel=0.02)


def test_the_sea_is_told_from_land() -> None:
    begins = np.array([DOVER, MADRID, (179.0, -40.0)])
    ends = np.array([CALAIS, TOLEDO, (-179.0, -40.0)])
    shares = share_at_sea(begins, ends)
    assert shares[0] > 0.7
    assert shares[1:].tolist() == [0, 1]
