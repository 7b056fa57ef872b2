from datetime import date, timedelta

import pytest

from contravento.demo.pictures import KINDS
from contravento.demo.stories import RIDERS, TRIPS, DemoTrip
from contravento.photos.rules import MAX_ALT_CHARACTERS, MAX_CAPTION_CHARACTERS
from contravento.trips.inputs import TripDraft
from contravento.trips.rules import Audience, missing_to_publish

every_trip = pytest.mark.parametrize("trip", TRIPS, ids=lambda trip: trip.title)


def test_three_riders_have_eight_trips_between_them() -> None:
    assert len(RIDERS) == 3
    assert len(TRIPS) == 8
    assert {trip.username for trip in TRIPS} == {rider.username for rider in RIDERS}
    assert len({trip.title for trip in TRIPS}) == 8
    assert all(rider.email.endswith("@example.org") for rider in RIDERS)


@every_trip
def test_every_trip_can_be_published(trip: DemoTrip) -> None:
    assert not list(missing_to_publish(title=trip.title, story=trip.story))
    assert trip.audience is Audience.EVERYONE
    draft = TripDraft(
        title=trip.title,
        story=trip.story,
        starts_on=trip.starts_on,
        ends_on=trip.ends_on,
        tags=list(trip.tags),
    )
    assert draft.tags


@every_trip
def test_every_day_of_a_trip_has_its_ride(trip: DemoTrip) -> None:
    days = [ride.starts_at.date() for ride in trip.rides]
    assert days == [trip.starts_on + timedelta(days=number) for number in range(len(days))]
    assert days[-1] == trip.ends_on
    assert date(2024, 11, 1) < trip.starts_on < date(2026, 11, 1)


@every_trip
def test_every_day_that_is_told_was_ridden(trip: DemoTrip) -> None:
    told = [line[3:] for line in trip.story.splitlines() if line.startswith("## ")]
    ridden = {
        f"{'Día' if trip.language == 'es' else 'Day'} {number}, {ride.name}"
        for number, ride in enumerate(trip.rides, start=1)
    }
    assert told
    assert set(told) <= ridden


@every_trip
def test_every_photo_says_what_it_shows(trip: DemoTrip) -> None:
    assert 3 <= len(trip.photos) <= 5
    for photo in trip.photos:
        assert photo.kind in KINDS
        assert 0 < len(photo.caption) <= MAX_CAPTION_CHARACTERS
        assert 0 < len(photo.alt) <= MAX_ALT_CHARACTERS


def test_no_picture_appears_twice() -> None:
    drawn = [(photo.kind, photo.seed) for trip in TRIPS for photo in trip.photos]
    assert len(set(drawn)) == len(drawn)


def test_some_stories_are_long_and_none_is_a_caption() -> None:
    words = sorted(len(trip.story.split()) for trip in TRIPS)
    assert words[0] >= 80
    assert sum(count >= 300 for count in words) >= 3


def test_two_stories_are_in_spanish() -> None:
    assert [trip.language for trip in TRIPS].count("es") == 2
