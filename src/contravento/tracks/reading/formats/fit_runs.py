"""Reads FIT records that follow each other in one layout, many at once."""

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEWEST = 8
MOST = 4_096
INVALID_POSITION = 0x7FFF_FFFF

type Rows = NDArray[np.void]


def layout_of(order: str, codes: Sequence[tuple[int, str, int]], stride: int) -> np.dtype[np.void]:
    """A record with its header: fields by number, struct's code and the byte that they begin at."""
    return np.dtype(
        {
            "names": [f"{number}" for number, _, _ in codes],
            "formats": [f"{order}{code}" for _, code, _ in codes],
            "offsets": [at for _, _, at in codes],
            "itemsize": stride,
        }
    )


def find_run(content: bytes, at: int, end: int, layout: np.dtype[np.void]) -> Rows | None:
    """Messages from the header at `at` on that have the same one, at most MOST; None for few."""
    stride, header = layout.itemsize, content[at]
    far = at + (FEWEST - 1) * stride
    if far + stride > end or content[at + stride] != header or content[far] != header:
        return None
    count = min((end - at) // stride, MOST)
    headers = np.frombuffer(content, np.uint8, count * stride, at)[::stride]
    others = np.flatnonzero(headers != header)
    count = int(others[0]) if len(others) else count
    return np.frombuffer(content, layout, count, at) if count >= FEWEST else None


def extend(numbers: "array[float]", values: NDArray[np.float64]) -> None:
    numbers.frombytes(np.ascontiguousarray(values, np.float64).tobytes())
