"""Arrays as bytes that compress well, and back: the columns of a packed track."""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Integers = NDArray[np.int64]

ALWAYS = 0xFFFF_FFFF  # an infinite significance
PARTS_OF_METRE = 1e2
LARGEST = (ALWAYS - 1) / PARTS_OF_METRE  # any other, in metres: more than once around the Earth


def pack_column(values: Integers, width: int) -> bytes:
    differences = np.diff(values, prepend=0)
    return _sort_bytes((differences << 1) ^ (differences >> 63), width)


def pack_gappy(values: Floats, parts: float, width: int) -> bytes:
    """One bit a value for whether it is there, then the values, each gap filled from before it."""
    known = ~np.isnan(values)
    latest = np.maximum.accumulate(np.where(known, np.arange(len(values)), 0))
    units = np.rint(np.nan_to_num(values)[latest] * parts).astype(np.int64)
    return np.packbits(known).tobytes() + pack_column(units, width)


def pack_significance(significance: NDArray[np.float32]) -> bytes:
    metres = np.minimum(significance.astype(np.float64), LARGEST)
    centimetres = np.where(np.isinf(significance), ALWAYS, np.floor(metres * PARTS_OF_METRE + 1e-3))
    return _sort_bytes(centimetres.astype(np.int64), 4)


def _sort_bytes(values: Integers, width: int) -> bytes:
    places = values.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width]
    return places.T.tobytes()


class Columns:
    """Takes one array after the other out of the unpacked bytes."""

    def __init__(self, body: bytes, start: int, points: int) -> None:
        self._bytes = np.frombuffer(body, np.uint8)
        self._at = start
        self._points = points

    def take(self, width: int) -> Integers:
        zigzagged = self._take_numbers(width)
        return np.cumsum((zigzagged >> 1) ^ -(zigzagged & 1))

    def take_gappy(self, parts: float, width: int) -> Floats:
        bits = self._take_bytes((self._points + 7) // 8)
        known = np.unpackbits(bits, count=self._points).astype(np.bool_)
        return np.where(known, self.take(width) / parts, np.nan)

    def take_significance(self) -> NDArray[np.float32]:
        centimetres = self._take_numbers(4)
        return np.where(centimetres == ALWAYS, np.inf, centimetres / PARTS_OF_METRE).astype(
            np.float32
        )

    def _take_numbers(self, width: int) -> Integers:
        places = self._take_bytes(width * self._points).reshape(width, self._points)
        numbers = np.zeros((self._points, 8), np.uint8)
        numbers[:, :width] = places.T
        return numbers.view("<i8").ravel().astype(np.int64)

    def _take_bytes(self, count: int) -> NDArray[np.uint8]:
        self._at += count
        return self._bytes[self._at - count : self._at]
