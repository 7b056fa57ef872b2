"""Numbers, dates and lengths as the design sets them, in both languages."""

from datetime import UTC, date, datetime

import pytest

from contravento.web.rendering import formats

THIN, SPACE = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("value", "digits", "english", "spanish"),
    [
        (0, 0, "0", "0"),
        (7, 0, "7", "7"),
        (1014, 0, "1,014", "1014"),
        (9999.4, 0, "9,999", "9999"),
        (9999.5, 0, "10,000", f"10{THIN}000"),
        (18360, 0, "18,360", f"18{THIN}360"),
        (1234567, 0, "1,234,567", f"1{THIN}234{THIN}567"),
        (3.14, 1, "3.1", "3,1"),
        (12345.67, 1, "12,345.7", f"12{THIN}345,7"),
        (-2, 0, "−2", "−2"),
        (-0.04, 1, "0.0", "0,0"),
        (-430.5, 1, "−430.5", "−430,5"),
    ],
)
def test_numbers(value: float, digits: int, english: str, spanish: str) -> None:
    assert formats.number(value, "en", digits) == english
    assert formats.number(value, "es", digits) == spanish


@pytest.mark.parametrize(
    ("metres", "english", "spanish"),
    [
        (0, "0.0", "0,0"),
        (12_345, "12.3", "12,3"),
        (99_940, "99.9", "99,9"),
        (99_960, "100", "100"),
        (1_014_000, "1,014", "1014"),
        (18_360_400, "18,360", f"18{THIN}360"),
    ],
)
def test_kilometres(metres: float, english: str, spanish: str) -> None:
    assert formats.kilometres(metres, "en") == english
    assert formats.kilometres(metres, "es") == spanish


@pytest.mark.parametrize(
    ("first", "last", "english", "spanish"),
    [
        (None, None, "", ""),
        (date(2025, 6, 3), None, "3 June 2025", "3 de junio de 2025"),
        (None, date(2025, 6, 3), "3 June 2025", "3 de junio de 2025"),
        (date(2025, 6, 3), date(2025, 6, 3), "3 June 2025", "3 de junio de 2025"),
        (date(2025, 6, 3), date(2025, 6, 15), "3–15 June 2025", "3–15 de junio de 2025"),
        (
            date(2025, 6, 28),
            date(2025, 7, 2),
            f"28 June{SPACE}– 2 July 2025",
            f"28 de junio{SPACE}– 2 de julio de 2025",
        ),
        (
            date(2025, 12, 28),
            date(2026, 1, 2),
            f"28 December 2025{SPACE}– 2 January 2026",
            f"28 de diciembre de 2025{SPACE}– 2 de enero de 2026",
        ),
    ],
)
def test_dates(first: date | None, last: date | None, english: str, spanish: str) -> None:
    assert formats.date_range(first, last, "en") == english
    assert formats.date_range(first, last, "es") == spanish


def test_months_speeds_and_durations() -> None:
    moment = datetime(2019, 3, 9, 23, 5, tzinfo=UTC)

    assert formats.month(moment, "en") == "March 2019"
    assert formats.month(moment, "es") == "marzo de 2019"
    assert formats.speed(5.0, "en") == f"18.0{SPACE}km/h"
    assert formats.speed(5.0, "es") == f"18,0{SPACE}km/h"
    assert formats.distance(1_014_000, "es") == f"1014{SPACE}km"
    assert formats.height(18_360, "en") == f"18,360{SPACE}m"
    assert formats.duration(3_720, "en") == f"1{SPACE}h 02{SPACE}min"
    assert formats.duration(59 * 60 + 31, "en") == f"1{SPACE}h 00{SPACE}min"
    assert formats.duration(600, "es") == f"10{SPACE}min"


def test_small_counts_are_words() -> None:
    assert formats.in_words(13, "en") == "thirteen"
    assert formats.in_words(13, "es") == "trece"
    assert formats.in_words(21, "en") == "21"
    assert formats.in_words(12_000, "es") == f"12{THIN}000"
    assert formats.first_upper("thirteen days to A Coruña") == "Thirteen days to A Coruña"
    assert formats.first_upper("") == ""


def test_countries() -> None:
    assert formats.countries(["ES", "PT"], "en") == "Spain, Portugal"
    assert formats.countries(["NO", "XK"], "es") == "Noruega, Kosovo"
    assert formats.country("??", "en") == "??"
