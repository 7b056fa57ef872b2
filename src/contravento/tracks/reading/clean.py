"""Turns parsed points into a recording: takes out what cannot be true, and reports it."""

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.errors import NoPoints, NoPositions
from contravento.tracks.reading import warnings
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
    _check_times(draft, now)
    _drop_duplicates(draft)
    _drop_repeated_segments(draft)
    _drop_spikes(draft)
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
    usable = (np.abs(draft.lon) <= 180) & (np.abs(draft.lat) <= 90)  # False for NaN, too
    total, left_out = len(usable), np.count_nonzero(~usable)
    if left_out == total:
        raise NoPositions(count=total)
    if left_out:
        draft.note(warnings.BAD_POSITIONS, left_out, total=total)
        draft.keep(usable)


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


def _check_times(draft: _Draft, now: float) -> None:
    latest = now + rules.CLOCK_MAY_BE_AHEAD_SECONDS
    with np.errstate(invalid="ignore"):
        early = draft.time < rules.EARLIEST_TIME_SECONDS
        late = draft.time > latest
    draft.note(warnings.TOO_EARLY, np.count_nonzero(early))
    draft.note(warnings.IN_THE_FUTURE, np.count_nonzero(late))
    draft.time[early | late] = np.nan
    backwards = _running_backwards(draft)
    draft.note(warnings.BACKWARDS, np.count_nonzero(backwards))
    draft.time[backwards] = np.nan


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


def _drop_spikes(draft: _Draft) -> None:
    """Drop single points that lie far off, reached and left faster than any train; until none is
    left, so that what was written from it reads the same. Where a spike returns to just where it
    left, one point says so."""
    dropped = 0
    while (spikes := _spikes(draft)).any():
        dropped += int(np.count_nonzero(spikes))
        draft.keep(~spikes)
        draft.keep(~_repeats(draft))
    draft.note(warnings.SPIKES, dropped)


def _spikes(draft: _Draft) -> Mask:
    if len(draft.lon) < 3:
        return np.zeros(len(draft.lon), np.bool_)
    step = geodesy.steps(draft.lon, draft.lat)
    with np.errstate(invalid="ignore"):
        duration = np.diff(draft.time)
        leap = (
            draft.follows()
            & (step > rules.SPIKE_METRES)
            & (step > rules.SPIKE_METRES_PER_SECOND * duration)  # False without times
        )
    across = geodesy.great_circle(draft.lon[:-2], draft.lat[:-2], draft.lon[2:], draft.lat[2:])
    spikes = leap[:-1] & leap[1:] & (across < np.minimum(step[:-1], step[1:]) / 2)
    return np.concatenate(([False], spikes, [False]))


def _check_elevations(draft: _Draft, unreadable: int) -> None:
    with np.errstate(invalid="ignore"):
        impossible = ~np.isnan(draft.elevation) & ~(
            (draft.elevation >= rules.LOWEST_ELEVATION_METRES)
            & (draft.elevation <= rules.HIGHEST_ELEVATION_METRES)
        )
    draft.elevation[impossible] = np.nan
    draft.note(warnings.BAD_ELEVATIONS, np.count_nonzero(impossible) + unreadable)


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
