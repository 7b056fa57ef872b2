"""Ways by train, ferry or plane within a recording: silent gaps that no bicycle rides."""

import numpy as np
from numpy.typing import NDArray

from contravento.atlas.countries import share_at_sea
from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.reading import warnings
from contravento.tracks.reading.cleaning.draft import Draft, Mask


def split_at_transfers(draft: Draft) -> None:
    """Begin a new segment where a train or a ferry took over in silence: its way is not ridden."""
    step = geodesy.steps(draft.lon, draft.lat)
    follows = draft.follows()
    long = follows & (step > rules.TRANSFER_METRES)
    if long.any():
        duration = np.diff(draft.time)
        unusual = _is_unusual(duration, step, follows)
        transfers = long & unusual & _is_carried(draft, step, duration, long & unusual)
        draft.segment = draft.segment + np.concatenate(([0], np.cumsum(transfers)))
    found = find_transfers(draft, step)
    kilometres = round(float(step[found].sum()) / 1000)
    draft.transfers = tuple((found + 1).tolist())
    draft.note(warnings.TRANSFERS, len(found), kilometres=kilometres)


def find_transfers(draft: Draft, step: NDArray[np.float64]) -> NDArray[np.intp]:
    """Index of the last point before each gap between two segments that was not ridden."""
    gaps = ~draft.follows() & (step > rules.TRANSFER_METRES)
    if not gaps.any():
        return np.zeros(0, np.intp)
    return np.flatnonzero(gaps & _is_carried(draft, step, np.diff(draft.time), gaps))


def _is_unusual(duration: NDArray[np.float64], step: NDArray[np.float64], follows: Mask) -> Mask:
    """Whether the receiver was silent for much longer, or where there are no times leapt much
    further, than it uses to."""
    with np.errstate(invalid="ignore"):
        silent = duration > rules.SILENT_TIMES_USUAL * _median(duration)
    far = step > rules.SILENT_TIMES_USUAL * _median(step[follows])
    return np.asarray(np.where(np.isnan(duration), far, silent), np.bool_)


def _median(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0


def _is_carried(
    draft: Draft, step: NDArray[np.float64], duration: NDArray[np.float64], gaps: Mask
) -> Mask:
    """Which of these gaps are too fast for a bicycle, or lead over the sea."""
    with np.errstate(invalid="ignore"):
        fast = (duration > rules.TRANSFER_SECONDS) & (
            step > rules.TRANSFER_METRES_PER_SECOND * duration
        )
        slow = gaps & ~fast & ~(duration <= rules.TRANSFER_SECONDS)
    at = np.flatnonzero(slow)[: rules.MOST_GAPS_LOOKED_AT]
    over_sea = np.zeros(len(gaps), np.bool_)
    if len(at):
        begins = np.stack((draft.lon[at], draft.lat[at]), axis=1)
        ends = np.stack((draft.lon[at + 1], draft.lat[at + 1]), axis=1)
        over_sea[at] = share_at_sea(begins, ends) >= rules.TRANSFER_SHARE_AT_SEA
    return np.asarray(gaps & (fast | over_sea), np.bool_)
