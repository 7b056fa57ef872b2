"""Turns parsed points into a recording: takes out what cannot be true, and reports it."""

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.errors import NoPoints, NoPositions
from contravento.tracks.reading import warnings
from contravento.tracks.reading.cleaning import clock, heights, positions
from contravento.tracks.reading.cleaning.draft import Draft, Mask
from contravento.tracks.reading.cleaning.transfers import split_at_transfers
from contravento.tracks.reading.parsed_file import Findings, ParsedPoints, count_empty
from contravento.tracks.recording import Recording


def clean(findings: Findings, *, now: float) -> Recording:
    """Check every point and build the recording.

    `now` is in seconds since 1970; times a day after it are not believed. A file of places alone
    is a recording without points. Raises NoPoints when there is neither, and NoPositions when no
    point of the line has a usable position.
    """
    if not len(findings.line):
        return _places_alone(findings)
    draft = Draft(findings.line, list(findings.remarks))
    _note_empty(draft, findings.line)
    _drop_bad_positions(draft, findings.lacks_positions)
    _drop_null_island(draft)
    if any(remark.code == warnings.ROUTE.code for remark in findings.remarks):
        clock.forget_times(draft)
    clock.check_times(draft, now)
    _drop_duplicates(draft)
    _drop_repeated_segments(draft)
    _drop_overlaps(draft)
    _drop_stray_points(draft)
    _stand_still(draft)
    _part_at_leaps(draft)
    split_at_transfers(draft)
    _check_elevations(draft, findings.bad_elevations)
    _note_gaps(draft)
    segment = np.unique(draft.segment, return_inverse=True)[1].astype(np.int32)
    return Recording(
        lon=draft.lon,
        lat=draft.lat,
        elevation=draft.elevation,
        time=draft.time,
        segment=segment,
        tracks=len(np.unique(draft.track)),
        waypoints=tuple(findings.waypoints),
        report=tuple(draft.report),
        name=findings.name,
        track_starts=tuple(segment[np.diff(draft.track, prepend=-1) != 0].tolist()),
        transfers=draft.transfers,
    )


def _places_alone(findings: Findings) -> Recording:
    if not findings.waypoints:
        raise NoPoints
    none = np.zeros(0)
    return Recording(
        lon=none,
        lat=none,
        elevation=none,
        time=none,
        segment=none.astype(np.int32),
        tracks=0,
        waypoints=tuple(findings.waypoints),
        report=(*findings.remarks, warnings.PLACES_ALONE(count=len(findings.waypoints))),
        name=findings.name,
    )


def _note_empty(draft: Draft, line: ParsedPoints) -> None:
    draft.note(warnings.EMPTY_TRACKS, count_empty(line.track_starts, len(line)))
    draft.note(warnings.EMPTY_SEGMENTS, count_empty(line.segment_starts, len(line)))


def _drop_bad_positions(draft: Draft, lacks_positions: bool) -> None:
    _turn_longitudes(draft)
    _swap_coordinates(draft)
    usable = (np.abs(draft.lon) <= 180) & (np.abs(draft.lat) <= 90)  # False for NaN, too
    total, left_out = len(usable), np.count_nonzero(~usable)
    if left_out == total:
        raise NoPositions(count=total)
    if left_out:
        absent = (
            np.count_nonzero(np.isnan(draft.lon) & np.isnan(draft.lat)) if lacks_positions else 0
        )
        draft.note(warnings.NO_FIX, absent, total=total)
        draft.note(warnings.BAD_POSITIONS, left_out - absent, total=total)
        draft.keep(usable)


def _turn_longitudes(draft: Draft) -> None:
    """Some programs count longitudes from 0 to 360."""
    with np.errstate(invalid="ignore"):
        turned = (draft.lon > 180) & (draft.lon <= 360)
        counts_up = not (draft.lon < 0).any() and turned.mean() > rules.LEAST_SHARE_TO_360
    if counts_up and np.count_nonzero(turned) >= rules.FEWEST_POINTS_THAT_TELL:
        draft.note(warnings.LONGITUDES_TO_360, np.count_nonzero(turned))
        draft.lon[turned] -= 360


def _swap_coordinates(draft: Draft) -> None:
    """Where no point can lie where it says, and all of them with its numbers changed about."""
    with np.errstate(invalid="ignore"):
        present = ~np.isnan(draft.lon) & ~np.isnan(draft.lat)
        impossible = np.abs(draft.lat) > 90
        possible = (np.abs(draft.lon) <= 90) & (np.abs(draft.lat) <= 180)
    is_told = np.count_nonzero(present) >= rules.FEWEST_POINTS_THAT_TELL
    if is_told and (impossible & possible)[present].all():
        draft.note(warnings.SWAPPED, np.count_nonzero(present))
        draft.lon, draft.lat = draft.lat, draft.lon


def _drop_null_island(draft: Draft) -> None:
    """Drop points at 0, 0 among two or more others that are all far from there."""
    at_zero = (np.abs(draft.lon) <= rules.NULL_ISLAND_DEGREES) & (
        np.abs(draft.lat) <= rules.NULL_ISLAND_DEGREES
    )
    if not at_zero.any() or np.count_nonzero(~at_zero) < 2:
        return
    zero = np.zeros(1)
    away = geodesy.distance(draft.lon[~at_zero], draft.lat[~at_zero], zero, zero)
    if away.min() > rules.NULL_ISLAND_ALONE_METRES:
        draft.note(warnings.NULL_ISLAND, np.count_nonzero(at_zero))
        draft.keep(~at_zero)


def _drop_duplicates(draft: Draft) -> None:
    """Drop a point that repeats the one before in place, time and elevation."""
    repeats = _repeats(draft)
    draft.note(warnings.DUPLICATES, np.count_nonzero(repeats), total=len(draft.lon))
    draft.keep(~repeats)


def _repeats(draft: Draft) -> Mask:
    repeats = draft.follows() & (np.diff(draft.lon) == 0) & (np.diff(draft.lat) == 0)
    for values in (draft.time, draft.elevation):
        missing = np.isnan(values)
        repeats &= (values[1:] == values[:-1]) | (missing[1:] & missing[:-1])
    return np.append(False, repeats)


def _drop_repeated_segments(draft: Draft) -> None:
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


def _drop_overlaps(draft: Draft) -> None:
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


def _is_told_again(draft: Draft, earlier: NDArray[np.intp], which: slice) -> Mask:
    """Which points lie where the earlier ones, in the order of time, were at their moment."""
    time, known = draft.time[which], draft.time[earlier]
    after = np.clip(np.searchsorted(known, time), 1, len(known) - 1)
    near_in_time = (time >= known[0]) & (time <= known[-1])
    near_in_time &= known[after] - known[after - 1] <= rules.OVERLAP_GAP_SECONDS
    lon = np.interp(time, known, draft.lon[earlier])
    lat = np.interp(time, known, draft.lat[earlier])
    away = geodesy.distance(draft.lon[which], draft.lat[which], lon, lat)
    return np.asarray(near_in_time & (away < rules.OVERLAP_METRES), np.bool_)


def _drop_stray_points(draft: Draft) -> None:
    """Drop excursions that nobody can have made. Where one returns to just where it left, one point
    says so."""
    mask = np.ones(len(draft.lon), np.bool_)
    suspicious = _suspicious_segments(draft)
    if not suspicious:
        return
    for which in suspicious:
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


def _suspicious_segments(draft: Draft) -> list[slice]:
    """Those with a step that wants looking at."""
    long = draft.long_steps(rules.STRAY_METRES)
    numbers = np.unique(draft.segment[long][draft.segment[long] == draft.segment[long + 1]])
    return [slice(*np.searchsorted(draft.segment, [number, number + 1])) for number in numbers]


def _part_at_leaps(draft: Draft) -> None:
    """What is too fast to have been ridden and is no excursion either: where a good part of a
    segment is, its times are wrong; elsewhere the way between is not counted."""
    leaps = np.zeros(len(draft.lon), np.bool_)
    untimed = 0
    for which in _suspicious_segments(draft):
        too_fast = positions.impossible_steps(draft.lon[which], draft.lat[which], draft.time[which])
        is_long = len(too_fast) >= rules.FEWEST_POINTS_THAT_TELL
        if is_long and too_fast.mean() > rules.MOST_STRAY_SHARE:
            untimed += int(np.count_nonzero(~np.isnan(draft.time[which])))
            draft.time[which] = np.nan
        else:
            leaps[which][1:] = too_fast
    draft.note(warnings.FALSE_TIMES, untimed)
    draft.note(warnings.LEAPS, np.count_nonzero(leaps))
    draft.segment = draft.segment + np.cumsum(leaps)


def _stand_still(draft: Draft) -> None:
    """Leave out what a receiver scribbles while somebody stands: the way from the first point of a
    stay to its last is made at its end."""
    stood = 0
    for which in _segments_of_length(draft):
        lon, lat = draft.lon[which], draft.lat[which]
        for first, last in positions.still_stretches(lon, lat, draft.time[which]):
            lon[first:last], lat[first:last] = lon[first], lat[first]
            stood += 1
    draft.note(warnings.STANDING, stood)


def _segments_of_length(draft: Draft) -> list[slice]:
    """Those that last long enough for a stay."""
    starts = np.flatnonzero(np.diff(draft.segment, prepend=-1))
    ends = np.append(starts[1:], len(draft.segment))
    with np.errstate(invalid="ignore"):
        lasts = draft.time[ends - 1] - draft.time[starts] >= rules.STANDING_SECONDS
    return [
        slice(start, end)
        for start, end in zip(starts[lasts].tolist(), ends[lasts].tolist(), strict=True)
    ]


def _check_elevations(draft: Draft, unreadable: int) -> None:
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


def _false_heights(draft: Draft) -> Mask:
    with np.errstate(invalid="ignore"):
        cliffs = draft.follows() & (np.abs(np.diff(draft.elevation)) > rules.CLIFF_METRES)
    if not cliffs.any():
        return np.zeros(len(draft.lon), np.bool_)
    step = geodesy.steps(draft.lon, draft.lat)
    way = np.concatenate(([0.0], np.cumsum(step)))
    false = np.zeros(len(way), np.bool_)
    for number in np.unique(draft.segment[1:][cliffs]).tolist():
        which = slice(*np.searchsorted(draft.segment, [number, number + 1]))
        false[which] = heights.false_heights(draft.elevation[which], way[which])
    return false


def _note_gaps(draft: Draft) -> None:
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
