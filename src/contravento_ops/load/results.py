"""What k6 found, as figures and a verdict; where the knee is. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

P95_MILLISECONDS = 500.0
GROWTH = 1.1  # a step that brings less than a tenth more answers a second brought nothing
JOURNEYS = ("feed", "trip", "map", "sign-in", "write", "upload")


@dataclass(frozen=True, slots=True)
class LoadStage:
    """So many riders at once, and what they got."""

    riders: int
    requests: int
    requests_per_second: float
    p95_milliseconds: float
    failed: int

    @property
    def is_good(self) -> bool:
        return self.failed == 0 and self.p95_milliseconds < P95_MILLISECONDS


@dataclass(frozen=True, slots=True)
class Result:
    requests: int
    requests_per_second: float
    failed: int
    median_milliseconds: float
    p95_milliseconds: float
    p99_milliseconds: float
    journeys: Mapping[str, float]  # p95 in milliseconds
    crossed: tuple[str, ...]  # thresholds
    steps: tuple[LoadStage, ...] = ()

    @property
    def is_good(self) -> bool:
        return not self.crossed


def read(summary: Mapping[str, Any], *, step_seconds: float) -> Result:
    """What `k6 run --summary-export` wrote."""
    metrics = summary["metrics"]
    times = metrics.get("http_req_duration{scope:measured}") or metrics["http_req_duration"]
    return Result(
        requests=int(metrics["http_reqs"]["count"]),
        requests_per_second=round(metrics["http_reqs"]["rate"], 1),
        failed=int(metrics["http_req_failed"]["passes"]),  # of the question «did it fail?»
        median_milliseconds=round(times["med"], 1),
        p95_milliseconds=round(times["p(95)"], 1),
        p99_milliseconds=round(times["p(99)"], 1),
        journeys=dict(_journeys(metrics)),
        crossed=tuple(_crossed(metrics)),
        steps=tuple(sorted(_steps(metrics, step_seconds), key=lambda each: each.riders)),
    )


def _journeys(metrics: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name in JOURNEYS:
        found = metrics.get(f"http_req_duration{{journey:{name}}}")
        if found and found["max"]:
            yield name, round(found["p(95)"], 1)


def _crossed(metrics: Mapping[str, Any]) -> Iterator[str]:
    for name, found in metrics.items():
        for threshold, is_crossed in found.get("thresholds", {}).items():
            if is_crossed:
                yield f"{name} {threshold}"


def _steps(metrics: Mapping[str, Any], seconds: float) -> Iterator[LoadStage]:
    for name, found in metrics.items():
        before, found_step, rest = name.partition("{step:")
        if before != "http_reqs" or not found_step or not found["count"]:
            continue
        riders = int(rest.rstrip("}"))
        yield LoadStage(
            riders=riders,
            requests=int(found["count"]),
            requests_per_second=round(found["count"] / seconds, 1),
            p95_milliseconds=round(metrics[f"http_req_duration{{step:{rest}"]["p(95)"], 1),
            failed=int(metrics[f"http_req_failed{{step:{rest}"]["passes"]),
        )


def knee(steps: Sequence[LoadStage]) -> LoadStage | None:
    """The last step that was good and brought more than the good one before; None if none was.

    A bad step below a good one was a hiccup of the machine.
    """
    found = None
    for step in steps:
        is_growing = found is None or step.requests_per_second >= GROWTH * found.requests_per_second
        if step.is_good and is_growing:
            found = step
    return found


def sentences(result: Result) -> Iterable[str]:
    yield (
        f"{result.requests} requests, {result.requests_per_second:.0f} a second,"
        f" {result.failed} failed."
    )
    yield (
        f"Half of them within {result.median_milliseconds:.0f} ms, 95 of 100 within"
        f" {result.p95_milliseconds:.0f} ms, 99 of 100 within {result.p99_milliseconds:.0f} ms."
    )
    if result.steps:
        yield knee_in_words(result.steps)
    yield from (f"Not reached: {each}." for each in result.crossed)


def knee_in_words(steps: Sequence[LoadStage]) -> str:
    found = knee(steps)
    if found is None:
        return f"Already {steps[0].riders} riders at once are too many."
    if found == steps[-1]:
        return f"The knee lies beyond {found.riders} riders at once."
    return (
        f"The knee is at {found.riders} riders at once, {found.requests_per_second:.0f} requests"
        " a second: more of them get slower answers, or none."
    )
