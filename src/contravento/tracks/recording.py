"""A recorded track: the one shape that every format is read into."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Remark:
    """Something odd about a file: what it was and what was done about it.

    `message` is English and translated where it is shown; its `%(name)s` places are filled from
    `params`.
    """

    code: str
    message: str
    params: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A single marked place, apart from any track; degrees and metres.

    `kind` is the file's own word for what is there, as “Water” or “summit”.
    """

    lon: float
    lat: float
    name: str
    elevation: float | None = None
    kind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Points in the order of the file, as parallel arrays of one length n: 0 only where a file
    marks places and has no line.

    lon, lat: degrees, WGS 84, within ±180 and ±90; elevation: metres, NaN where missing; time:
    seconds since 1970 UTC, NaN where missing, never decreasing within a segment; segment: index
    of the segment each point belongs to, from 0, never decreasing and without gaps. track_starts:
    the segments at which the file's tracks begin; empty where that is not known. transfers: the
    points at which a way by train, ferry or plane ended, in order; the one before it began there.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    elevation: NDArray[np.float64]
    time: NDArray[np.float64]
    segment: NDArray[np.int32]
    tracks: int
    waypoints: tuple[Waypoint, ...] = ()
    report: tuple[Remark, ...] = ()
    name: str | None = None
    track_starts: tuple[int, ...] = ()
    transfers: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.lon)

    @property
    def segments(self) -> int:
        return int(self.segment[-1]) + 1 if len(self) else 0

    @property
    def starts(self) -> NDArray[np.intp]:
        """Index of the first point of each segment, (segments,)."""
        return np.flatnonzero(np.diff(self.segment, prepend=-1))

    @property
    def ends(self) -> NDArray[np.intp]:
        """Index of the last point of each segment, (segments,)."""
        return np.append(self.starts[1:], len(self.lon)) - 1


@dataclass(frozen=True, slots=True)
class RemarkKind:
    """A kind of remark: its code and its sentence, before the figures are known."""

    code: str
    message: str

    def __call__(self, **params: object) -> Remark:
        return Remark(self.code, self.message, params)
