"""IGC, the log of gliders and of some outdoor watches: one B record a point, UTC.

Specification: FAI, IGC Technical Specification for Flight Recorders, appendix A.
"""

import re
from datetime import UTC, datetime

from contravento.tracks.errors import NoPoints
from contravento.tracks.reading.numbers import NAN
from contravento.tracks.reading.parsed_file import Findings, ParsedPoints, check_room

START = re.compile(rb"\s*A[A-Z0-9]{3}[^\n]{0,200}\n(?s:.{0,20000}?)^HFDTE", re.MULTILINE)
DATE = re.compile(rb"HFDTE(?:DATE:)?\s*(\d\d)(\d\d)(\d\d)")
POINT = re.compile(
    rb"^B(\d\d)(\d\d)(\d\d)(\d\d)(\d{5})([NS])(\d{3})(\d{5})([EW])[AV](-\d{4}|\d{5})(-\d{4}|\d{5})",
    re.MULTILINE,
)
DAY_SECONDS = 86_400


def read(text: bytes) -> Findings:
    """Read an IGC file. Raises NoPoints when no B record can be read, TooManyPoints."""
    line = ParsedPoints()
    line.start_track()
    line.start_segment()
    midnight = _midnight(text)
    last = 0
    for match in POINT.finditer(text):
        check_room(line, 1)
        hour, minute, second, lat, lat_minutes = (int(part) for part in match.group(1, 2, 3, 4, 5))
        lon, lon_minutes, pressure, satellite = (int(part) for part in match.group(7, 8, 10, 11))
        clock = hour * 3600 + minute * 60 + second
        if clock < last - DAY_SECONDS // 2:  # past midnight
            midnight += DAY_SECONDS
        last = clock
        line.lat.append((lat + lat_minutes / 60_000) * (-1 if match[6] == b"S" else 1))
        line.lon.append((lon + lon_minutes / 60_000) * (-1 if match[9] == b"W" else 1))
        line.elevation.append(satellite or pressure or NAN)
        line.seconds.append(midnight + clock)
    if not len(line):
        raise NoPoints
    return Findings(line, [], [], None)


def _midnight(text: bytes) -> float:
    """Seconds since 1970 at the beginning of the day that the header names, NaN without one."""
    date = DATE.search(text)
    if not date:
        return NAN
    day, month, year = (int(part) for part in date.groups())
    try:
        return datetime(
            2000 + year if year < 80 else 1900 + year, month, day, tzinfo=UTC
        ).timestamp()
    except ValueError:
        return NAN
