from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from contravento.demo.rides import METRES_PER_DEGREE, Anchor, RideSketch, make_ride
from contravento.demo.routes import read_route
from contravento.demo.stories import TRIPS

GPX = "{http://www.topografix.com/GPX/1/1}"
RIDES = [ride for trip in TRIPS for ride in trip.rides]


@dataclass
class Ridden:
    places: NDArray[np.float64]
    heights: NDArray[np.float64]
    seconds: NDArray[np.float64]

    @property
    def steps(self) -> Any:
        squeeze = np.cos(np.radians(self.places[:-1, 0]))
        north, east = np.diff(self.places, axis=0).T * METRES_PER_DEGREE
        return np.hypot(north, east * squeeze)

    @property
    def gradients(self) -> Any:
        """Per cent, over stretches of 200 m."""
        along = np.concatenate([[0], np.cumsum(self.steps)])
        return np.diff(np.interp(np.arange(0, along[-1], 200), along, self.heights)) / 2


def read(segment: ElementTree.Element) -> Ridden:
    points = segment.findall(f"{GPX}trkpt")
    times = [datetime.fromisoformat(point.findtext(f"{GPX}time", "")) for point in points]
    return Ridden(
        np.array([(float(p.attrib["lat"]), float(p.attrib["lon"])) for p in points]),
        np.array([float(p.findtext(f"{GPX}ele", "nan")) for p in points]),
        np.array([(time - times[0]).total_seconds() for time in times]),
    )


def segments(ride: RideSketch) -> list[Ridden]:
    root = ElementTree.fromstring(make_ride(ride))  # noqa: S314  (our own bytes)
    return [read(segment) for segment in root.iter(f"{GPX}trkseg")]


def test_the_same_sketch_is_ridden_the_same_way_twice() -> None:
    assert make_ride(RIDES[0]) == make_ride(RIDES[0])


@pytest.mark.parametrize("ride", RIDES, ids=lambda ride: ride.name)
def test_every_day_could_have_been_ridden(ride: RideSketch) -> None:
    for ridden in segments(ride):
        assert len(ridden.places) < 6_000
        assert ridden.steps.max() < 80, "a teleport"
        assert np.abs(ridden.gradients).max() < 15
        assert np.percentile(np.abs(ridden.gradients), 90) < 9
        assert (np.diff(ridden.seconds) > 0).all()


@pytest.mark.parametrize("ride", RIDES, ids=lambda ride: ride.name)
def test_every_day_is_ridden_at_a_human_pace_by_daylight(ride: RideSketch) -> None:
    for ridden in segments(ride):
        taken = np.diff(ridden.seconds)
        moving = taken < 120
        kmh = ridden.steps[moving].sum() / taken[moving].sum() * 3.6
        assert 9 < kmh < 26
        assert ridden.seconds[-1] < 11 * 3600
    assert 5 <= ride.starts_at.astimezone(UTC).hour <= 9


def test_a_ride_begins_and_ends_where_it_says() -> None:
    for ride in RIDES[:6]:
        ridden = segments(ride)
        first, last = ride.legs[0][0], ride.legs[-1][-1]
        assert ridden[0].places[0] == pytest.approx((first.latitude, first.longitude), abs=2e-4)
        assert ridden[-1].places[-1] == pytest.approx((last.latitude, last.longitude), abs=2e-4)


def test_the_polders_lie_below_the_sea() -> None:
    trip = next(trip for trip in TRIPS if "below" in trip.title)
    heights = np.concatenate([segment.heights for ride in trip.rides for segment in segments(ride)])
    assert heights.min() < -5
    assert heights.max() < 6
    assert (heights < 0).mean() > 0.5


def test_a_boat_leaves_a_gap_and_a_new_segment() -> None:
    shore = (Anchor(68.4, 14.8, 5), Anchor(68.41, 14.82, 8))
    island = (Anchor(68.5, 14.8, 5), Anchor(68.52, 14.8, 8))
    ride = RideSketch("Over", datetime(2025, 8, 8, 6, tzinfo=UTC), (shore, island), seed=1)
    assert len(segments(ride)) == 2


def test_a_name_with_odd_characters_is_escaped() -> None:
    shore = (Anchor(68.4, 14.8, 5), Anchor(68.41, 14.82, 8))
    content = make_ride(RideSketch("a < b & c", datetime(2025, 8, 8, 6, tzinfo=UTC), (shore,), 1))
    assert ElementTree.fromstring(content).findtext(f".//{GPX}name") == "a < b & c"  # noqa: S314


def test_a_written_route_goes_on_where_the_day_before_ended() -> None:
    days = read_route("A – B: 1 2 3, 4\n  5 6\nB – C: 7 8 9 | 10 11 12, 13 14 15\n")
    assert [name for name, _ in days] == ["A – B", "B – C"]
    assert days[1][1][0] == (Anchor(4, 5, 6), Anchor(7, 8, 9))
    assert len(days[1][1]) == 2
