"""What the check uploads is what it says it is."""

from io import BytesIO

import pytest
from PIL import Image

from contravento.tracks.pipeline import digest
from contravento_ops.acceptance.checks import maps
from contravento_ops.acceptance.tools import sample_files


def test_a_ride_is_read_as_it_was_meant() -> None:
    ride = sample_files.a_ride()

    found = digest(ride.gpx, "check.gpx")

    assert found.measures.distance_metres == pytest.approx(ride.metres, abs=0.5)
    assert found.measures.bounds == pytest.approx(ride.bounds, abs=1e-6)


def test_two_rides_are_never_the_same() -> None:
    assert sample_files.a_ride().gpx != sample_files.a_ride().gpx


def test_a_quarter_of_the_equator_is_as_long_as_it_is() -> None:
    assert sample_files.distance((0, 0), (0.1, 0)) == pytest.approx(11_131.949, abs=0.01)


def test_the_photograph_is_one_of_16_megapixels_and_5_megabytes() -> None:
    content = sample_files.a_photograph_of_5_megabytes()

    picture = Image.open(BytesIO(content))
    assert picture.size == (4608, 3456)
    assert 5_000_000 <= len(content) < 6_000_000
    assert len(set(picture.crop((0, 0, 64, 1)).tobytes())) > 50  # noise


@pytest.mark.parametrize(
    ("scale", "pixels", "metres"),
    [("5 km", 100, 50.0), ("200 m", 50, 4.0), ("5\N{NO-BREAK SPACE}km", 125.0, 40.0)],
)
def test_the_scale_bar_is_read(scale: str, pixels: float, metres: float) -> None:
    assert maps.metres_per_pixel(scale, pixels) == metres
