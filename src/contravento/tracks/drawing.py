"""Drawings of a trip's tracks, made once by the worker."""

from collections.abc import Sequence
from typing import Any

from contravento.atlas.countries import countries_along
from contravento.atlas.drawing import Sheet, draw_outline, draw_sheet

type Lines = Sequence[Sequence[tuple[float, float]]]  # longitude, latitude in degrees

SHEET_WIDTH, SHEET_HEIGHT = 1200, 560
SHEET_BLEED = 180  # land drawn round it, for frames that are wider or taller


def find_countries(lines: Lines) -> list[str]:
    """ISO 3166-1 alpha-2 codes in the order in which the lines come to them."""
    return countries_along(lines)


def draw(
    tracks: Sequence[Lines], transfers: Sequence[dict[str, Any]] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A small outline for lists and a large sheet for the trip's own page, with the ways that were
    not ridden, as they are kept."""
    every_line = [line for lines in tracks for line in lines]
    outline = draw_outline(every_line)
    sheet = draw_sheet(
        tracks,
        width=SHEET_WIDTH,
        height=SHEET_HEIGHT,
        nights=_nights(tracks),
        bleed=SHEET_BLEED,
        transfers=[(each["begins"], each["ends"]) for each in transfers],
    )
    return _kept(outline), _kept(sheet)


def _nights(tracks: Sequence[Lines]) -> list[tuple[float, float]]:
    """Where each track but the first begins: riders mostly stop a recording to sleep."""
    begins = [lines[0][0] for lines in tracks[1:] if lines and lines[0]]
    return [(longitude, latitude) for longitude, latitude in begins]


def _kept(sheet: Sheet) -> dict[str, Any]:
    return {"width": sheet.width, "height": sheet.height, "body": sheet.body}
