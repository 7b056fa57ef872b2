"""The marks between points, segments and tracks of a text format, kept while it is written."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contravento.tracks.export.characters import Characters, beside, text, where


@dataclass(frozen=True, slots=True)
class Marks:
    """`between` two points of a segment, `apart` two segments. With `doubles_lone_points` a segment
    of one point has it twice, where a line needs two."""

    opening: bytes
    closing: bytes
    between: bytes = b""
    apart: bytes = b""
    doubles_lone_points: bool = False


class Segments:
    """Writes the segments of one track; knows which of them is open."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._segment = -1
        self._count = 0  # of points in the open segment
        self._last: Characters = np.zeros((1, 0), np.uint8)

    def write(self, segment: NDArray[np.int32], points: Characters) -> bytes:
        """A stretch: its points' segments, (n,), and what each of them is as text, (n, …)."""
        marks = self._marks
        before = np.append(self._segment, segment[:-1])
        begins = segment != before
        ends_other = begins & (before >= 0)
        parts = [where(ends_other, marks.closing + marks.apart), where(begins, marks.opening)]
        if marks.between:
            parts.append(where(~begins, marks.between))
        if marks.doubles_lone_points:
            lone = ends_other & np.append(self._count == 1, begins[:-1])
            if lone.any():
                earlier = np.concatenate((self._widened(points), points[:-1]))
                again = beside([text(marks.between), earlier], len(points))
                parts.insert(0, lone[:, np.newaxis] * again)
        matrix = beside([*parts, points], len(points))
        opened = np.flatnonzero(begins)
        carried = 0 if len(opened) else self._count
        self._count = carried + len(points) - (int(opened[-1]) if len(opened) else 0)
        self._segment, self._last = int(segment[-1]), points[-1:]
        return matrix[matrix > 0].tobytes()

    def close(self) -> bytes:
        """The end of the track, whose next one begins anew."""
        if self._segment < 0:
            return b""
        marks, written = self._marks, b""
        if marks.doubles_lone_points and self._count == 1:
            written = marks.between + self._last[self._last > 0].tobytes()
        self._segment = -1
        return written + marks.closing

    def _widened(self, points: Characters) -> Characters:
        """The last point of the stretch before, as wide as these."""
        widened = np.zeros((1, points.shape[1]), np.uint8)
        widened[0, : self._last.shape[1]] = self._last[0, : points.shape[1]]
        return widened
