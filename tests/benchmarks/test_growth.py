"""The benchmark of growth runs, and lists read as much of a large community as of a small one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks import growth, storing
from benchmarks.growth import Figures, communities, exceeding, measure, print_figures
from benchmarks.hot_pages import open_site

SIZES = (200, 400)
LESS, MORE = 1_000, 6_000
# Of these the plan changes with the size: the least trips are read whole, as is quicker.
ALIKE = (
    "feed, JSON",
    "feed, JSON, half way down",
    "feed, JSON, near the end",
    "trip page",
    "tag that many use",
    "tag of 3 trips",
    "country",
    "rider page",
    "statistics, JSON",
)
MOST_BLOCKS = 130  # of a list of 20: for each entry a trip and a rider, found by their indexes
MOST_BLOCKS_OF_BOTH = 300  # two indexes are merged until 20 trips are in both

pytestmark = pytest.mark.servers  # PostgreSQL beside the one that tests share


@pytest.fixture(scope="module")
def places() -> Iterator[list[tuple[str, Path]]]:
    with communities(SIZES) as found:
        yield found


@pytest.fixture(scope="module")
def figures(places: list[tuple[str, Path]]) -> Figures:
    return asyncio.run(measure(places, rounds=2))


def test_every_page_is_measured_at_every_size(
    figures: Figures, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {len(found) for found in figures.values()} == {len(SIZES)}
    for name, found in figures.items():
        assert all(each.milliseconds > 0 and each.read.blocks > 0 for each in found), name
    print_figures(SIZES, figures, {"feed, JSON"})
    said = capsys.readouterr().out
    assert "feed, JSON, goal 1.3" in said
    assert "400: ms, blocks" in said


def test_a_goal_is_missed_by_what_is_too_slow_at_any_size(figures: Figures) -> None:
    slow = growth.Figure(figures["trip page"][0].milliseconds * 1.4, figures["trip page"][0].read)
    worse = {**figures, "trip page": [figures["trip page"][0], slow]}
    assert exceeding(worse, {"trip page"}) == ["trip page"]
    assert exceeding(worse, set()) == []
    assert exceeding({"a": [slow, slow]}, {"a"}) == []


async def test_a_page_that_is_not_there_is_no_measurement(places: list[tuple[str, Path]]) -> None:
    async with open_site(*places[0]) as site:
        with pytest.raises(RuntimeError, match=r"/trips/nowhere was answered with \[404\]"):
            await site.ask("/trips/nowhere")


def test_what_is_kept_is_counted_and_each_write_is_logged(places: list[tuple[str, Path]]) -> None:
    held = storing.look(places[1][0])
    assert (held.riders, held.trips) == (40, 400)
    assert set(held.sizes) > {"trips", "tracks", "photos", "topics"}
    assert held.database_bytes > 1_000_000

    logged = asyncio.run(storing.log_of_writes(*places[1]))

    assert all(amount > 100 for amount in logged.values()), logged
    assert logged["publish it"] > logged["change its title"], "topics and the diary are written"
    assert storing.look(places[1][0]).trips == 400, "what was written is gone again"


def test_lists_read_as_much_of_a_large_community_as_of_a_small_one() -> None:
    with communities((LESS, MORE)) as found:
        measured = asyncio.run(measure(found, rounds=1))
    for name in ALIKE:
        less, more = (each.read.blocks for each in measured[name])
        assert more <= max(1.3 * less, MOST_BLOCKS), f"{name}: {less} blocks, then {more}"
    assert measured["country and tag"][1].read.blocks <= MOST_BLOCKS_OF_BOTH
    for name in ("list of riders", "list of riders, half way down"):
        assert measured[name][1].read.blocks <= MOST_BLOCKS, name
