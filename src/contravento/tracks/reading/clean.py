"""Turns parsed points into a recording: takes out what cannot be true, and reports it."""

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.errors import NoPoints, NoPositions
from contravento.tracks.reading import heights, positions, warnings
from contravento.tracks.reading.parsed_file import Findings, Line, count_empty
from contravento.tracks.reading.times import parse_times
from contravento.tracks.recording import Recording, Remark, RemarkKind

type Mask = NDArray[np.bool_]


def clean(findings: Findings, *, now: float) -> Recording:
    """Check every point and build the recording.

    `now` is in seconds since 1970; times a day after it are not believed. Raises NoPoints when
    the line is empty and NoPositions when none of its points has a usable position.
    """
    if not len(findings.line):
        raise NoPoints
    draft = _Draft(findings.line, list(findings.remarks))
    _note_empty(draft, findings.line)
    _drop_bad_positions(draft)
    _drop_null_island(draft)
    if any(remark.code == warnings.ROUTE.code for remark in findings.remarks):
        _forget_times(draft)
    _check_times(draft, now)
    _drop_duplicates(draft)
    _drop_repeated_segments(draft)
    _drop_overlaps(draft)
    _drop_stray_points(draft)
    _stand_still(draft)
    _split_at_transfers(draft)
    _check_elevations(draft, findings.bad_elevations)
    _note_gaps(draft)
    return Recording(
        lon=draft.lon,
        lat=draft.lat,
        elevation=draft.elevation,
        time=draft.time,
        segment=np.unique(draft.segment, return_inverse=True)[1].astype(np.int32),
        tracks=len(np.unique(draft.track)),
        waypoints=tuple(findings.waypoints),
        report=tuple(draft.report),
        name=findings.name,
    )


@dataclass(slots=True)
class _Draft:
    """Parallel arrays of one length, from which points are dropped, and the report so far."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    elevation: NDArray[np.float64]
    time: NDArray[np.float64]
    segment: NDArray[np.int64]
    track: NDArray[np.int64]
    report: list[Remark]

    def __init__(self, line: Line, report: list[Remark]) -> None:
        self.report = report
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
        for name in ("lon", "lat", "elevation", "time", "segment", "track"):
            setattr(self, name, getattr(self, name)[mask])

    def follows(self) -> Mask:
        """Whether each point but the first goes on in the segment of the one before, (n - 1,)."""
        return np.asarray(np.diff(self.segment) == 0)


def _note_empty(draft: _Draft, line: Line) -> None:
    draft.note(warnings.EMPTY_TRACKS, count_empty(line.track_starts, len(line)))
    draft.note(warnings.EMPTY_SEGMENTS, count_empty(line.segment_starts, len(line)))


def _drop_bad_positions(draft: _Draft) -> None:
    _turn_longitudes(draft)
    _swap_coordinates(draft)
    usable = (np.abs(draft.lon) <= 180) & (np.abs(draft.lat) <= 90)  # False for NaN, too
    total, left_out = len(usable), np.count_nonzero(~usable)
    if left_out == total:
        raise NoPositions(count=total)
    if left_out:
        draft.note(warnings.BAD_POSITIONS, left_out, total=total)
        draft.keep(usable)


def _turn_longitudes(draft: _Draft) -> None:
    """Some programs count longitudes from 0 to 360."""
    with np.errstate(invalid="ignore"):
        turned = (draft.lon > 180) & (draft.lon <= 360)
        counts_up = not (draft.lon < 0).any() and turned.mean() > rules.LEAST_SHARE_TO_360
    if counts_up and np.count_nonzero(turned) >= rules.FEWEST_POINTS_THAT_TELL:
        draft.note(warnings.LONGITUDES_TO_360, np.count_nonzero(turned))
        draft.lon[turned] -= 360


def _swap_coordinates(draft: _Draft) -> None:
    """Where no point can lie where it says, and all of them with its numbers changed about."""
    with np.errstate(invalid="ignore"):
        present = ~np.isnan(draft.lon) & ~np.isnan(draft.lat)
        impossible = np.abs(draft.lat) > 90
        possible = (np.abs(draft.lon) <= 90) & (np.abs(draft.lat) <= 180)
    is_told = np.count_nonzero(present) >= rules.FEWEST_POINTS_THAT_TELL
    if is_told and (impossible & possible)[present].all():
        draft.note(warnings.SWAPPED, np.count_nonzero(present))
        draft.lon, draft.lat = draft.lat, draft.lon


def _drop_null_island(draft: _Draft) -> None:
    """Drop points at 0, 0 among two or more others that are all far from there."""
    at_zero = (np.abs(draft.lon) <= rules.NULL_ISLAND_DEGREES) & (
        np.abs(draft.lat) <= rules.NULL_ISLAND_DEGREES
    )
    if not at_zero.any() or np.count_nonzero(~at_zero) < 2:
        return
    zero = np.zeros(1)
    away = geodesy.great_circle(draft.lon[~at_zero], draft.lat[~at_zero], zero, zero)
    if away.min() > rules.NULL_ISLAND_ALONE_METRES:
        draft.note(warnings.NULL_ISLAND, np.count_nonzero(at_zero))
        draft.keep(~at_zero)


def _forget_times(draft: _Draft) -> None:
    """A plan's times are those at which it was drawn."""
    draft.note(warnings.ROUTE_TIMES, np.count_nonzero(~np.isnan(draft.time)))
    draft.time[:] = np.nan


def _check_times(draft: _Draft, now: float) -> None:
    latest = now + rules.CLOCK_MAY_BE_AHEAD_SECONDS
    with np.errstate(invalid="ignore"):
        early = draft.time < rules.EARLIEST_TIME_SECONDS
        late = draft.time > latest
    draft.note(warnings.TOO_EARLY, np.count_nonzero(early))
    draft.note(warnings.IN_THE_FUTURE, np.count_nonzero(late))
    draft.time[early | late] = np.nan
    _sort_by_time(draft)
    backwards = _running_backwards(draft)
    draft.note(warnings.BACKWARDS, np.count_nonzero(backwards))
    draft.time[backwards] = np.nan
    _mend_clock(draft)


def _sort_by_time(draft: _Draft) -> None:
    """Put blocks that were written late where they belong, if the way becomes shorter by it."""
    moved = 0
    with np.errstate(invalid="ignore"):
        falls = draft.follows() & (np.diff(draft.time) < 0)
    for number in np.unique(draft.segment[1:][falls]).tolist():
        low, high = np.searchsorted(draft.segment, [number, number + 1]).tolist()
        is_short = high - low < rules.FEWEST_POINTS_THAT_TELL
        if is_short or np.isnan(draft.time[low:high]).any():
            continue
        order = low + np.argsort(draft.time[low:high], kind="stable")
        written = geodesy.steps(draft.lon[low:high], draft.lat[low:high]).sum()
        sorted_way = geodesy.steps(draft.lon[order], draft.lat[order]).sum()
        if sorted_way < written * rules.SHORTER_BY_ORDER:
            moved += int(np.count_nonzero(order != np.arange(low, high)))
            for name in ("lon", "lat", "elevation", "time", "track"):
                column = getattr(draft, name)
                column[low:high] = column[order]
    draft.note(warnings.OUT_OF_ORDER, moved)


def _mend_clock(draft: _Draft) -> None:
    """Times that a clock got wrong by days are forgotten for a few points, and moved for the rest
    of a ride that went on meanwhile."""
    stale = leaps = 0
    with np.errstate(invalid="ignore"):
        gaps = np.flatnonzero(draft.follows() & (np.diff(draft.time) > rules.CLOCK_LEAP_SECONDS))
    for gap in gaps.tolist() if len(gaps) <= rules.FEW_STALE_POINTS else ():
        low, high = np.searchsorted(draft.segment, [draft.segment[gap], draft.segment[gap] + 1])
        if high - low < rules.FEWEST_POINTS_THAT_TELL:
            continue
        if gap + 1 - low <= rules.FEW_STALE_POINTS:
            draft.time[low : gap + 1] = np.nan
            stale += gap + 1 - int(low)
        elif high - gap - 1 <= rules.FEW_STALE_POINTS:
            draft.time[gap + 1 : high] = np.nan
            stale += int(high) - gap - 1
        elif _goes_on_through(draft, gap, int(low), int(high)):
            usual = float(np.nanmedian(np.abs(np.diff(draft.time[low:high]))))
            draft.time[gap + 1 : high] -= draft.time[gap + 1] - draft.time[gap] - usual
            leaps += 1
    draft.note(warnings.STALE_TIMES, stale)
    draft.note(warnings.CLOCK_LEAPS, leaps)


def _goes_on_through(draft: _Draft, gap: int, low: int, high: int) -> bool:
    """Whether the bicycle moved right before and after a gap of days, and no further in it than in
    any step."""
    if draft.time[gap + 1] - draft.time[gap] < rules.CLOCK_LEAP_OF_A_RIDE_SECONDS:
        return False
    if gap - 1 < low or gap + 2 >= high:
        return False
    around = slice(gap - 1, gap + 3)
    step = geodesy.steps(draft.lon[around], draft.lat[around])
    duration = np.diff(draft.time[around])
    moving = step[[0, 2]] > rules.MOVING_METRES_PER_SECOND * 2 * duration[[0, 2]]
    return bool(moving.all() and step[1] < 5 * max(step[0], step[2]))


def _running_backwards(draft: _Draft) -> Mask:
    """Which times to give up so that, within each segment, the others never decrease."""
    given_up = np.zeros(len(draft.time), np.bool_)
    timed = np.flatnonzero(~np.isnan(draft.time))
    time, segment = draft.time[timed], draft.segment[timed]
    falls = (np.diff(time) < 0) & (np.diff(segment) == 0)
    for affected in np.unique(segment[1:][falls]).tolist():
        low, high = np.searchsorted(segment, [affected, affected + 1]).tolist()
        rising = _longest_rise(time[low:high].tolist())
        given_up[np.delete(timed[low:high], rising)] = True
    return given_up


def _longest_rise(values: list[float]) -> list[int]:
    """Indices of a longest subsequence that never decreases.

    Source: M. L. Fredman, “On computing the length of longest increasing subsequences” (1975).
    """
    tails: list[float] = []
    tail_at: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        length = bisect_right(tails, value)
        before.append(tail_at[length - 1] if length else -1)
        tails[length : length + 1] = [value]
        tail_at[length : length + 1] = [index]
    rise, index = [], tail_at[-1]
    while index >= 0:
        rise.append(index)
        index = before[index]
    return rise[::-1]


def _drop_duplicates(draft: _Draft) -> None:
    """Drop a point that repeats the one before in place, time and elevation."""
    repeats = _repeats(draft)
    draft.note(warnings.DUPLICATES, np.count_nonzero(repeats), total=len(draft.lon))
    draft.keep(~repeats)


def _repeats(draft: _Draft) -> Mask:
    repeats = draft.follows() & (np.diff(draft.lon) == 0) & (np.diff(draft.lat) == 0)
    for values in (draft.time, draft.elevation):
        missing = np.isnan(values)
        repeats &= (values[1:] == values[:-1]) | (missing[1:] & missing[:-1])
    return np.append(False, repeats)


def _drop_repeated_segments(draft: _Draft) -> None:
    """Drop a segment with times of which an equal one came before: the file holds a ride twice."""
    starts = np.flatnonzero(np.diff(draft.segment, prepend=-1))
    ends = np.append(starts[1:], len(draft.segment))
    mask = np.ones(len(draft.segment), np.bool_)
    seen: set[bytes] = set()
    repeated = 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if len(starts) == 1 or end - start < 2 or np.isnan(draft.time[start:end]).any():
            continue
        points = (draft.lon[start:end], draft.lat[start:end], draft.time[start:end])
        key = sha256(b"".join(values.tobytes() for values in points)).digest()
        mask[start:end] = key not in seen
        repeated += key in seen
        seen.add(key)
    if repeated:
        draft.note(warnings.REPEATED_SEGMENTS, repeated)
        draft.keep(mask)


def _drop_overlaps(draft: _Draft) -> None:
    """Drop what a later segment tells again of seconds and places that an earlier one has told."""
    starts = np.flatnonzero(np.diff(draft.segment, prepend=-1))
    ends = np.append(starts[1:], len(draft.segment))
    if not 1 < len(starts) <= rules.MOST_SEGMENTS_COMPARED or np.isnan(draft.time).any():
        return
    mask = np.ones(len(draft.lon), np.bool_)
    for start, end in zip(starts[1:].tolist(), ends[1:].tolist(), strict=True):
        told = np.flatnonzero(mask[:start])
        order = told[np.argsort(draft.time[told], kind="stable")]
        if draft.time[start] <= draft.time[order[-1]]:
            again = _is_told_again(draft, order, slice(start, end))
            if np.count_nonzero(again) >= rules.FEWEST_POINTS_TOLD_AGAIN:
                mask[start:end] = (~again | _beside(~again)) & ~again.all()
    draft.note(warnings.OVERLAPS, np.count_nonzero(~mask))
    draft.keep(mask)


def _beside(new: Mask) -> Mask:
    """The points next to new ones, which join them to what is known."""
    return np.asarray(np.append(new[1:], False) | np.append(False, new[:-1]), np.bool_)


def _is_told_again(draft: _Draft, earlier: NDArray[np.intp], which: slice) -> Mask:
    """Which points lie where the earlier ones, in the order of time, were at their moment."""
    time, known = draft.time[which], draft.time[earlier]
    after = np.clip(np.searchsorted(known, time), 1, len(known) - 1)
    near_in_time = (time >= known[0]) & (time <= known[-1])
    near_in_time &= known[after] - known[after - 1] <= rules.OVERLAP_GAP_SECONDS
    lon = np.interp(time, known, draft.lon[earlier])
    lat = np.interp(time, known, draft.lat[earlier])
    away = geodesy.great_circle(draft.lon[which], draft.lat[which], lon, lat)
    return np.asarray(near_in_time & (away < rules.OVERLAP_METRES), np.bool_)


def _drop_stray_points(draft: _Draft) -> None:
    """Drop excursions that nobody can have made. Where one returns to just where it left, one point
    says so."""
    mask = np.ones(len(draft.lon), np.bool_)
    for which in _suspicious_segments(draft):
        stray = positions.stray_points(draft.lon[which], draft.lat[which], draft.time[which])
        if (
            stray.mean() > rules.MOST_STRAY_SHARE
        ):  # so many are no mistake of the receiver: times are
            unknown = np.full(len(stray), np.nan)
            stray = positions.stray_points(draft.lon[which], draft.lat[which], unknown)
        mask[which] = ~stray | (stray.mean() > rules.MOST_STRAY_SHARE)
    draft.note(warnings.SPIKES, np.count_nonzero(~mask))
    draft.keep(mask)
    draft.keep(~_repeats(draft))


def _suspicious_segments(draft: _Draft) -> list[slice]:
    """Those with a step that wants looking at."""
    long = draft.follows() & (geodesy.steps(draft.lon, draft.lat) > rules.STRAY_METRES)
    numbers = np.unique(draft.segment[1:][long])
    return [slice(*np.searchsorted(draft.segment, [number, number + 1])) for number in numbers]


def _stand_still(draft: _Draft) -> None:
    """Leave out what a receiver scribbles while somebody stands: the way from the first point of a
    stay to its last is made at its end."""
    stood = 0
    for which in _segments_of_length(draft):
        lon, lat = draft.lon[which], draft.lat[which]
        for first, last in positions.still_stretches(lon, lat, draft.time[which]):
            lon[first:last], lat[first:last] = lon[first], lat[first]
            stood += 1
    draft.note(warnings.STANDING, stood)


def _segments_of_length(draft: _Draft) -> list[slice]:
    """Those that last long enough for a stay."""
    starts = np.flatnonzero(np.diff(draft.segment, prepend=-1))
    ends = np.append(starts[1:], len(draft.segment))
    with np.errstate(invalid="ignore"):
        lasts = draft.time[ends - 1] - draft.time[starts] >= rules.STANDING_SECONDS
    return [
        slice(start, end)
        for start, end in zip(starts[lasts].tolist(), ends[lasts].tolist(), strict=True)
    ]


def _split_at_transfers(draft: _Draft) -> None:
    """Begin a new segment where a train or a ferry took over in silence: its way is not ridden."""
    with np.errstate(invalid="ignore"):
        duration = np.diff(draft.time)
        step = geodesy.steps(draft.lon, draft.lat)
        usual = np.nanmedian(duration) if np.isfinite(duration).any() else np.inf
        transfers = (
            draft.follows()
            & (duration > max(rules.TRANSFER_SECONDS, 20 * usual))
            & (step > rules.TRANSFER_METRES)
            & (step > rules.TRANSFER_METRES_PER_SECOND * duration)
        )
    draft.segment = draft.segment + np.concatenate(([0], np.cumsum(transfers)))
    kilometres = round(float(step[transfers].sum()) / 1000)
    draft.note(warnings.TRANSFERS, np.count_nonzero(transfers), kilometres=kilometres)


def _check_elevations(draft: _Draft, unreadable: int) -> None:
    with np.errstate(invalid="ignore"):
        impossible = ~np.isnan(draft.elevation) & ~(
            (draft.elevation >= rules.LOWEST_ELEVATION_METRES)
            & (draft.elevation <= rules.HIGHEST_ELEVATION_METRES)
        )
    draft.elevation[impossible] = np.nan
    draft.note(warnings.BAD_ELEVATIONS, np.count_nonzero(impossible) + unreadable)
    false = _false_heights(draft)
    draft.elevation[false] = np.nan
    draft.note(warnings.FALSE_HEIGHTS, np.count_nonzero(false))


def _false_heights(draft: _Draft) -> Mask:
    step = geodesy.steps(draft.lon, draft.lat)
    with np.errstate(invalid="ignore"):
        cliffs = draft.follows() & (np.abs(np.diff(draft.elevation)) > rules.CLIFF_METRES)
    way = np.concatenate(([0.0], np.cumsum(step)))
    false = np.zeros(len(way), np.bool_)
    for number in np.unique(draft.segment[1:][cliffs]).tolist():
        which = slice(*np.searchsorted(draft.segment, [number, number + 1]))
        false[which] = heights.false_heights(draft.elevation[which], way[which])
    return false


def _note_gaps(draft: _Draft) -> None:
    total = len(draft.lon)
    for values, none, some in (
        (draft.elevation, warnings.NO_ELEVATION, warnings.PARTLY_ELEVATED),
        (draft.time, warnings.NO_TIMES, warnings.PARTLY_TIMED),
    ):
        missing = np.count_nonzero(np.isnan(values))
        if missing == total:
            draft.report.append(none())
        elif missing:
            draft.note(some, missing, total=total)
    if total == 1:
        draft.report.append(warnings.SINGLE_POINT())
