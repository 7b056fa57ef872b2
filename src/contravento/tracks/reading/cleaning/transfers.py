"""Ways by train, ferry or plane within a recording: silent gaps that no bicycle rides."""

import numpy as np
from numpy.typing import NDArray

from contravento.atlas.countries import share_at_sea
from contravento.tracks import rules
from contravento.tracks.reading import warnings
from contravento.tracks.reading.cleaning.draft import Draft, Mask


def split_at_transfers(draft: Draft) -> None:
    """Begin a new segment where a train or a ferry took over in silence: its way is not ridden."""
    gaps = draft.long_steps(rules.TRANSFER_METRES)
    if not len(gaps):
        return
    within = draft.segment[gaps] == draft.segment[gaps + 1]
    carried = _are_carried(draft, gaps) & (~within | _are_unusual(draft, gaps))
    found = gaps[carried]
    begins = np.zeros(len(draft.lon), np.int64)
    begins[gaps[carried & within] + 1] = 1
    draft.segment = draft.segment + np.cumsum(begins)
    draft.transfers = tuple((found + 1).tolist())
    kilometres = round(float(draft.step_lengths(found).sum()) / 1000)
    draft.note(warnings.TRANSFERS, len(found), kilometres=kilometres)


def _are_unusual(draft: Draft, gaps: NDArray[np.intp]) -> Mask:
    """Whether the receiver was silent for much longer, or where there are no times leapt much
    further, than it uses to."""
    duration, follows = np.diff(draft.time), draft.follows()
    steps = draft.step_lengths(np.flatnonzero(follows))
    with np.errstate(invalid="ignore"):
        silent = duration[gaps] > rules.SILENT_TIMES_USUAL * _median(duration)
    far = draft.step_lengths(gaps) > rules.SILENT_TIMES_USUAL * _median(steps)
    return np.asarray(np.where(np.isnan(duration[gaps]), far, silent), np.bool_)


def _median(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0


def _are_carried(draft: Draft, gaps: NDArray[np.intp]) -> Mask:
    """Which of these gaps are too fast for a bicycle, or lead over the sea."""
    duration, metres = draft.time[gaps + 1] - draft.time[gaps], draft.step_lengths(gaps)
    with np.errstate(invalid="ignore"):
        fast = metres > rules.TRANSFER_METRES_PER_SECOND * duration
        short = duration <= rules.TRANSFER_SECONDS
    carried = fast & ~short
    slow = np.flatnonzero(~fast & ~short)[: rules.MOST_GAPS_LOOKED_AT]
    if len(slow):
        at = gaps[slow]
        begins = np.stack((draft.lon[at], draft.lat[at]), axis=1)
        ends = np.stack((draft.lon[at + 1], draft.lat[at + 1]), axis=1)
        carried[slow] = share_at_sea(begins, ends) >= rules.TRANSFER_SHARE_AT_SEA
    return np.asarray(carried, np.bool_)
