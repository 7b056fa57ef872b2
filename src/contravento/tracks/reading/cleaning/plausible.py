"""The largest part of a track that can be true together: what strays from it is taken out.

A track is cut wherever a step cannot have been made. Of the pieces, that chain is kept which has
most points and in which each piece can have followed the one before: the heaviest consistent
sequence, by dynamic programming as in weighted interval scheduling (J. Kleinberg and É. Tardos,
“Algorithm Design”, 2005, 6.1). So an excursion may have one point or a hundred, and may stand at
the beginning, amid or at the end.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Mask = NDArray[np.bool_]
type CanFollow = Callable[
    [NDArray[np.intp], int], Mask
]  # points before, a point: which may lead to it

MOST_PIECES_BACK = (
    500  # a piece follows one of the last so many; a longer excursion is no excursion
)
MOST_PIECES = 20_000  # in more of them nothing is to be told apart


def keep_consistent(cuts: Mask, weights: Floats, can_follow: CanFollow) -> Mask:
    """Which of n points to keep, (n,).

    `cuts` says for each point but the first whether the step to it cannot be, (n - 1,);
    `weights` are what each point counts, (n,). Everything is kept where nothing is cut.
    """
    begins = np.concatenate(([0], np.flatnonzero(cuts) + 1))
    if not 1 < len(begins) <= MOST_PIECES:
        return np.ones(len(weights), np.bool_)
    ends = np.append(begins[1:], len(weights)) - 1
    totals = np.concatenate(([0.0], np.cumsum(weights)))
    own = totals[ends + 1] - totals[begins]
    before = _best_chain(begins, ends, own, can_follow)
    kept = np.zeros(len(weights), np.bool_)
    for piece in before:
        kept[begins[piece] : ends[piece] + 1] = True
    return kept


def _best_chain(
    begins: NDArray[np.intp], ends: NDArray[np.intp], own: Floats, can_follow: CanFollow
) -> list[int]:
    """The pieces of the heaviest chain, in order."""
    best, before = own.copy(), np.full(len(own), -1)
    for piece in range(1, len(own)):
        first = max(0, piece - MOST_PIECES_BACK)
        possible = can_follow(ends[first:piece], int(begins[piece]))
        reached = np.where(possible, best[first:piece], -1.0)
        at = len(reached) - 1 - int(np.argmax(reached[::-1]))  # of equals the nearest
        if reached[at] > 0:
            best[piece], before[piece] = best[piece] + reached[at], first + at
    chain, piece = list[int](), int(np.argmax(best))
    while piece >= 0:
        chain.append(piece)
        piece = int(before[piece])
    return chain[::-1]
