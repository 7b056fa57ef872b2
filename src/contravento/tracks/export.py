"""A recording written as a clean GPX 1.1 file, a stretch at a time."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from contravento.tracks.reading.text_encoding import without_forbidden
from contravento.tracks.recording import Recording

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gpx version="1.1" creator=%s xmlns="http://www.topografix.com/GPX/1/1">\n'
)
TAIL = b"</gpx>\n"
OPEN_SEGMENT, CLOSE_SEGMENT = b"  <trkseg>\n", b"  </trkseg>\n"
CLOSE_TRACK = CLOSE_SEGMENT + b" </trk>\n"
POINTS_AT_ONCE = 8_192

type Characters = NDArray[np.uint8]  # a row a point, or one for all of them; 0 is no character


def write_gpx(recording: Recording, *, name: str, creator: str = "ContraVento") -> bytes:
    """One track with its segments: places, elevations, times and this name, nothing else.

    Whoever uploaded the file, their device and whatever it measured besides are not in it.
    """
    return b"".join([open_gpx(creator), open_track(name), *_write(recording), CLOSE_TRACK, TAIL])


def open_gpx(creator: str = "ContraVento") -> bytes:
    """The beginning of a file of several tracks, which ends with TAIL."""
    return (HEAD % quoteattr(without_forbidden(creator))).encode()


def open_track(name: str) -> bytes:
    """The beginning of a track, which ends with CLOSE_TRACK."""
    return f" <trk>\n  <name>{escape(without_forbidden(name))}</name>\n".encode()


def write_points(recording: Recording, *, after: int = -1) -> bytes:
    """The points of a stretch of a track between the marks of their segments.

    `after` is the segment in which the stretch before it ended, which is still open, and -1 at the
    beginning. Written as a matrix of characters, from which the empty ones are dropped: much faster
    than formatting number by number.
    """
    before = np.append(after, recording.segment[:-1])
    begins = recording.segment != before
    parts = [
        _where(begins & (before >= 0), CLOSE_SEGMENT),
        _where(begins, OPEN_SEGMENT),
        _text(b'   <trkpt lat="'),
        _decimal(recording.lat, whole_digits=2, decimals=7),
        _text(b'" lon="'),
        _decimal(recording.lon, whole_digits=3, decimals=7),
        _text(b'">'),
        _element(b"ele", recording.elevation, _decimal(recording.elevation, 5, 2)),
        _element(b"time", recording.time, _moment(recording.time)),
        _text(b"</trkpt>\n"),
    ]
    matrix = _beside(parts, len(recording))
    return matrix[matrix > 0].tobytes()


def _write(recording: Recording) -> Iterator[bytes]:
    after = -1
    for first in range(0, len(recording), POINTS_AT_ONCE):
        which = slice(first, first + POINTS_AT_ONCE)
        stretch = Recording(
            lon=recording.lon[which],
            lat=recording.lat[which],
            elevation=recording.elevation[which],
            time=recording.time[which],
            segment=recording.segment[which],
            tracks=recording.tracks,
        )
        yield write_points(stretch, after=after)
        after = int(stretch.segment[-1])


def _beside(parts: Sequence[Characters], rows: int) -> Characters:
    return np.concatenate([np.broadcast_to(part, (rows, part.shape[1])) for part in parts], axis=1)


def _text(text: bytes) -> Characters:
    return np.frombuffer(text, np.uint8)[np.newaxis]


def _where(known: NDArray[np.bool_], text: bytes) -> Characters:
    return known[:, np.newaxis] * _text(text)


def _element(name: bytes, values: NDArray[np.float64], content: Characters) -> Characters:
    """The element where there is a value, and nothing where it is NaN."""
    element = [_text(b"<" + name + b">"), content, _text(b"</" + name + b">")]
    return ~np.isnan(values)[:, np.newaxis] * _beside(element, len(values))


def _decimal(values: NDArray[np.float64], whole_digits: int, decimals: int) -> Characters:
    """With a sign where it is needed, no leading zeros, and all decimals."""
    units = np.rint(np.nan_to_num(values) * 10**decimals).astype(np.int64)
    digits = _digits(np.abs(units), whole_digits + decimals)
    size = np.abs(units)[:, np.newaxis]
    places = 10 ** np.arange(whole_digits + decimals - 1, decimals, -1)
    digits[:, : whole_digits - 1] *= size >= places
    sign = _where(units < 0, b"-")
    return _beside(
        [sign, digits[:, :whole_digits], _text(b"."), digits[:, whole_digits:]], len(values)
    )


def _digits(numbers: NDArray[np.int64], count: int) -> Characters:
    """The last so many digits of each, with leading zeros."""
    places = 10 ** np.arange(count - 1, -1, -1)
    return (numbers[:, np.newaxis] // places % 10 + ord("0")).astype(np.uint8)


def _moment(time: NDArray[np.float64]) -> Characters:
    """As ISO 8601 in UTC, with milliseconds where any moment of the stretch has some."""
    milliseconds = np.rint(np.nan_to_num(time) * 1e3).astype(np.int64)
    moments = milliseconds.astype("datetime64[ms]")
    months = moments.astype("datetime64[M]")
    days = (moments.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) + 1
    second = milliseconds // 1000
    parts = [
        _digits(months.astype(np.int64) // 12 + 1970, 4),
        _text(b"-"),
        _digits(months.astype(np.int64) % 12 + 1, 2),
        _text(b"-"),
        _digits(days, 2),
        _text(b"T"),
        _digits(second // 3600 % 24, 2),
        _text(b":"),
        _digits(second // 60 % 60, 2),
        _text(b":"),
        _digits(second % 60, 2),
    ]
    if (milliseconds % 1000).any():
        parts += [_text(b"."), _digits(milliseconds % 1000, 3)]
    return _beside([*parts, _text(b"Z")], len(time))
