"""Times that cannot be true: before satellites, in the future, backwards, days off."""

from bisect import bisect_right

import numpy as np

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.reading import warnings
from contravento.tracks.reading.cleaning.draft import Draft, Mask


def forget_times(draft: Draft) -> None:
    """A plan's times are those at which it was drawn."""
    draft.note(warnings.ROUTE_TIMES, np.count_nonzero(~np.isnan(draft.time)))
    draft.time[:] = np.nan


def check_times(draft: Draft, now: float) -> None:
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


def _sort_by_time(draft: Draft) -> None:
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


def _mend_clock(draft: Draft) -> None:
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


def _goes_on_through(draft: Draft, gap: int, low: int, high: int) -> bool:
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


def _running_backwards(draft: Draft) -> Mask:
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
