"""Names of towns, ranges, peaks and seas on a drawn map, off the route and off each other.

Labels are placed greedily by rank, each on the first free side of its place: the usual simple
method for point features (J. Christensen, J. Marks, S. Shieber, An Empirical Study of Algorithms
for Point-Feature Label Placement, ACM Transactions on Graphics 14, 1995).
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from contravento.atlas.projection import Frame
from contravento.atlas.topology import Floats

NAMES = Path(__file__).parent / "data" / "names.json.gz"
TEXT_PIXELS = 13.0
TILE_PIXELS = 512
CHARACTER_WIDTHS = {"town": 0.52, "peak": 0.52, "pass": 0.52, "sea": 0.56}  # of the text's size
WIDE_CHARACTER = 0.86  # capitals, set apart
MARGIN_PIXELS = 3.0
ROUTE_PIXELS = 4.0
MOST_LABELS = 40
MOST_OF_A_KIND = {"sea": 3, "range": 4, "region": 2, "island": 3, "peak": 6, "pass": 4}
CLASSES = {"town": "place", "sea": "water", "peak": "peak", "pass": "peak"}
WIDE, NARROW = "wide", "narrow"


@dataclass(frozen=True, slots=True)
class Names:
    """All there are, by rank. Places in degrees, and from which of the web's zooms on."""

    kinds: list[str]
    words: dict[str, list[str]]  # by language
    places: Floats
    zooms: Floats


@cache
def load_names() -> Names:
    rows = json.loads(gzip.decompress(NAMES.read_bytes()))
    english = [_with_height(row[1], row[5]) for row in rows]
    spanish = [_with_height(row[6] or row[1], row[5]) for row in rows]
    return Names(
        kinds=[row[0] for row in rows],
        words={"en": english, "es": spanish},
        places=np.array([row[2:4] for row in rows]),
        zooms=np.array([row[4] for row in rows], dtype=np.float64),
    )


def _with_height(name: str, metres: int | None) -> str:
    return name if metres is None else f"{name} {metres}\u00a0m"


def letter(
    frame: Frame,
    routes: Sequence[BaseGeometry],
    language: str,
    *,
    wide_pixels: float,
    narrow_pixels: float,
) -> str:
    """Two groups of texts for one sheet: for a screen on which it is so many pixels wide, and for a
    narrow one. The routes are in pixels of the sheet."""
    groups = ((WIDE, wide_pixels), (NARROW, narrow_pixels))
    scales = ((size, frame.width / shown) for size, shown in groups)
    return "".join(_group(frame, routes, language, size, scale) for size, scale in scales)


def _group(
    frame: Frame, routes: Sequence[BaseGeometry], language: str, size: str, scale: float
) -> str:
    """`scale` is how many units of the sheet a pixel of the screen is."""
    text = TEXT_PIXELS * scale
    sheet = _Sheet(frame, text, shapely.union_all(routes).buffer(ROUTE_PIXELS * scale))
    labels = "".join(sheet.place(*name) for name in _candidates(frame, language, scale))
    return f'<g class="map-names" data-size="{size}" font-size="{text:.1f}">{labels}</g>'


def _candidates(
    frame: Frame, language: str, scale: float
) -> Iterator[tuple[str, str, float, float]]:
    """What a map of this scale names, by rank: kind, words, and place on the sheet."""
    names = load_names()
    west, south, east, north = frame.bounds
    turned = names.places.copy()
    middle = (west + east) / 2
    turned[:, 0] += 360 * np.round((middle - turned[:, 0]) / 360)
    zoom = np.log2(360 * frame.pixels_per_degree / scale / TILE_PIXELS)
    longitude, latitude = turned[:, 0], turned[:, 1]
    is_here = (longitude > west) & (longitude < east) & (latitude > south) & (latitude < north)
    chosen = np.flatnonzero(is_here & (names.zooms <= zoom + 1))
    for index, (x, y) in zip(
        chosen.tolist(), frame.to_pixels(turned[chosen]).tolist(), strict=True
    ):
        yield names.kinds[index], names.words[language][index], x, y


@dataclass(slots=True)
class _Sheet:
    """What stands on a sheet already."""

    frame: Frame
    text: float
    route: BaseGeometry
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def place(self, kind: str, words: str, x: float, y: float) -> str:
        """An element, or nothing where there is no room."""
        count = self.counts.get(kind, 0)
        if len(self.boxes) >= MOST_LABELS or count >= MOST_OF_A_KIND.get(kind, MOST_LABELS):
            return ""
        for anchor, left, top, width in self._sides(kind, words, x, y):
            box = (left, top, left + width, top + self.text * 1.2)
            if self._is_free(box):
                self.boxes.append(box)
                self.counts[kind] = count + 1
                return self._element(kind, words, anchor, box, (x, y))
        return ""

    def _sides(
        self, kind: str, words: str, x: float, y: float
    ) -> Iterator[tuple[str, float, float, float]]:
        width = len(words) * self.text * CHARACTER_WIDTHS.get(kind, WIDE_CHARACTER)
        height, gap = self.text * 1.2, self.text * 0.45
        if kind == "town":
            yield "start", x + gap, y - height / 2, width
            yield "end", x - gap - width, y - height / 2, width
            yield "middle", x - width / 2, y - height - gap / 2, width
            yield "middle", x - width / 2, y + gap / 2, width
        else:
            yield "middle", x - width / 2, y - height / 2, width

    def _is_free(self, box: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = box
        margin = MARGIN_PIXELS * self.text / TEXT_PIXELS
        if left < margin or top < margin:
            return False
        if right > self.frame.width - margin or bottom > self.frame.height - margin:
            return False
        if any(
            left < other[2] + margin
            and right > other[0] - margin
            and top < other[3] + margin
            and bottom > other[1] - margin
            for other in self.boxes
        ):
            return False
        return not self.route.intersects(shapely.box(*box))

    def _element(
        self,
        kind: str,
        words: str,
        anchor: str,
        box: tuple[float, float, float, float],
        place: tuple[float, float],
    ) -> str:
        left, top, right, bottom = box
        x = {"start": left, "end": right, "middle": (left + right) / 2}[anchor]
        dot = ""
        if kind == "town":
            dot = f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{self.text * 0.17:.1f}"/>'
        return (
            f'{dot}<text data-kind="{CLASSES.get(kind, "relief")}" text-anchor="{anchor}"'
            f' x="{x:.1f}" y="{(top + bottom) / 2:.1f}">{escape(words)}</text>'
        )
