"""The elevation profile as SVG: areas coloured by steepness, a line over them, and its ticks.

The areas stretch with the page (`preserveAspectRatio="none"`). Ticks come as values with their
place in per cent, for texts in a second SVG that does not stretch, so nothing needs a style
attribute and all of it is right without a script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

import numpy as np

from contravento.atlas.topology import Floats

type Grade = Literal["down", "flat", "2", "4", "6", "9"]

WIDTH = 1000
HEIGHT = 300
GRADES: tuple[Grade, ...] = ("down", "flat", "2", "4", "6", "9")
GRADE_LIMITS_PERCENT = (-2.0, 2.0, 4.0, 6.0, 9.0)

# The slope is averaged over a few hundred metres, more on a long track, where a hairpin is
# narrower than the pen; stripes narrower than this share of the picture join a neighbour.
SMOOTHING_METRES = 400.0
SMOOTHING_SHARE = 1 / 250
SLIVER_SHARE = 1 / 170

LEAST_LENGTH_METRES = 1.0
FEWEST_SAMPLES = 240
MOST_SAMPLES = 700
LEAST_RANGE_METRES = 120.0
HEADROOM = 1.1
TICK_STEPS = (1, 2, 5)
HEIGHT_TICKS = 4
DISTANCE_TICKS = 6


@dataclass(frozen=True)
class Tick:
    """A value on an axis; `place` in per cent from the left, or from the top."""

    value: float
    place: float


@dataclass(frozen=True)
class ProfileDrawing:
    """What a template needs. `body` goes inside `<svg viewBox="0 0 width height">`."""

    width: int
    height: int
    body: str
    heights: list[Tick]  # metres
    distances: list[Tick]  # kilometres
    stages: list[Tick]  # the number of each stage, in its middle
    stage_ends: list[float]  # where one stage ends and the next begins, in per cent


def draw_profile(
    distance_metres: Sequence[float],
    elevation_metres: Sequence[float | None],
    *,
    stage_ends_metres: Sequence[float] = (),
) -> ProfileDrawing | None:
    """Draw heights along a track; None if there is nothing to draw.

    Both sequences are of one length; distances do not fall; a height may be missing. The slope is
    taken from the heights: grades measured at the samples would miss what lies between them.
    `stage_ends_metres` are the distances at which the days end, the last one included or not.
    """
    distances = np.asarray(distance_metres, dtype=np.float64)
    heights = _numbers(elevation_metres)
    is_measured = np.isfinite(heights) & np.isfinite(distances)
    if is_measured.sum() < 2 or distances[is_measured][-1] < LEAST_LENGTH_METRES:
        return None

    length = float(distances[is_measured][-1])
    places, levels, slopes = _resampled(distances[is_measured], heights[is_measured], length)
    bottom, top, ticks = _height_axis(levels)
    x = places / length * WIDTH
    y = (top - levels) / (top - bottom) * HEIGHT
    rules = "".join(f"M0 {tick.place / 100 * HEIGHT:.0f}H{WIDTH}" for tick in ticks if tick.place)
    body = f'<path class="profile-rule" d="{rules}"/>' if rules else ""
    body += _areas(x, y, _steepness(places, slopes, length))
    body += f'<path class="profile-line" d="{_line(x, y)}"/>'
    inner = [end for end in stage_ends_metres if 0 < end < length * 0.999]
    return ProfileDrawing(
        WIDTH,
        HEIGHT,
        body,
        heights=ticks,
        distances=_distance_ticks(length / 1000),
        stages=_stages([0.0, *inner, length], length) if inner else [],
        stage_ends=[round(100 * end / length, 2) for end in inner],
    )


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _resampled(distances: Floats, heights: Floats, length: float) -> tuple[Floats, Floats, Floats]:
    """Evenly spaced places, their heights, and the slopes round them in per cent."""
    count = min(max(len(distances), FEWEST_SAMPLES), MOST_SAMPLES)
    places = np.linspace(0.0, length, count)
    reach = max(SMOOTHING_METRES, length * SMOOTHING_SHARE) / 2
    behind = np.clip(places - reach, 0.0, length)
    ahead = np.clip(places + reach, 0.0, length)
    risen = np.interp(ahead, distances, heights) - np.interp(behind, distances, heights)
    return places, np.interp(places, distances, heights), 100 * risen / (ahead - behind)


def _steepness(places: Floats, slopes: Floats, length: float) -> list[int]:
    """The class of every sample, as an index into GRADES, without slivers."""
    classes = np.searchsorted(GRADE_LIMITS_PERCENT, slopes, side="right").tolist()
    runs = [[grade, len(list(same))] for grade, same in groupby(classes)]
    least = max(2, round(len(places) * SLIVER_SHARE))
    while len(runs) > 1:
        index = min(range(len(runs)), key=lambda number: runs[number][1])
        grade, size = runs[index]
        if size >= least:
            break
        beside = [number for number in (index - 1, index + 1) if 0 <= number < len(runs)]
        heir = min(beside, key=lambda number: (abs(runs[number][0] - grade), -runs[number][1]))
        runs[heir][1] += size
        del runs[index]
        runs = _merged(runs)
    return [grade for grade, size in runs for _ in range(size)]


def _merged(runs: list[list[int]]) -> list[list[int]]:
    return [
        [grade, sum(size for _, size in same)]
        for grade, same in groupby(runs, key=lambda run: run[0])
    ]


def _areas(x: Floats, y: Floats, classes: list[int]) -> str:
    """One path per class, each of stripes that reach to the next one's first sample."""
    paths: dict[int, str] = {}
    start = 0
    for grade, same in groupby(classes):
        stop = start + len(list(same))
        end = min(stop + 1, len(x))
        outline = _line(x[start:end], y[start:end])
        paths[grade] = paths.get(grade, "") + f"{outline}V{HEIGHT}H{_short(x[start])}Z"
        start = stop
    return "".join(
        f'<path class="profile-area" data-grade="{GRADES[grade]}" d="{path}"/>'
        for grade, path in sorted(paths.items())
    )


def _line(x: Floats, y: Floats) -> str:
    points = [f"{_short(across)} {_short(down)}" for across, down in zip(x, y, strict=True)]
    return "M" + "L".join(points)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _height_axis(levels: Floats) -> tuple[float, float, list[Tick]]:
    """The lowest and highest metre drawn, and the round heights between."""
    low, high = float(levels.min()), float(levels.max())
    span = max((high - low) * HEADROOM, LEAST_RANGE_METRES)
    bottom = low
    if 0 <= low < 0.6 * span:
        bottom, span = 0.0, max(high * HEADROOM, LEAST_RANGE_METRES)
    step = _round_step(span / HEIGHT_TICKS)
    if bottom:
        bottom = np.floor(low / step) * step
        span = max((high - bottom) * HEADROOM, LEAST_RANGE_METRES)
    top = bottom + span
    values = np.arange(np.floor(bottom / step) + 1, top / step) * step
    ticks = [Tick(float(value), round(float(100 * (top - value) / span), 2)) for value in values]
    return float(bottom), float(top), ticks


def _distance_ticks(kilometres: float) -> list[Tick]:
    step = _round_step(kilometres / DISTANCE_TICKS)
    values = np.arange(0, kilometres, step)
    return [Tick(float(v), round(float(100 * v / kilometres), 2)) for v in values]


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 … that is not less."""
    power = 10.0 ** np.floor(np.log10(least))
    return next(
        float(digit * size)
        for size in (power, power * 10)
        for digit in TICK_STEPS
        if digit * size >= least * 0.999
    )


def _stages(ends: list[float], length: float) -> list[Tick]:
    middles = [(start + end) / 2 for start, end in pairwise(ends)]
    return [
        Tick(number, round(100 * middle / length, 2)) for number, middle in enumerate(middles, 1)
    ]
