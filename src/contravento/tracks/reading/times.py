"""Parses times into seconds since 1970."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules

DATE_TIME = np.frombuffer(b"0000-00-00T00:00:00", np.uint8)
DIGITS = np.flatnonzero(ord("0") == DATE_TIME)
SEPARATORS = np.flatnonzero(ord("0") != DATE_TIME)
SHORTEST, LONGEST = len("0000-00-00T00:00:00Z"), rules.LONGEST_TIME_CHARACTERS


@dataclass(frozen=True, slots=True)
class Times:
    """seconds: (n,) float64, seconds since 1970 UTC, NaN where there is none or none to be had."""

    seconds: NDArray[np.float64]
    bad: int
    without_zone: int


def parse_times(texts: list[str]) -> Times:
    """Read ISO 8601 times; an empty text is a missing time. Raises nothing.

    The usual form, `YYYY-MM-DDTHH:MM:SS[.fff]Z`, is read for all texts at once; offsets and
    missing zones (taken for UTC) one by one.
    """
    seconds = np.full(len(texts), np.nan)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    different = np.unique(lengths).tolist()
    for length in different:
        if SHORTEST <= length <= LONGEST:
            of_length = np.flatnonzero(lengths == length)
            is_only = len(different) == 1
            joined = "".join(texts if is_only else [texts[i] for i in of_length.tolist()])
            characters = np.frombuffer(joined.encode("ascii", "replace"), np.uint8)
            seconds[of_length] = _parse_usual(characters.reshape(-1, length))
    return _parse_the_rest(texts, seconds, lengths)


def _parse_usual(characters: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Seconds for (m, length) characters that are a UTC time, NaN for all others."""
    digits = characters - np.uint8(ord("0"))
    fraction = digits[:, 20:-1]
    usual = (
        (digits[:, DIGITS] <= 9).all(axis=1)
        & (characters[:, SEPARATORS] == DATE_TIME[SEPARATORS]).all(axis=1)
        & (characters[:, -1] == ord("Z"))
        & (fraction <= 9).all(axis=1)
    )
    if characters.shape[1] > SHORTEST:
        usual &= (characters[:, 19] == ord(".")) & (fraction.shape[1] > 0)
    century, year, month, day, hour, minute, second = (
        digits[:, at].astype(np.int32) * 10 + digits[:, at + 1] for at in (0, 2, 5, 8, 11, 14, 17)
    )
    year += century * 100
    usual &= (month >= 1) & (month <= 12) & (day >= 1) & (day <= _days_in(year, month))
    usual &= (hour <= 23) & (minute <= 59) & (second <= 60)
    clock = hour * 3_600 + minute * 60 + second
    whole = _days_since_1970(year, month, day).astype(np.int64) * 86_400 + clock
    part = fraction @ (10.0 ** -np.arange(1, fraction.shape[1] + 1))
    return np.where(usual, whole + part, np.nan)


def _days_in(year: NDArray[np.int64], month: NDArray[np.int64]) -> NDArray[np.int64]:
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
    in_range = np.where((month >= 1) & (month <= 12), month, 0)
    return np.asarray(days[in_range] + ((month == 2) & leap), np.int64)


def _days_since_1970(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Days from 1 January 1970 in the Gregorian calendar.

    Source: Howard Hinnant, “chrono-Compatible Low-Level Date Algorithms”, days_from_civil.
    """
    year = year - (month <= 2)
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return np.asarray(era * 146_097 + day_of_era - 719_468, np.int64)


def _parse_the_rest(
    texts: list[str], seconds: NDArray[np.float64], lengths: NDArray[np.int64]
) -> Times:
    bad = without_zone = 0
    for i in np.flatnonzero(np.isnan(seconds) & (lengths > 0)).tolist():
        text = texts[i][: LONGEST + 1].strip().upper()
        if not text and lengths[i] <= LONGEST:
            continue
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            bad += 1
            continue
        if time.tzinfo is None:
            without_zone += 1
            time = time.replace(tzinfo=UTC)
        seconds[i] = time.timestamp()
    return Times(seconds, bad, without_zone)
