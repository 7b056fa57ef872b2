from datetime import datetime, timedelta

import pytest

from contravento.photos import rules
from contravento.photos.errors import EmptyPhoto, PhotoTooLarge, TooManyPhotos, TooManyPixels

NOON = datetime(2026, 6, 3, 12)  # noqa: DTZ001  (camera times are naive)


def test_a_picture_is_never_enlarged() -> None:
    assert rules.fit(300, 200, long_edge_pixels=400) == (300, 200)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((6000, 4000), (2560, 1707)), ((4000, 6000), (1707, 2560)), ((90_000, 10), (2560, 1))],
)
def test_the_long_edge_decides_and_no_edge_vanishes(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert rules.fit(*size, long_edge_pixels=2560) == expected


def test_an_empty_file_and_a_heavy_one_are_refused() -> None:
    with pytest.raises(EmptyPhoto):
        rules.check_file_size(0)
    rules.check_file_size(rules.MAX_PHOTO_BYTES)
    with pytest.raises(PhotoTooLarge, match="larger than 20 MB") as refused:
        rules.check_file_size(rules.MAX_PHOTO_BYTES + 1)
    assert refused.value.status == 413


def test_a_hundred_megapixels_pass_and_one_row_more_does_not() -> None:
    rules.check_pixels(10_000, 10_000)
    with pytest.raises(TooManyPixels, match="has 101 million pixels; 100 million"):
        rules.check_pixels(10_000, 10_001)


def test_a_full_trip_says_how_full() -> None:
    rules.check_room(rules.MAX_PHOTOS_PER_TRIP - 1)
    with pytest.raises(TooManyPhotos, match="60 photos already"):
        rules.check_room(rules.MAX_PHOTOS_PER_TRIP)


def test_a_camera_in_another_time_zone_is_believed() -> None:
    assert rules.is_plausible(NOON + timedelta(hours=14), now=NOON)


@pytest.mark.parametrize("taken_at", [NOON + timedelta(days=2), NOON.replace(year=1980)])
def test_a_camera_whose_clock_is_lost_is_not_believed(taken_at: datetime) -> None:
    assert not rules.is_plausible(taken_at, now=NOON)
