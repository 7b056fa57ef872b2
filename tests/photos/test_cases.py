"""Small pictures that were read wrongly once, each with what is right."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contravento.photos.errors import CutShort
from contravento.photos.images import Prepared, prepare

FILES = Path(__file__).parent / "files"


def prepared(name: str) -> Prepared:
    return prepare((FILES / name).read_bytes())


@pytest.mark.parametrize(
    "name",
    ["p19_progressive_truncated.jpg", "p20_baseline_truncated.jpg", "q02_baseline_97pct.jpg"],
)
def test_a_jpeg_that_breaks_off_is_refused(name: str) -> None:
    with pytest.raises(CutShort):
        prepared(name)


@pytest.mark.parametrize(
    ("name", "code"),
    [("q08_bytes_zeroed_mid_scan.jpg", "damaged"), ("p12_anim.webp", "first_frame")],
)
def test_what_is_odd_about_a_picture_is_said(name: str, code: str) -> None:
    assert [note.code for note in prepared(name).notes] == [code]


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("p08_png16_cicp_pq2020.png", "#fe0000"),  # Chromium shows #ff0000
        ("p09_png_gAMA_linear.png", "#7f7f7f"),  # Chromium shows #7f7f7f
        ("p34_avif.avif", "#7f7f40"),
    ],
)
def test_colours_are_those_that_a_browser_shows(name: str, colour: str) -> None:
    assert prepared(name).colour == colour
    assert prepared(name).notes == ()


@pytest.mark.parametrize(
    ("name", "instant"),
    [
        ("p24_time_offset.jpg", datetime(2025, 6, 3, 1, tzinfo=UTC)),
        ("p26_time_iso.jpg", datetime(2025, 6, 3, 10, tzinfo=UTC)),
    ],
)
def test_the_time_taken_is_an_instant(name: str, instant: datetime) -> None:
    assert prepared(name).taken_at == instant
