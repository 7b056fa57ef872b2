"""NMEA 0183, what receivers and simple loggers write: RMC for place and time, GGA for the height.

Field order: https://gpsd.gitlab.io/gpsd/NMEA.html.
"""

import re
from datetime import UTC, datetime, timedelta
from math import isnan

from contravento.tracks.errors import NoPoints
from contravento.tracks.reading import warnings
from contravento.tracks.reading.numbers import NAN, read_number
from contravento.tracks.reading.parsed_file import Findings, ParsedPoints, check_room

START = re.compile(rb"\s*\$[A-Z]{2}[A-Z]{3},")
SENTENCE = re.compile(rb"\$[A-Z]{2}(RMC|GGA),([^*\r\n]{0,200})(?:\*([0-9A-Fa-f]{2}))?")
TIME = re.compile(r"(\d\d)(\d\d)(\d\d(?:\.\d{1,6})?)")
DATE = re.compile(r"(\d\d)(\d\d)(\d\d)")
DAY = timedelta(days=1)


def read(text: bytes) -> Findings:
    """Read NMEA sentences. Raises NoPoints when none has a position, TooManyPoints."""
    log = _Log()
    damaged = 0
    for match in SENTENCE.finditer(text):
        if match[3] and int(match[3], 16) != _checksum(match[0]):
            damaged += 1
        else:
            log.hear(match[1], match[2].decode("ascii", "replace").split(","))
    if not len(log.line):
        raise NoPoints
    remarks = [warnings.DAMAGED_SENTENCES(count=damaged)] if damaged else []
    return Findings(log.line, [], remarks, None)


def _checksum(sentence: bytes) -> int:
    """All characters between $ and *, each combined with the next by exclusive or."""
    checksum = 0
    for byte in sentence[1 : sentence.index(b"*")]:
        checksum ^= byte
    return checksum


class _Log:
    """Puts together what two kinds of sentences say of one moment."""

    def __init__(self) -> None:
        self.line = ParsedPoints()
        self.line.start_track()
        self.line.start_segment()
        self._date = ""
        self._clock = ""

    def hear(self, kind: bytes, fields: list[str]) -> None:
        fields += [""] * 14
        if kind == b"RMC":
            self._date = fields[8] or self._date
            if fields[1] == "A":
                self._add(fields[0], fields[2:6], NAN)
        elif fields[5] not in ("", "0"):
            self._add(fields[0], fields[1:5], read_number(fields[8]))

    def _add(self, clock: str, place: list[str], elevation: float) -> None:
        line = self.line
        if clock != self._clock or not len(line):
            check_room(line, 1)
            line.lat.append(_degrees(place[0], 2, place[1] == "S"))
            line.lon.append(_degrees(place[2], 3, place[3] == "W"))
            line.elevation.append(elevation)
            line.seconds.append(_seconds(self._date, clock))
            self._clock = clock
            return
        if isnan(line.elevation[-1]):
            line.elevation[-1] = elevation
        if isnan(line.seconds[-1]):
            line.seconds[-1] = _seconds(self._date, clock)


def _degrees(text: str, digits: int, is_negative: bool) -> float:
    """Degrees of `ddmm.mmmm`, with so many digits of degrees."""
    degrees = read_number(text[:digits]) + read_number(text[digits:]) / 60
    return -degrees if is_negative else degrees


def _seconds(date: str, clock: str) -> float:
    day, time = DATE.fullmatch(date), TIME.fullmatch(clock)
    if not day or not time:
        return NAN
    year = int(day[3]) + (2000 if int(day[3]) < 80 else 1900)
    try:
        midnight = datetime(year, int(day[2]), int(day[1]), tzinfo=UTC)
    except ValueError:
        return NAN
    return midnight.timestamp() + int(time[1]) * 3600 + int(time[2]) * 60 + float(time[3])
