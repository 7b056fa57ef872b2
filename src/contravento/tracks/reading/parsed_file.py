"""The result of parsing a file, before anything is checked or left out."""

from array import array
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.errors import TooManyPoints, TooManySegments
from contravento.tracks.recording import Remark, Waypoint


@dataclass(slots=True)
class ParsedPoints:
    """The points of all tracks of a file, or of all its routes, in the file's order.

    A number that could not be read is NaN; a time is text as found, empty where there is none.
    Where the format has binary times they stand in `seconds`, and `times` is empty.
    """

    lon: "array[float]" = field(default_factory=lambda: array("d"))
    lat: "array[float]" = field(default_factory=lambda: array("d"))
    elevation: "array[float]" = field(default_factory=lambda: array("d"))
    times: list[str] = field(default_factory=list)
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    track_starts: list[int] = field(default_factory=list)
    segment_starts: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lon)

    def start_track(self) -> None:
        self.track_starts.append(len(self.lon))
        self._check_segments()

    def start_segment(self) -> None:
        self.segment_starts.append(len(self.lon))
        self._check_segments()

    def _check_segments(self) -> None:
        if max(len(self.track_starts), len(self.segment_starts)) > rules.MOST_SEGMENTS:
            raise TooManySegments(limit=rules.MOST_SEGMENTS)

    @property
    def track(self) -> NDArray[np.int64]:
        """For each point the number of the track it is in, (n,)."""
        return self._owners(self.track_starts)

    @property
    def segment(self) -> NDArray[np.int64]:
        """For each point the number of the segment it is in, (n,); a new track begins a new one."""
        return self._owners(sorted({*self.segment_starts, *self.track_starts}))

    def _owners(self, starts: list[int]) -> NDArray[np.int64]:
        return np.searchsorted(
            np.array(starts, np.int64), np.arange(len(self.lon)), side="right"
        ).astype(np.int64)


@dataclass(slots=True)
class Findings:
    """One file's content: its line, its waypoints, and what was odd about the file so far."""

    line: ParsedPoints
    waypoints: list[Waypoint]
    remarks: list[Remark]
    name: str | None
    bad_elevations: int = 0
    lacks_positions: bool = False  # some formats write on where the receiver knows none


def check_room(line: ParsedPoints, more: int = 0) -> None:
    """Raise TooManyPoints when the line has grown, or would with so many more, beyond what we
    take."""
    if len(line.lon) + more > rules.MOST_POINTS:
        raise TooManyPoints(limit=rules.MOST_POINTS)


def count_empty(starts: list[int], points: int) -> int:
    """How many of the tracks or segments that start here end before their first point."""
    return sum(start == end for start, end in pairwise([*starts, points]))
