"""A canvas for landscapes: tints, ridges and contour-like lines in a 900 × 600 frame."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageOps

type Point = tuple[float, float]
type Line = NDArray[np.float64]

WIDTH, HEIGHT = 900, 600
PIXELS_PER_UNIT = 4  # drawn large and reduced, which smooths the edges
RIDGE_POINTS = 301


class Canvas:
    """Holds the picture being drawn and the dice it is drawn with."""

    def __init__(self, seed: int, background: str, *, size: tuple[int, int] = (WIDTH, HEIGHT)):
        self.rng = np.random.default_rng(seed)
        self.width, self.height = size
        pixels = (self.width * PIXELS_PER_UNIT, self.height * PIXELS_PER_UNIT)
        self.image = Image.new("RGB", pixels, background)
        self._draw = ImageDraw.Draw(self.image)

    def area(self, points: Iterable[Point], colour: str) -> None:
        self._draw.polygon(_scaled(points), colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self._draw.rectangle(_scaled([(left, top), (right, bottom)]), colour)

    def disc(self, x: float, y: float, radius: float, colour: str, *, flat: float = 1) -> None:
        corners = [(x - radius, y - radius * flat), (x + radius, y + radius * flat)]
        self._draw.ellipse(_scaled(corners), colour)

    def ring(self, x: float, y: float, radius: float, colour: str, thick: float) -> None:
        corners = [(x - radius, y - radius), (x + radius, y + radius)]
        self._draw.ellipse(_scaled(corners), outline=colour, width=_pixels(thick))

    def stroke(self, points: Iterable[Point], colour: str, thick: float = 2) -> None:
        self._draw.line(_scaled(points), colour, _pixels(thick), joint="curve")

    def profile(self, top: float, relief: float, *, roughness: float = 0.5, waves: int = 3) -> Line:
        """Heights of a skyline from left to right: value noise whose octaves shrink by roughness.

        Roughness 0.3 gives hills, 0.65 gives peaks.
        """
        across = np.linspace(0, 1, RIDGE_POINTS)
        height = np.zeros(RIDGE_POINTS)
        weight, knots = 1.0, waves
        while knots < RIDGE_POINTS // 2:
            values = self.rng.uniform(-1, 1, knots + 2)
            height += weight * _eased(across * knots, values)
            weight, knots = weight * roughness, knots * 2
        spread = np.abs(height).max() or 1.0
        return np.asarray(top - relief * height / spread)

    def ridge(self, line: Line, colour: str, *, foot: float = HEIGHT) -> None:
        self.area([*self.along(line), (self.width, foot), (0, foot)], colour)

    def contours(self, line: Line, colour: str, *, count: int, spacing: float = 32) -> None:
        """Lines below a skyline that follow it ever more loosely."""
        for step in range(1, count + 1):
            softened = _softened(line, 3 + 4 * step) + spacing * (step - 0.15)
            self.stroke(self.along(softened), colour, 1.6)

    def along(self, line: Line) -> list[Point]:
        across = np.linspace(0, self.width, len(line))
        return list(zip(across.tolist(), line.tolist(), strict=True))

    def dashes(
        self,
        colour: str,
        *,
        between: tuple[float, float],
        count: int,
        long: float,
        thick: float = 2,
    ) -> None:
        """Level strokes: ripples on water."""
        for y in np.sort(self.rng.uniform(*between, count)):
            x, length = self.rng.uniform(-40, self.width), self.rng.uniform(0.25, 1) * long
            self.stroke([(x, y), (x + length, y)], colour, thick)

    def wisps(self, colour: str, *, between: tuple[float, float], count: int = 5) -> None:
        """Thin strokes of wind across the sky."""
        for y in np.sort(self.rng.uniform(*between, count)):
            x, length = self.rng.uniform(0, self.width * 0.75), self.rng.uniform(110, 340)
            bend = [(x, y), (x + length * 0.3, y - 5), (x + length * 0.6, y - 5), (x + length, y)]
            self.stroke(curve(bend), colour, 2)

    def glitter(self, x: float, top: float, colour: str, *, count: int = 6) -> None:
        """The sun's road on the water."""
        for step in range(count):
            half = self.rng.uniform(16, 46)
            shift = self.rng.uniform(-10, 10)
            y = top + step * 15
            self.stroke([(x + shift - half, y), (x + shift + half, y)], colour, 3)

    def jpeg(self, size: tuple[int, int], *, mirrored: bool = False) -> bytes:
        reduced = self.image.reduce(2)
        picture = reduced if reduced.size == size else ImageOps.fit(reduced, size)
        if mirrored:
            picture = ImageOps.mirror(picture)
        written = BytesIO()
        picture.save(written, "JPEG", quality=90, subsampling=0)
        return written.getvalue()


def curve(points: Sequence[Point], steps: int = 16) -> list[Point]:
    """Draw through the points without corners: a Catmull-Rom spline."""
    knots = np.array([points[0], *points, points[-1]], dtype=float)
    share = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        bent = 2 * b + (c - a) * share + (2 * a - 5 * b + 4 * c - d) * share**2
        pieces.append((bent + (3 * b - a - 3 * c + d) * share**3) / 2)
    pieces.append(knots[-1:])
    return [(float(x), float(y)) for x, y in np.concatenate(pieces)]


def ribbon(middle: Sequence[Point], widths: Sequence[float]) -> list[Point]:
    """Outline a road that narrows with distance; widths are level, as seen from a saddle."""
    way = curve(middle)
    half = np.interp(np.linspace(0, len(widths) - 1, len(way)), range(len(widths)), widths) / 2
    right = [(x + h, y) for (x, y), h in zip(way, half, strict=True)]
    left = [(x - h, y) for (x, y), h in zip(way, half, strict=True)]
    return right + left[::-1]


def blend(one: str, other: str, share: float) -> str:
    """Mix two colours; share 0 is the first, 1 the second."""
    pairs = zip(ImageColor.getrgb(one), ImageColor.getrgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def shaded(colours: Sequence[str], count: int) -> list[str]:
    """Spread a few colours over more steps."""
    places = np.linspace(0, len(colours) - 1, count)
    steps = list(pairwise([*colours, colours[-1]]))
    return [blend(*steps[int(place)], place % 1) for place in places]


def _scaled(points: Iterable[Point]) -> list[tuple[float, float]]:
    return [(x * PIXELS_PER_UNIT, y * PIXELS_PER_UNIT) for x, y in points]


def _pixels(thick: float) -> int:
    return max(1, round(thick * PIXELS_PER_UNIT))


def _eased(at: Line, values: Line) -> Line:
    left = at.astype(int)
    share = at - left
    eased = share * share * (3 - 2 * share)
    return np.asarray(values[left] * (1 - eased) + values[left + 1] * eased)


def _softened(line: Line, window: int) -> Line:
    padded = np.pad(line, window, mode="edge")
    kernel = np.hanning(2 * window + 1)
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")
