"""How much each point matters to the line on the map, for drawing it at any scale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.recording import Recording

type Floats = NDArray[np.float64]
type Indices = NDArray[np.intp]

# Splitting at the furthest point reaches this many levels only on lines made to be awkward;
# from there on spans are halved, so no line takes more than 64 + log2(n) levels.
MOST_LEVELS_BY_DISTANCE = 64


def significance(recording: Recording) -> NDArray[np.float32]:
    """For each point the tolerance in metres up to which it stays in the line, (n,) float32.

    The line for a tolerance t is the points with significance >= t: no point left out is further
    than t from it, and the ends of segments, whose significance is infinite, are always in it.
    Under a centimetre it is 0.

    This is the algorithm of Douglas and Peucker (“Algorithms for the reduction of the number of
    points required to represent a digitized line or its caricature”, 1973), for all tolerances
    at once: a point's significance is its distance from the chord it was furthest from, but
    never more than that of the points whose chord it was. Spans of one level are worked on
    together. Distances are to the chord as our maps draw it, straight in Mercator, in metres on
    the ground at the point.
    """
    found = np.zeros(len(recording.lon))
    found[recording.starts] = found[recording.ends] = np.inf
    plane = _Plane.of(recording)
    spans = _Spans(
        recording.starts, recording.ends, np.full(recording.segments, np.inf)
    ).with_points_between()
    level = 0
    while len(spans.begin):
        spans = _split(spans, plane, found, halve=level >= MOST_LEVELS_BY_DISTANCE)
        level += 1
    return found.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Plane:
    """Points in Mercator, and the metres on the ground that one unit is at each."""

    x: Floats
    y: Floats
    metres: Floats

    @classmethod
    def of(cls, recording: Recording) -> "_Plane":
        x, y = geodesy.mercator(geodesy.unroll(recording.lon), recording.lat)
        return cls(x, y, rules.EARTH_RADIUS_METRES / np.cosh(y))


@dataclass(frozen=True, slots=True)
class _Spans:
    """Stretches of the line between two points that stay; `ceiling` is their significance."""

    begin: Indices
    end: Indices
    ceiling: Floats

    def with_points_between(self) -> "_Spans":
        some = self.end - self.begin > 1
        return _Spans(self.begin[some], self.end[some], self.ceiling[some])


def _split(spans: _Spans, plane: _Plane, found: Floats, *, halve: bool) -> _Spans:
    """Give one point of each span its significance and return the spans on either side of it."""
    sizes = spans.end - spans.begin - 1
    offsets = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    inner = np.arange(sizes.sum()) + np.repeat(spans.begin + 1 - offsets, sizes)
    distance = _distance_to_chord(spans, sizes, inner, plane)
    furthest = np.maximum.reduceat(distance, offsets)
    if halve:
        chosen = (spans.begin + spans.end) // 2
    else:
        hits = np.flatnonzero(distance == np.repeat(furthest, sizes))
        chosen = inner[hits[np.searchsorted(hits, offsets)]]

    significant = np.minimum(furthest, spans.ceiling)
    goes_on = significant >= rules.FINEST_SIGNIFICANCE_METRES
    begin, end = spans.begin[goes_on], spans.end[goes_on]
    chosen, ceiling = chosen[goes_on], significant[goes_on]
    found[chosen] = ceiling
    # Interleaved, so that the spans stay in the order of the line and memory is read forwards.
    return _Spans(
        np.stack((begin, chosen), axis=1).ravel(),
        np.stack((chosen, end), axis=1).ravel(),
        np.repeat(ceiling, 2),
    ).with_points_between()


def _distance_to_chord(
    spans: _Spans, sizes: NDArray[np.intp], inner: Indices, plane: _Plane
) -> Floats:
    """Metres from each inner point to the nearest place on its span's chord."""
    begin_x, begin_y = plane.x[spans.begin], plane.y[spans.begin]
    chord_x, chord_y = plane.x[spans.end] - begin_x, plane.y[spans.end] - begin_y
    squared = chord_x**2 + chord_y**2
    squared[squared == 0] = 1.0  # a loop: the nearest place is where it begins and ends
    x = plane.x[inner] - np.repeat(begin_x, sizes)
    y = plane.y[inner] - np.repeat(begin_y, sizes)
    along_x, along_y = np.repeat(chord_x, sizes), np.repeat(chord_y, sizes)
    part = (x * along_x + y * along_y) / np.repeat(squared, sizes)
    np.clip(part, 0.0, 1.0, out=part)
    x -= part * along_x
    y -= part * along_y
    return np.sqrt(x * x + y * y) * plane.metres[inner]
