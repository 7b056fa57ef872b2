"""Collects the marked places of a file, as many as are taken."""

from contravento.tracks import rules
from contravento.tracks.errors import NoPoints, WaypointsOnly
from contravento.tracks.reading import warnings
from contravento.tracks.recording import Remark, Waypoint


class Waypoints:
    """`total` counts all of them, `taken` holds those that can be shown."""

    def __init__(self) -> None:
        self.taken: list[Waypoint] = []
        self.total = 0

    def add(
        self, lon: float, lat: float, elevation: float, name: str, *, kind: str = "", note: str = ""
    ) -> None:
        """Degrees and metres; NaN where a number is missing."""
        self.total += 1
        is_usable = -180 <= lon <= 180 and -90 <= lat <= 90
        if is_usable and len(self.taken) < rules.MOST_WAYPOINTS:
            low, high = rules.LOWEST_ELEVATION_METRES, rules.HIGHEST_ELEVATION_METRES
            height = elevation if low <= elevation <= high else None
            self.taken.append(Waypoint(lon, lat, name, height, kind, note))

    def check_any(self) -> None:
        """A file without a line is taken for its places. Raises NoPoints where it has none, and
        WaypointsOnly where none of them can be shown."""
        if self.taken:
            return
        raise WaypointsOnly(count=self.total) if self.total else NoPoints

    def remarks(self) -> list[Remark]:
        left_out = self.total - len(self.taken)
        return [warnings.WAYPOINTS_LEFT_OUT(count=left_out, total=self.total)] if left_out else []
