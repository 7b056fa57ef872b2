"""The days of a recording, in the local solar time of where it was ridden."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from contravento.tracks.analysis import geodesy
from contravento.tracks.analysis.climbs import climb
from contravento.tracks.recording import Recording

DAY_SECONDS = 86_400
DEGREES_AN_HOUR = 15.0


@dataclass(frozen=True, slots=True)
class Day:
    """One day's part; `first` and `last` are its first and last point as (lon, lat), degrees."""

    on: date
    distance_metres: float
    ascent_metres: float | None
    highest_metres: float | None
    first: tuple[float, float]
    last: tuple[float, float]


def split_days(
    recording: Recording, steps: NDArray[np.float64], smoothed: NDArray[np.float64]
) -> tuple[Day, ...]:
    """The days of a recording in the order of the calendar; none if it has no times.

    A point's date is that of local solar time in whole hours, UTC + round(longitude / 15): no
    time zone table is needed, and midnight falls where people sleep. A point without a time
    belongs to the day of the last one with a time. A step (`steps`, metres, (n - 1,)) belongs to
    the day on which it ends, so the days' distances sum to the whole. A day's climb is that of its
    own points (`smoothed`, metres, (n,)), so the climb from its last point to the next day's
    first, where somebody rides through midnight, is no day's.
    """
    if np.isnan(recording.time).all():
        return ()
    day = _solar_days(recording)
    order = np.arange(len(day))
    if (np.diff(day) < 0).any():
        order = np.argsort(day, kind="stable")
    begins = np.flatnonzero(np.diff(day[order], prepend=day[order[0]] - 1))
    numbers = day[order][begins]
    travelled = np.concatenate(([0.0], steps))
    return tuple(
        _measure_day(recording, travelled, smoothed, points, number)
        for number, points in zip(numbers.tolist(), np.split(order, begins[1:]), strict=True)
    )


def _solar_days(recording: Recording) -> NDArray[np.int64]:
    """For each point the number of its day since 1970, (n,)."""
    timed = np.flatnonzero(~np.isnan(recording.time))
    source = timed
    if len(timed) < len(recording.time):
        latest = np.searchsorted(timed, np.arange(len(recording.time)), side="right") - 1
        source = timed[np.maximum(latest, 0)]
    hours = np.round(geodesy.unroll(recording.lon)[source] / DEGREES_AN_HOUR)
    return np.floor((recording.time[source] + hours * 3_600) / DAY_SECONDS).astype(np.int64)


def _measure_day(
    recording: Recording,
    travelled: NDArray[np.float64],
    smoothed: NDArray[np.float64],
    points: NDArray[np.intp],
    number: int,
) -> Day:
    first, last = points[0], points[-1]
    elevation = recording.elevation[points]
    measured = elevation[~np.isnan(elevation)]
    ascent, _ = climb(smoothed[points], recording.segment[points])
    return Day(
        on=datetime.fromtimestamp(number * DAY_SECONDS, UTC).date(),
        distance_metres=float(travelled[points].sum()),
        ascent_metres=ascent,
        highest_metres=float(measured.max()) if len(measured) else None,
        first=(float(recording.lon[first]), float(recording.lat[first])),
        last=(float(recording.lon[last]), float(recording.lat[last])),
    )
