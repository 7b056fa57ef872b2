"""Numbers and marks as matrices of characters, a row a point; the empty ones are dropped.

That is much faster than formatting number by number.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from contravento.tracks.reading.text_encoding import without_forbidden

type Characters = NDArray[np.uint8]  # a row a point, or one for all of them; 0 is no character


def escaped(words: str) -> bytes:
    """A text as XML may hold it."""
    return escape(without_forbidden(words)).encode()


def beside(parts: Sequence[Characters], rows: int) -> Characters:
    return np.concatenate([np.broadcast_to(part, (rows, part.shape[1])) for part in parts], axis=1)


def text(words: bytes) -> Characters:
    return np.frombuffer(words, np.uint8)[np.newaxis]


def where(known: NDArray[np.bool_], words: bytes) -> Characters:
    return known[:, np.newaxis] * text(words)


def element(name: bytes, values: NDArray[np.float64], content: Characters) -> Characters:
    """The element where there is a value, and nothing where it is NaN."""
    parts = [text(b"<" + name + b">"), content, text(b"</" + name + b">")]
    return ~np.isnan(values)[:, np.newaxis] * beside(parts, len(values))


def decimal(values: NDArray[np.float64], whole_digits: int, decimals: int) -> Characters:
    """With a sign where it is needed, no leading zeros, and all decimals."""
    units = np.rint(np.nan_to_num(values) * 10**decimals).astype(np.int64)
    digits = _digits(np.abs(units), whole_digits + decimals)
    size = np.abs(units)[:, np.newaxis]
    places = 10 ** np.arange(whole_digits + decimals - 1, decimals, -1)
    digits[:, : whole_digits - 1] *= size >= places
    sign = where(units < 0, b"-")
    return beside(
        [sign, digits[:, :whole_digits], text(b"."), digits[:, whole_digits:]], len(values)
    )


def _digits(numbers: NDArray[np.int64], count: int) -> Characters:
    """The last so many digits of each, with leading zeros."""
    places = 10 ** np.arange(count - 1, -1, -1)
    return (numbers[:, np.newaxis] // places % 10 + ord("0")).astype(np.uint8)


def moment(time: NDArray[np.float64]) -> Characters:
    """As ISO 8601 in UTC, with milliseconds where any moment of the stretch has some."""
    milliseconds = np.rint(np.nan_to_num(time) * 1e3).astype(np.int64)
    moments = milliseconds.astype("datetime64[ms]")
    months = moments.astype("datetime64[M]")
    days = (moments.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) + 1
    second = milliseconds // 1000
    parts = [
        _digits(months.astype(np.int64) // 12 + 1970, 4),
        text(b"-"),
        _digits(months.astype(np.int64) % 12 + 1, 2),
        text(b"-"),
        _digits(days, 2),
        text(b"T"),
        _digits(second // 3600 % 24, 2),
        text(b":"),
        _digits(second // 60 % 60, 2),
        text(b":"),
        _digits(second % 60, 2),
    ]
    if (milliseconds % 1000).any():
        parts += [text(b"."), _digits(milliseconds % 1000, 3)]
    return beside([*parts, text(b"Z")], len(time))
