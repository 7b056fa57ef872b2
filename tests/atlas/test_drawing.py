"""The drawn maps: inside the sheet, small, and never nonsense."""

import re

import numpy as np
import pytest
from shapely import Point, Polygon

from contravento.atlas import drawing

CANTABRIA = [[(-2.93, 43.26), (-4.6, 43.1), (-5.9, 43.2), (-7.5, 43.0), (-9.27, 42.88)]]
LOFOTEN = [[(14.4, 67.28), (13.0, 67.9), (14.6, 68.2), (16.5, 68.8), (18.95, 69.65)]]
FIJI = [[(177.4, -17.8), (178.4, -18.1), (179.3, -16.4), (-179.97, -16.8)]]
SHORT = [[(-2.93, 43.26), (-2.935, 43.265), (-2.94, 43.262)]]
TOURS = {"Cantabria": CANTABRIA, "Lofoten": LOFOTEN, "Fiji": FIJI, "a short ride": SHORT}


def paths_of(body: str, kind: str) -> list[str]:
    return re.findall(rf'<path class="{kind}"[^>]* d="([^"]+)"', body)


def subpaths(path: str) -> list[list[tuple[float, float]]]:
    """Read back what projection writes: M, then relative l with bare numbers, then maybe Z."""
    drawn = []
    for part in path.replace("Z", "").split("M")[1:]:
        numbers = np.array([float(number) for number in re.findall(r"-?\d*\.?\d+", part)]).reshape(
            -1, 2
        )
        drawn.append([(float(x), float(y)) for x, y in np.cumsum(numbers, axis=0)])
    return drawn


def is_land(sheet: drawing.Sheet, x: float, y: float) -> bool:
    inside = [
        Polygon(ring).buffer(0).contains(Point(x, y))
        for path in paths_of(sheet.body, "map-land")
        for ring in subpaths(path)
        if len(ring) > 3
    ]
    return sum(inside) % 2 == 1


@pytest.mark.parametrize("name", TOURS)
def test_an_outline_is_small_and_has_no_nonsense_in_it(name: str) -> None:
    sheet = drawing.draw_outline(TOURS[name])

    assert len(sheet.body) < 5_000
    assert not re.search(r"nan|inf|None|style=|\sid=", sheet.body)
    assert sheet.body.count("<circle") == 2


@pytest.mark.parametrize("name", TOURS)
def test_the_route_lies_on_the_sheet_and_land_ends_just_outside(name: str) -> None:
    sheet = drawing.draw_outline(TOURS[name])

    for path in paths_of(sheet.body, "map-route"):
        for x, y in (point for part in subpaths(path) for point in part):
            assert 0 <= x <= sheet.width
            assert 0 <= y <= sheet.height
    for path in paths_of(sheet.body, "map-land"):
        for x, y in (point for part in subpaths(path) for point in part):
            assert -6 <= x <= sheet.width + 6
            assert -6 <= y <= sheet.height + 6


def test_the_sea_is_north_of_cantabria_and_the_land_south() -> None:
    sheet = drawing.draw_outline(CANTABRIA)

    assert not is_land(sheet, 160, 20)
    assert is_land(sheet, 160, 170)
    assert not is_land(sheet, 8, 100)


def test_a_track_across_the_date_line_stays_in_one_piece() -> None:
    west, _, east, _ = drawing.draw_outline(FIJI).bounds

    assert 170 < west < 180 < east < 185


def test_a_short_ride_is_shown_with_the_country_round_it() -> None:
    west, south, east, north = drawing.draw_outline(SHORT).bounds

    assert (east - west) * 111 * 0.73 > 20
    assert (north - south) * 111 > 20


@pytest.mark.parametrize("lines", [[], [[]], [[(float("nan"), 1.0)]], [[(2.0, 48.0)]]])
def test_a_track_without_a_line_still_gives_a_map(lines: list[list[tuple[float, float]]]) -> None:
    sheet = drawing.draw_outline(lines)

    assert "map-land" in sheet.body
    assert "nan" not in sheet.body


def test_a_sheet_draws_every_tour_over_its_casing() -> None:
    sheet = drawing.draw_sheet([CANTABRIA, LOFOTEN])

    assert len(paths_of(sheet.body, "map-casing")) == len(paths_of(sheet.body, "map-route")) == 2
    assert sheet.body.index("map-graticule") < sheet.body.index("map-land")
    assert sheet.body.rindex("map-casing") < sheet.body.index("map-route")


def test_country_names_are_lettered_where_there_is_room() -> None:
    sheet = drawing.draw_sheet([CANTABRIA], names={"ES": "<España>", "PT": "Portugal", "JP": "–"})

    assert "&lt;España&gt;" in sheet.lettering
    assert "Portugal" in sheet.lettering
    assert sheet.lettering.count("<text") == 2


def test_nights_are_rings_on_the_route() -> None:
    sheet = drawing.draw_sheet([FIJI], nights=[FIJI[0][0], FIJI[0][-1]])

    rings = re.findall(r'<circle cx="([\d.-]+)"', sheet.body)
    assert len(rings) == 2
    assert all(0 <= float(x) <= sheet.width for x in rings)


def test_most_countries_are_on_the_sheet_and_the_rest_are_named() -> None:
    sheet, off_sheet = drawing.draw_countries(["ES", "PT", "FR", "IT", "CH", "NO"])

    assert off_sheet == ["NO"]
    assert paths_of(sheet.body, "map-visited")


def test_a_country_of_which_much_is_seen_is_not_called_off_the_sheet() -> None:
    _, off_sheet = drawing.draw_countries(["SE", "DK", "RU", "JP"])

    assert off_sheet == ["JP"]


def test_nobody_has_been_anywhere_yet() -> None:
    sheet, off_sheet = drawing.draw_countries([])

    assert off_sheet == []
    assert "map-visited" not in sheet.body
