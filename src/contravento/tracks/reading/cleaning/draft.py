"""Points on their way to a recording, and what was said of them so far."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contravento.tracks.analysis import geodesy
from contravento.tracks.reading import warnings
from contravento.tracks.reading.parsed_file import ParsedPoints
from contravento.tracks.reading.times import parse_times
from contravento.tracks.recording import Remark, RemarkKind

type Mask = NDArray[np.bool_]

MOST_METRES_A_DEGREE = 111_700.0  # of a meridian near a pole


@dataclass(slots=True)
class Draft:
    """Parallel arrays of one length, from which points are dropped, and the report so far."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    elevation: NDArray[np.float64]
    time: NDArray[np.float64]
    segment: NDArray[np.int64]
    track: NDArray[np.int64]
    report: list[Remark]
    transfers: tuple[int, ...]  # the points at which they end; found last

    def __init__(self, line: ParsedPoints, report: list[Remark]) -> None:
        self.report = report
        self.transfers = ()
        self.lon = np.array(line.lon)
        self.lat = np.array(line.lat)
        self.elevation = np.array(line.elevation)
        self.segment, self.track = line.segment, line.track
        if line.times:
            times = parse_times(line.times)
            self.time = times.seconds
            self.note(warnings.BAD_TIMES, times.bad)
            self.note(warnings.NO_ZONE, times.without_zone)
        else:
            self.time = np.array(line.seconds)

    def note(self, kind: RemarkKind, count: int | np.intp, **params: object) -> None:
        if count:
            self.report.append(kind(count=int(count), **params))

    def keep(self, mask: Mask) -> None:
        if mask.all():
            return
        for name in ("lon", "lat", "elevation", "time", "segment", "track"):
            setattr(self, name, getattr(self, name)[mask])

    def follows(self) -> Mask:
        """Whether each point but the first goes on in the segment of the one before, (n - 1,)."""
        return np.asarray(np.diff(self.segment) == 0)

    def long_steps(self, metres: float) -> NDArray[np.intp]:
        """Index of each point from which the next, in whatever segment, is further away than so
        many metres."""
        across = np.abs(np.diff(self.lon)) + np.abs(np.diff(self.lat))
        at = np.flatnonzero(across * MOST_METRES_A_DEGREE > metres)
        return at[self.step_lengths(at) > metres]

    def step_lengths(self, at: NDArray[np.intp]) -> NDArray[np.float64]:
        """Metres from each of these points to the next."""
        lon, lat = self.lon, self.lat
        return geodesy.distance(lon[at], lat[at], lon[at + 1], lat[at + 1])
