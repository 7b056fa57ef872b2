"""The simulated hosts answer as the measured one did, and more of them carry more."""

import re
from pathlib import Path

import pytest
from benchmarks import hosts
from benchmarks.hosts import FEED, LAYOUTS, Layout

PERFORMANCE = Path(__file__).parents[2] / "docs" / "performance.md"


def test_what_was_measured_is_what_the_page_says() -> None:
    words = PERFORMANCE.read_text()
    feed, front, trip = hosts.POINTS
    for point in (front, trip):
        assert f"{point.per_second:.0f} requests/s, p95 {(point.p95 or 0) * 1000:.0f} ms" in words
    said = re.search(
        r"it said (\d+)\s+requests/s watched and (\d+) unwatched, and ([\d,]+) µs of"
        r" CPU a request against ([\d,]+)",
        words,
    )
    assert said, "the page says what watching costs"
    micros = [int(each.replace(",", "")) for each in said.groups()]
    assert {micros[0], micros[1]} == {int(hosts.UNWATCHED.per_second), int(feed.per_second)}
    assert {micros[2], micros[3]} == {
        round(each.request.web * 1e6) for each in (hosts.UNWATCHED, feed)
    }


def test_the_simulation_comes_as_near_to_the_measured_points_as_it_says() -> None:
    for point, found in hosts.check():
        over = found.per_second / point.per_second - 1
        assert -0.05 < over <= hosts.WORST_OVERESTIMATE, point.name
        if point.p95:
            assert 0.6 < found.p95 / point.p95 < 1.05, point.name


def test_other_programs_cost_what_they_take() -> None:
    disturbed = [
        hosts.measure_closed(
            hosts.BENCH, FEED, clients=10, disturbing=each, wanted=3_000
        ).per_second
        for each in (0.0, 0.5, 1.0, 1.5)
    ]
    assert disturbed == sorted(disturbed, reverse=True)


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_processes_add_up_while_there_are_cores(processes: int) -> None:
    layout = Layout("", (16,), (processes,))
    found = hosts.measure_closed(layout, FEED, clients=40, disturbing=0.0, wanted=4_000)
    assert found.per_second == pytest.approx(processes / FEED.web, rel=0.04)


def test_a_database_of_its_own_is_the_limit_once_it_is_small_enough() -> None:
    layout = Layout("", (8, 8, 8), (8, 8, 8), database_cores=1)
    assert hosts.ceiling(layout, (FEED,)) == pytest.approx(1 / FEED.database)


def test_larger_layouts_carry_more_and_cost_is_by_what_is_carried() -> None:
    found = [hosts.most_carried(each, wanted=2_000) for each in LAYOUTS]
    carried = [each.per_second for each in found]
    assert carried == sorted(carried)
    for each in found:
        assert each.lowest < each.per_second
        assert each.p95 <= hosts.MOST_P95_SECONDS
        assert 0 < each.database_share < 1
    assert hosts.cost(30.0, 100.0) == pytest.approx(30.0 * 1000 / (100 * 0.3 * 30 * 86_400))
