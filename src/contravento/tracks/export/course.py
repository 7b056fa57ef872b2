"""What a course is told by: how far along each point lies, and when somebody at an even pace would
be there. It leads over the way; when it was ridden is not in it."""

import numpy as np
from numpy.typing import NDArray

from contravento.tracks.analysis import geodesy
from contravento.tracks.recording import Recording

METRES_PER_SECOND = 5.0
BEGINS_SECONDS = 1_577_836_800.0  # 1 January 2020, an even date that no device refuses


class Pace:
    """Counts metres from stretch to stretch; nothing across the gap between two segments."""

    def __init__(self) -> None:
        self.metres = 0.0
        self._last: tuple[float, float, int] | None = None

    def advance(self, stretch: Recording) -> NDArray[np.float64]:
        """Metres from the beginning of the course to each point, (n,)."""
        lon, lat, segment = self._last or (stretch.lon[0], stretch.lat[0], int(stretch.segment[0]))
        step = geodesy.steps(np.append(lon, stretch.lon), np.append(lat, stretch.lat))
        step[np.diff(stretch.segment, prepend=segment) != 0] = 0.0
        along = self.metres + np.cumsum(step)
        self.metres = float(along[-1])
        self._last = (float(stretch.lon[-1]), float(stretch.lat[-1]), int(stretch.segment[-1]))
        return np.asarray(along, np.float64)

    def leave(self) -> None:
        """The next stretch is of another track."""
        self._last = None


def seconds_at(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Since 1970, in whole seconds."""
    return np.asarray(BEGINS_SECONDS + np.floor(metres / METRES_PER_SECOND), np.float64)
