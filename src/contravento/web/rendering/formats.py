"""Template filters for numbers, lengths, dates and countries in each language."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_percent
from markupsafe import Markup

from contravento.kit.i18n.catalogue import locale, number as number

NO_BREAK = "\u00a0"
EN_DASH = "\u2013"

_ENGLISH_COUNTS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen twenty"
)
_SPANISH_COUNTS = (
    "ningún un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce"
    " quince dieciséis diecisiete dieciocho diecinueve veinte"
)
_COUNTS = {"en": _ENGLISH_COUNTS.split(), "es": _SPANISH_COUNTS.split()}


def kilometres(metres: float, language: str) -> str:
    """Whole kilometres from 100 on, one digit below; without the unit."""
    value = metres / 1000
    return number(value, language, 0 if value >= 99.95 else 1)


@lru_cache(maxsize=4096)
def date_range(first: date | None, last: date | None, language: str) -> str:
    """'3–15 June 2025', '3–15 de junio de 2025', with as little said twice as possible."""
    if first is None and last is None:
        return ""
    first = first or last
    last = last or first
    assert first is not None  # noqa: S101
    assert last is not None  # noqa: S101
    whole = _day(last, language)
    if first == last:
        return whole
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{EN_DASH}{whole}"
    spaced = f"{NO_BREAK}{EN_DASH} "
    if first.year == last.year:
        pattern = "d 'de' MMMM" if language == "es" else "d MMMM"
        return format_date(first, pattern, locale=locale(language)) + spaced + whole
    return _day(first, language) + spaced + whole


def day(value: date, language: str) -> str:
    return _day(value, language)


def month(value: datetime, language: str) -> str:
    pattern = "MMMM 'de' y" if language == "es" else "MMMM y"
    return format_date(value.date(), pattern, locale=locale(language))


def moment(value: datetime, language: str) -> str:
    pattern = "d 'de' MMMM 'de' y, HH:mm" if language == "es" else "d MMMM y, HH:mm"
    return format_datetime(value, f"{pattern} 'UTC'", locale=locale(language))


def duration(seconds: float, language: str) -> str:
    """'5 h 12 min'; the two units read the same in both languages."""
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes}{NO_BREAK}min"
    return f"{number(hours, language)}{NO_BREAK}h {minutes:02d}{NO_BREAK}min"


def distance(metres: float, language: str) -> str:
    """'1,014 km', for sentences."""
    return f"{kilometres(metres, language)}{NO_BREAK}km"


def height(metres: float, language: str) -> str:
    """'1,594 m', for sentences."""
    return f"{number(metres, language)}{NO_BREAK}m"


def speed(metres_per_second: float, language: str) -> str:
    return f"{number(metres_per_second * 3.6, language, 1)}{NO_BREAK}km/h"


def in_words(count: int, language: str) -> str:
    """'thirteen', 'trece'; figures above twenty. One is the sentence's own business."""
    counts = _COUNTS[language]
    return counts[count] if 0 <= count < len(counts) else number(count, language)


def first_upper(text: str) -> str:
    """The first letter only: 'trece días' becomes 'Trece días', and names in it stay."""
    return text[:1].upper() + text[1:]


def megabytes(size_bytes: int, language: str) -> str:
    value = size_bytes / 1_000_000
    return f"{number(value, language, 0 if value >= 10 else 1)}{NO_BREAK}MB"


def size(size_bytes: int, language: str) -> str:
    """In gigabytes from one on."""
    if size_bytes < 999_500_000:
        return megabytes(size_bytes, language) if size_bytes else f"0{NO_BREAK}MB"
    value = size_bytes / 1_000_000_000
    return f"{number(value, language, 0 if value >= 100 else 1)}{NO_BREAK}GB"


def percent(share: float, language: str) -> str:
    return format_percent(share, locale=locale(language))


def ago(value: datetime, at: datetime, language: str) -> str:
    """'3 minutes ago', 'hace 3 minutos'."""
    since = min(value - at, timedelta())
    return format_timedelta(since, add_direction=True, locale=locale(language))


def span(seconds: float, language: str) -> str:
    """'3 minutes', 'un año'; for how long something takes or has been so."""
    return format_timedelta(timedelta(seconds=seconds), locale=locale(language))


@lru_cache(maxsize=1024)
def country(code: str, language: str) -> str:
    name = locale(language).territories.get(code)
    return str(name) if name else code


def countries(codes: list[str], language: str) -> str:
    return ", ".join(country(code, language) for code in codes)


def with_unit(value: str, unit: str) -> Markup:
    """A figure as the design sets it: the unit smaller than the number."""
    return Markup("{} <small>{}</small>").format(value, unit)


def _day(value: date, language: str) -> str:
    pattern = "d 'de' MMMM 'de' y" if language == "es" else "d MMMM y"
    return format_date(value, pattern, locale=locale(language))
