"""Packed tracks as one GeoJSON line, simplified to a tolerance."""

from collections.abc import Iterator, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from contravento.tracks.codec import unpack
from contravento.tracks.recording import Recording

MOST_POINTS_DRAWN = 50_000  # about a megabyte of JSON; no screen shows more
DECIMALS = 6  # a tenth of a metre

type Floats32 = NDArray[np.float32]


def draw_line(packed: Sequence[bytes], tolerance_metres: float) -> bytes:
    """A Feature with one MultiLineString, one line of [lon, lat] for each segment of each track.

    Points that the line needs at this tolerance, and the ends of segments. With more than
    MOST_POINTS_DRAWN of them the tolerance rises until they fit, which its properties tell.
    """
    unpacked = [unpack(blob) for blob in packed]
    tolerance = _affordable([weights for _, weights in unpacked], tolerance_metres)
    lines = [
        line for recording, weights in unpacked for line in _lines(recording, weights >= tolerance)
    ]
    feature = {
        "type": "Feature",
        "properties": {
            "tolerance_metres": tolerance,
            "points": sum(len(line) for line in lines),
        },
        "geometry": {"type": "MultiLineString", "coordinates": lines},
    }
    return orjson.dumps(feature, option=orjson.OPT_SERIALIZE_NUMPY)


def _affordable(weights: Sequence[Floats32], tolerance_metres: float) -> float:
    """This tolerance, or the least larger one at which few enough points are left."""
    needed = np.concatenate([*weights, np.empty(0, np.float32)])
    needed = needed[np.isfinite(needed) & (needed >= tolerance_metres)]
    if len(needed) <= MOST_POINTS_DRAWN:
        return tolerance_metres
    least = np.partition(needed, -MOST_POINTS_DRAWN)[-MOST_POINTS_DRAWN]
    return float(np.nextafter(least, np.float32(np.inf)))


def _lines(recording: Recording, is_kept: NDArray[np.bool_]) -> Iterator[NDArray[np.float64]]:
    """A segment of one point is that point twice, since a line has at least two."""
    places = np.stack((recording.lon, recording.lat), axis=1).round(DECIMALS)
    for first, last in zip(recording.starts.tolist(), recording.ends.tolist(), strict=True):
        line = places[first : last + 1][is_kept[first : last + 1]]
        yield line if len(line) > 1 else np.repeat(line, 2, axis=0)
