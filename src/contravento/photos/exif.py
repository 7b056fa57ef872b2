"""The two things that we want of a camera's EXIF: which way is up, and when it was. Pure."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image

from contravento.photos import rules

ORIENTATION, EXIF_IFD, GPS_IFD = 0x0112, 0x8769, 0x8825
TIMES_AND_OFFSETS = ((0x9003, 0x9011), (0x9004, 0x9012))  # original, digitized
GPS_TIME, GPS_DATE = 7, 29

TIME = re.compile(
    r"(\d{4})[-:/.](\d\d)[-:/.](\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?"
    r"\s*(Z|[-+]\d\d:?\d\d)?"
)
OFFSET = re.compile(r"([-+])(\d\d):?(\d\d)")
OFFSET_STEP = timedelta(minutes=15)
LARGEST_OFFSET = timedelta(hours=14)
GPS_AGREES = timedelta(minutes=5)  # a satellite's time that is further off is an older fix's


def read(image: Image.Image) -> tuple[int, datetime | None]:
    """Orientation (1 to 8) and the instant in UTC; a damaged block counts as none.

    The offset from UTC is the one that the camera wrote, else follows from its satellite time. A
    camera that says neither is taken for one in UTC.
    """
    orientation, taken_at = 1, None
    with suppress(Exception):
        exif = image.getexif()
        orientation = int(exif.get(ORIENTATION, 1))
        taken_at = _instant(exif.get_ifd(EXIF_IFD), exif.get_ifd(GPS_IFD))
    if taken_at and not rules.is_plausible(taken_at, now=datetime.now(UTC)):
        taken_at = None
    return orientation, taken_at


def _instant(exif: Mapping[int, Any], gps: Mapping[int, Any]) -> datetime | None:
    for time_tag, offset_tag in TIMES_AND_OFFSETS:
        if match := TIME.match(_text(exif.get(time_tag))):
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
            local, zone = datetime(year, month, day, hour, minute, second, tzinfo=UTC), match[7]
            said = (_offset(zone), _offset(_text(exif.get(offset_tag))), _by_gps(local, gps))
            return local - next((each for each in said if each is not None), timedelta())
    return None


def _text(value: object) -> str:
    return "" if value is None else str(value).strip("\0 ")


def _offset(written: str | None) -> timedelta | None:
    match = OFFSET.match(written or "")
    if match is None:
        return timedelta() if written == "Z" else None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if offset > LARGEST_OFFSET:
        return None
    return -offset if match[1] == "-" else offset


def _by_gps(local: datetime, gps: Mapping[int, Any]) -> timedelta | None:
    """How far the camera's clock is from the satellites', where that is a time zone's distance."""
    with suppress(KeyError, ValueError, TypeError, ZeroDivisionError):
        hours, minutes, seconds = (float(part) for part in gps[GPS_TIME])
        date = datetime.strptime(_text(gps[GPS_DATE]), "%Y:%m:%d").replace(tzinfo=UTC)
        instant = date + timedelta(hours=hours, minutes=minutes, seconds=seconds)
        offset = round((local - instant) / OFFSET_STEP) * OFFSET_STEP
        if abs(offset) <= LARGEST_OFFSET and abs(local - instant - offset) <= GPS_AGREES:
            return offset
    return None
