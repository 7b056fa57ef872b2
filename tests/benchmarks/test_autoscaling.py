"""Production's autoscaler on a recorded load: enough pods in time, and none to and fro."""

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from benchmarks.autoscaling import (
    BUCKETS,
    CAPACITY,
    GOAL_SECONDS,
    PEAK,
    PHOTO_CPU_SECONDS,
    PHOTO_SECONDS,
    ROOT,
    START_SECONDS,
    Answers,
    Moment,
    Told,
    Work,
    longest_above,
    recorded,
    simulate,
    simulate_workers,
    spec_of,
    turns,
)
from benchmarks.hpa import LOOK_EVERY_SECONDS

from contravento.kit.telemetry import metrics

SPEC, WORKERS = spec_of("web"), spec_of("worker")
CALM_SECONDS = SPEC.down.window_seconds
PEAKS = (300.0, 800.0, PEAK, 1800.0)


@cache
def run(peak: float) -> list[Moment]:
    return list(simulate(SPEC, recorded(peak)))


@pytest.mark.parametrize("peak", PEAKS)
def test_the_numbers_are_kept_to(peak: float) -> None:
    assert {SPEC.least, SPEC.most} >= {min(each.pods for each in run(peak))}
    assert max(each.pods for each in run(peak)) <= SPEC.most


@pytest.mark.parametrize("peak", PEAKS)
def test_pods_do_not_come_and_go(peak: float) -> None:
    """Nobody goes before the highest need of ten minutes has passed."""
    changes = turns(run(peak))

    for (came, more), (went, fewer) in pairwise(changes):
        if more > 0 > fewer:
            assert went - came >= CALM_SECONDS, (came, went)
    crests = sum(b[1] < 0 < a[1] for a, b in pairwise(changes))
    assert crests <= 3  # breakfast, the shared link, the evening


@pytest.mark.parametrize("peak", PEAKS)
def test_answers_are_fast_again_soon_after_more_riders_come(peak: float) -> None:
    """A look, the window of the way up, and the start of pods; two rounds of it."""
    assert longest_above(run(peak)) <= 2 * (60 + START_SECONDS)


@pytest.mark.parametrize("peak", PEAKS)
def test_hardly_any_request_comes_while_answers_are_slow(peak: float) -> None:
    slow = sum(each.load for each in run(peak) if each.p95 > GOAL_SECONDS)

    assert slow <= 0.02 * sum(each.load for each in run(peak))


@cache
def work(peak: float) -> list[Work]:
    return list(simulate_workers(WORKERS, recorded(peak)))


@pytest.mark.parametrize("peak", [300.0, 800.0, PEAK])
def test_jobs_do_not_wait_long_and_workers_do_not_come_and_go(peak: float) -> None:
    """A minute's wait for ten minutes is an alert."""
    found = work(peak)

    assert all(WORKERS.least <= each.pods <= WORKERS.most for each in found)
    assert longest_above(found, 60, "age") < 600
    assert found[-1].age == 0
    for (came, more), (went, fewer) in pairwise(turns(found)):
        assert not more > 0 > fewer or went - came >= CALM_SECONDS


def test_workers_alone_would_leave_jobs_waiting() -> None:
    still = list(simulate_workers(replace(WORKERS, most=WORKERS.least), recorded()))

    assert longest_above(still, 60, "age") >= 600


def test_a_higher_load_gets_more_pods_and_a_quiet_one_the_least() -> None:
    most = [max(each.pods for each in run(peak)) for peak in PEAKS]

    assert most == sorted(most)
    assert (most[0], most[-1] > SPEC.least + 2) == (SPEC.least, True)


def test_without_the_autoscaler_riders_would_wait() -> None:
    still = list(simulate(replace(SPEC, most=SPEC.least), recorded()))

    assert longest_above(still) > 2 * longest_above(run(PEAK)) + 600


def test_without_the_window_pods_would_come_and_go() -> None:
    """So the check above can fail."""
    hasty = replace(SPEC, down=replace(SPEC.down, window_seconds=0))
    changes = turns(list(simulate(hasty, recorded())))

    assert any(b - a < CALM_SECONDS for (a, m), (b, f) in pairwise(changes) if m > 0 > f)


def test_too_few_pods_are_noticed() -> None:
    few = list(simulate(replace(SPEC, most=4), recorded(PEAKS[-1])))

    assert longest_above(few) > 2 * (60 + START_SECONDS)


def test_the_model_is_made_of_what_was_measured() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    trip = re.search(r"\| a trip's page \| (\d+) requests/s", page)
    photo = re.search(r"\| photo of 5 MB: [^|]*\| ([\d.]+) s, ([\d.]+) s of CPU", page)

    assert trip
    assert photo
    assert float(trip[1]) == CAPACITY
    assert (float(photo[1]), float(photo[2])) == (PHOTO_SECONDS, PHOTO_CPU_SECONDS)
    assert metrics._ANSWER_SECONDS == BUCKETS


def test_the_load_was_recorded() -> None:
    loads = recorded()

    assert len(loads) * LOOK_EVERY_SECONDS >= 2 * 3600
    assert max(loads) == PEAK
    assert max(loads) > 5 * sorted(loads)[len(loads) // 4]


@pytest.mark.parametrize("arrivals", [0.0, 100.0, 230.0])
def test_prometheus_reads_about_what_riders_felt(arrivals: float) -> None:
    """Between the bounds of its buckets, and never below the lowest of them by much."""
    told = Told()
    answers = Answers.of(arrivals, 0.0)
    told.add(1.0, answers)

    upper = next(each for each in BUCKETS if each >= answers.p95)
    lower = max((each for each in BUCKETS if each < answers.p95), default=0.0)
    assert lower <= told.p95() <= upper


def test_nobody_who_asks_is_fast() -> None:
    assert Told().p95() == 0


@pytest.mark.parametrize("peak", PEAKS)
def test_the_page_tells_what_the_simulation_says(peak: float) -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    (row,) = re.findall(rf"^\| {peak:,.0f}(?: requests/s)? \|.*$", page, re.M)
    pods, above, alone, workers, oldest = (cell.strip() for cell in row.split("|")[2:-1])
    found, still = run(peak), list(simulate(replace(SPEC, most=SPEC.least), recorded(peak)))

    assert int(re.findall(r"\d+", pods.partition(",")[0])[-1]) == max(e.pods for e in found)
    for said, moments in ((above, found), (alone, still)):
        seconds = re.match(r"([\d,]+) s on end", said)
        assert (int(seconds[1].replace(",", "")) if seconds else 0) == longest_above(moments)
    assert int(re.findall(r"\d+", workers)[1]) == max(each.pods for each in work(peak))
    assert int(oldest.split()[0]) == round(max(each.age for each in work(peak)))
