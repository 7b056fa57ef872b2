"""Parses numbers and short texts."""

from contravento.tracks import rules

NAN = float("nan")


def parse_number(text: str) -> float:
    """A number as XML writes one: Python would take underscores and other scripts' digits besides.
    Raises ValueError."""
    if "_" in text or not text.isascii():
        raise ValueError
    return float(text)


def read_number(text: str) -> float:
    """The number written here, with a decimal comma if need be; NaN if it is none."""
    if len(text) > rules.LONGEST_NUMBER_CHARACTERS:
        return NAN
    try:
        return parse_number(text.replace(",", ".", 1))
    except ValueError:
        return NAN


def short_text(text: str) -> str:
    """The text on one line, without blanks at its ends and no longer than a name may be."""
    return " ".join(text[: 4 * rules.LONGEST_NAME_CHARACTERS].split())[
        : rules.LONGEST_NAME_CHARACTERS
    ]
