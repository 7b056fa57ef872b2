"""A recording written as a clean GPX 1.1 file."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from contravento.tracks.reading.text_encoding import without_forbidden
from contravento.tracks.recording import Recording

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gpx version="1.1" creator=%s xmlns="http://www.topografix.com/GPX/1/1">\n'
)
TAIL = "</gpx>\n"


def write_gpx(recording: Recording, *, name: str, creator: str = "ContraVento") -> bytes:
    """One track with its segments: places, elevations, times and this name, nothing else.

    Whoever uploaded the file, their device and whatever it measured besides are not in it.
    """
    return open_gpx(creator) + write_track(recording, name=name) + close_gpx()


def open_gpx(creator: str = "ContraVento") -> bytes:
    """The beginning of a file of several tracks."""
    return (HEAD % quoteattr(without_forbidden(creator))).encode()


def write_track(recording: Recording, *, name: str) -> bytes:
    elevations = _elevations(recording.elevation)
    times = _times(recording.time)
    points = [
        f'   <trkpt lat="{lat:.7f}" lon="{lon:.7f}">{elevation}{time}</trkpt>\n'
        for lat, lon, elevation, time in zip(
            recording.lat.tolist(), recording.lon.tolist(), elevations, times, strict=True
        )
    ]
    head = f" <trk>\n  <name>{escape(without_forbidden(name))}</name>\n"
    return "".join([head, *_segments(recording, points), " </trk>\n"]).encode()


def close_gpx() -> bytes:
    return TAIL.encode()


def _segments(recording: Recording, points: list[str]) -> Iterator[str]:
    for first, last in zip(recording.starts.tolist(), recording.ends.tolist(), strict=True):
        yield "  <trkseg>\n"
        yield from points[first : last + 1]
        yield "  </trkseg>\n"


def _elevations(elevation: NDArray[np.float64]) -> list[str]:
    return ["" if metres != metres else f"<ele>{metres:.2f}</ele>" for metres in elevation.tolist()]


def _times(time: NDArray[np.float64]) -> list[str]:
    milliseconds = np.rint(np.nan_to_num(time) * 1e3).astype(np.int64)
    moments: NDArray[np.datetime64] = milliseconds.astype("datetime64[ms]")
    if not (milliseconds % 1000).any():
        moments = moments.astype("datetime64[s]")
    texts = np.datetime_as_string(moments, timezone="UTC").tolist()
    return [
        f"<time>{text}</time>" if known else ""
        for text, known in zip(texts, (~np.isnan(time)).tolist(), strict=True)
    ]
