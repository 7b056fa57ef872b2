"""What k6's summary says, and where the knee is."""

from typing import Any

import pytest

from contravento_ops.load.results import LoadStage, Result, knee, knee_in_words, read, sentences

TIMES = {"med": 15.04, "p(95)": 148.7, "p(99)": 869.2, "max": 2000.0}
SUMMARY: dict[str, Any] = {
    "metrics": {
        "http_reqs": {"count": 2126, "rate": 62.51},
        "http_req_failed": {"passes": 3, "fails": 2123, "thresholds": {"rate<=0": True}},
        "http_req_duration": {**TIMES, "p(95)": 900.0},
        "http_req_duration{scope:measured}": {**TIMES, "thresholds": {"p(95)<500": False}},
        "http_req_duration{journey:feed}": {**TIMES, "p(95)": 140.2},
        "http_req_duration{journey:upload}": {**TIMES, "max": 0, "p(95)": 0},
        "http_reqs{step:10}": {"count": 180, "rate": 3.0},
        "http_req_duration{step:10}": TIMES,
        "http_req_failed{step:10}": {"passes": 0, "fails": 180},
    }
}


def step(riders: int, per_second: float, p95: float = 100.0, failed: int = 0) -> LoadStage:
    return LoadStage(riders, int(per_second * 15), per_second, p95, failed)


def test_a_summary_is_read_as_figures() -> None:
    found = read(SUMMARY, step_seconds=12)

    assert (found.requests, found.requests_per_second, found.failed) == (2126, 62.5, 3)
    assert found.p95_milliseconds == 148.7  # what went before and after is left out
    assert found.journeys == {"feed": 140.2}  # nobody uploaded
    assert found.steps == (LoadStage(10, 180, 15.0, 148.7, 0),)


def test_a_threshold_that_is_crossed_is_named() -> None:
    found = read(SUMMARY, step_seconds=12)

    assert not found.is_good
    assert found.crossed == ("http_req_failed rate<=0",)
    assert "Not reached: http_req_failed rate<=0." in list(sentences(found))


def test_nothing_crossed_is_good() -> None:
    assert Result(1, 1, 0, 1, 1, 1, {}, ()).is_good


@pytest.mark.parametrize(
    ("steps", "riders"),
    [
        ([step(10, 15), step(25, 35), step(50, 70)], 50),
        ([step(10, 15), step(25, 35), step(50, 37)], 25),  # more riders, no more answers
        ([step(10, 15), step(25, 35), step(50, 60, p95=700)], 25),
        ([step(10, 15), step(25, 35), step(50, 60, failed=1)], 25),
        ([step(10, 15), step(25, 35, p95=700), step(50, 70)], 50),  # a hiccup in between
    ],
)
def test_the_knee_is_the_last_good_step_that_brought_more(
    steps: list[LoadStage], riders: int
) -> None:
    found = knee(steps)

    assert found
    assert found.riders == riders


def test_the_knee_is_told_where_it_is_and_where_it_is_not() -> None:
    assert knee_in_words([step(10, 15, failed=2)]) == "Already 10 riders at once are too many."
    assert knee_in_words([step(10, 15), step(25, 35)]) == "The knee lies beyond 25 riders at once."
    assert "at 10 riders" in knee_in_words([step(10, 15), step(25, 15)])
