"""Names on drawn maps: of what is there, off the route and off each other."""

import re
from itertools import combinations

import numpy as np
import pytest
import shapely

from contravento.atlas.drawing import draw_sheet, letter_sheet
from contravento.atlas.lettering import TEXT_PIXELS, load_names

DUERO = [(-6.9 + 0.02 * step, 41.55 + 0.003 * step) for step in range(80)]
WIDTH, HEIGHT = 1200, 560


def texts(letters: str, size: str) -> list[tuple[str, str, float, float, str]]:
    """Kind, anchor, place and words of each."""
    group = letters.partition(f'data-size="{size}"')[2].partition("</g>")[0]
    pattern = r'<text data-kind="(\w+)" text-anchor="(\w+)" x="([\d.-]+)" y="([\d.-]+)">([^<]+)<'
    return [
        (kind, anchor, float(x), float(y), words)
        for kind, anchor, x, y, words in re.findall(pattern, group)
    ]


def boxes(letters: str, size: str, scale: float) -> list[shapely.Polygon]:
    """About what the texts cover: narrower than they may be drawn."""
    found = []
    for _, anchor, x, y, words in texts(letters, size):
        width, half = 0.4 * TEXT_PIXELS * scale * len(words), 0.4 * TEXT_PIXELS * scale
        left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
        found.append(shapely.box(left, y - half, left + width, y + half))
    return found


@pytest.fixture(scope="module")
def letters() -> str:
    return letter_sheet([[DUERO]], "en", width=WIDTH, height=HEIGHT, shown_pixels=1100)


def test_towns_near_the_route_are_named(letters: str) -> None:
    names = {words for *_, words in texts(letters, "wide")}

    assert {"Zamora", "Benavente"} <= names
    assert 5 <= len(names) <= 40


def test_a_narrow_screen_has_fewer_and_larger_names(letters: str) -> None:
    wide, narrow = texts(letters, "wide"), texts(letters, "narrow")

    assert 1 <= len(narrow) < len(wide)
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', letters)]
    assert sizes[1] == pytest.approx(TEXT_PIXELS * WIDTH / 340, abs=0.1)
    assert sizes[0] == pytest.approx(TEXT_PIXELS * WIDTH / 1100, abs=0.1)


@pytest.mark.parametrize(("size", "shown"), [("wide", 1100), ("narrow", 340)])
def test_names_stand_off_each_other_and_inside_the_sheet(
    letters: str, size: str, shown: int
) -> None:
    covered = boxes(letters, size, WIDTH / shown)

    assert not any(one.intersects(other) for one, other in combinations(covered, 2))
    assert all(shapely.box(0, 0, WIDTH, HEIGHT).contains(one) for one in covered)


def test_no_name_hides_the_route() -> None:
    sheet = draw_sheet([[DUERO]], width=WIDTH, height=HEIGHT, shown_pixels=1100)
    path = re.search(r'class="map-route" d="([^"]+)"', sheet.body)
    assert path
    steps = [
        [float(n) for n in re.findall(r"-?[\d.]+", one)]
        for one in re.findall(r"[Ml][^Ml]*", path[1])
    ]
    pairs = [(row[at], row[at + 1]) for row in steps for at in range(0, len(row) - 1, 2)]
    route = shapely.LineString(np.cumsum(np.array(pairs), axis=0))

    assert route.length > WIDTH / 2
    assert not any(one.intersects(route) for one in boxes(sheet.body, "wide", WIDTH / 1100))


def test_a_sheet_across_the_date_line_is_named_on_both_sides() -> None:
    fiji = [(177.3, -17.7), (179.5, -17.0), (181.0, -16.8)]
    names = {
        words
        for *_, words in texts(
            letter_sheet([[fiji]], "en", width=900, height=438, shown_pixels=900), "wide"
        )
    }

    assert "Suva" in names
    assert names & {"Labasa", "Savusavu", "Nadi", "Lautoka"}


def test_a_name_of_a_place_is_text_and_no_markup() -> None:
    assert all(
        "<" not in words
        for *_, words in texts(
            letter_sheet([[DUERO]], "en", width=900, height=438, shown_pixels=900), "wide"
        )
    )


def test_seas_and_ranges_are_named_from_afar() -> None:
    europe = [(-9.0, 38.7), (2.3, 48.9), (21.0, 52.2)]
    kinds = {
        kind
        for kind, *_ in texts(
            letter_sheet([[europe]], "en", width=WIDTH, height=HEIGHT, shown_pixels=1100), "wide"
        )
    }

    assert {"place", "water", "relief"} <= kinds


def test_the_names_are_those_of_the_whole_world() -> None:
    names = load_names()

    assert len(names.words["en"]) == len(names.words["es"]) > 30_000
    assert set(names.kinds) == {"town", "sea", "range", "region", "island", "peak", "pass"}
    assert names.places[:, 0].min() < -170 < 170 < names.places[:, 0].max()
    assert (np.diff(names.zooms) >= 0).all()


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", {"London", "Bay of Biscay"}), ("es", {"Londres", "Golfo de Vizcaya"})],
)
def test_seas_and_towns_are_named_in_the_readers_language(
    language: str, expected: set[str]
) -> None:
    coast = [(-3.0, 43.4), (-1.5, 43.5), (2.3, 48.9), (-0.1, 51.5)]
    letters = letter_sheet([[coast]], language, width=WIDTH, height=HEIGHT, shown_pixels=1100)

    assert expected <= {words for *_, words in texts(letters, "wide")}
