"""When a photograph was taken, by what cameras write."""

from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from contravento.photos import exif


def taken_at(times: dict[int, Any], gps: dict[int, Any] | None = None) -> datetime | None:
    image = Image.new("RGB", (4, 4))
    block = image.getexif()
    block.get_ifd(exif.EXIF_IFD).update(times)
    block.get_ifd(exif.GPS_IFD).update(gps or {})
    return exif.read(image)[1]


NOON = "2025:06:03 12:00:00"


@pytest.mark.parametrize(
    ("times", "hour"),
    [
        ({0x9003: NOON}, 12),
        ({0x9003: NOON, 0x9011: "+02:00"}, 10),
        ({0x9003: NOON, 0x9011: "-0330"}, 15.5),
        ({0x9003: NOON, 0x9010: "+02:00"}, 12),  # the offset of another time
        ({0x9003: NOON, 0x9011: "   :  "}, 12),
        ({0x9003: NOON, 0x9011: "+99:00"}, 12),
        ({0x9003: "2025-06-03T12:00:00.25+02:00"}, 10),
        ({0x9003: "2025-06-03T12:00:00Z", 0x9011: "+02:00"}, 12),
        ({0x9003: "2025:06:03 12:00"}, 12),
        ({0x9003: "    :  :     :  :  ", 0x9004: NOON, 0x9012: "+02:00"}, 10),
    ],
)
def test_a_time_is_read_with_its_offset(times: dict[int, Any], hour: float) -> None:
    minutes = int(hour % 1 * 60)
    assert taken_at(times) == datetime(2025, 6, 3, int(hour), minutes, tzinfo=UTC)


@pytest.mark.parametrize(
    "nonsense", ["", "yesterday", "2025:13:03 12:00:00", "0000:00:00 00:00:00"]
)
def test_a_time_that_is_none_is_none(nonsense: str) -> None:
    assert taken_at({0x9003: nonsense}) is None


def test_satellites_tell_the_offset_that_a_camera_does_not() -> None:
    gps = {exif.GPS_DATE: "2025:06:03", exif.GPS_TIME: (9.0, 59.0, 30.0)}
    assert taken_at({0x9003: NOON}, gps) == datetime(2025, 6, 3, 10, tzinfo=UTC)


def test_an_older_fix_tells_no_offset() -> None:
    gps = {exif.GPS_DATE: "2025:06:03", exif.GPS_TIME: (9.0, 52.0, 0.0)}
    assert taken_at({0x9003: NOON}, gps) == datetime(2025, 6, 3, 12, tzinfo=UTC)
