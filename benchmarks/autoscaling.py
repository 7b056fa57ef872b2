"""How many pods a recorded load would get, and what riders would feel.

    python -m benchmarks.autoscaling

The autoscaler is benchmarks/hpa.py with production's own numbers. The pods are a model: each
answers what docs/performance.md measured of one process, shared among the requests under way (an
M/M/1 queue: 95 of 100 take at most ln(20) / (capacity - arrivals)), and what is beyond all pods'
capacity waits in line. PostgreSQL is taken to keep up with the most pods that may be.
"""

import csv
import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.hpa import LOOK_EVERY_SECONDS, Autoscaler, Seen, Spec, read

ROOT = Path(__file__).resolve().parent.parent
MANIFESTS = ROOT / "deploy" / "kubernetes"
RECORDED = Path(__file__).parent / "recorded-load.csv"

CAPACITY = 244.0  # a trip's page per second, the dearest of those measured
START_SECONDS = 30  # from the decision to the first request: image there, migrated, warmed up
WINDOW_SECONDS = 120  # over which the adapter takes the latency
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0)  # of kit/metrics.py, in seconds
GOAL_SECONDS = 0.5
PEAK = 1200.0  # requests a second that the recorded load's highest moment stands for
STEADIED = 2  # figures on either side
P95 = "contravento_request_p95_seconds"

PHOTO_SECONDS, PHOTO_CPU_SECONDS = 0.95, 0.68  # of 5 MB, as measured
WORKER_PROCESSES = 2
PHOTOS_A_REQUEST = 0.01
AGE = "contravento_queue_age_seconds"


@dataclass(frozen=True, slots=True)
class Moment:
    """A quarter of a minute. `p95` is what riders felt, `told` what the autoscaler heard of it."""

    second: int
    load: float
    pods: int
    ready: int
    p95: float
    told: float
    used: float


def spec_of(name: str, environment: str = "prod") -> Spec:
    """As the base says it and the overlay numbers it."""
    said: dict[str, Any] = {}
    numbers = MANIFESTS / "overlays" / environment / "numbers.yaml"
    for path in (MANIFESTS / "base" / f"{name}.yaml", numbers):
        for each in yaml.safe_load_all(path.read_text()):
            if each["kind"] == "HorizontalPodAutoscaler" and each["metadata"]["name"] == name:
                said |= each["spec"]
    return read(said)


def recorded(peak: float = PEAK) -> list[float]:
    """Requests a second, one for each quarter of a minute, the highest of them being `peak`.

    Chance moves a large crowd less than the small one that was recorded: so each figure is the mean
    of those around it.
    """
    lines = (line for line in RECORDED.read_text().splitlines() if not line.startswith("#"))
    found = [float(row["requests_per_second"]) for row in csv.DictReader(lines)]
    around = [found[max(0, at - STEADIED) : at + STEADIED + 1] for at in range(len(found))]
    steadied = [sum(each) / len(each) for each in around]
    return [each * peak / max(steadied) for each in steadied]


def simulate(spec: Spec, loads: Sequence[float]) -> Iterator[Moment]:
    autoscaler = Autoscaler(spec)
    pods, ready_at = spec.least, [0] * spec.least
    line, told = 0.0, Told()
    for step, load in enumerate(loads):
        now = step * LOOK_EVERY_SECONDS
        ready = sum(each <= now for each in ready_at)
        line = max(0.0, line + (load - ready * CAPACITY) * LOOK_EVERY_SECONDS)
        answers = Answers.of(load / ready, line / (ready * CAPACITY))
        told.add(load, answers)
        used = min(1.0, load / (ready * CAPACITY)) if not line else 1.0
        yield Moment(now, load, pods, ready, answers.p95, told.p95(), used)
        pods = autoscaler.decide(now, Seen(pods, ready, used, {P95: told.p95()}))
        kept = sorted(ready_at)[:pods]
        ready_at = kept + [now + START_SECONDS] * (pods - len(kept))


@dataclass(frozen=True, slots=True)
class Answers:
    """How long they take: `wait` in line, and then exponentially with `rate`."""

    wait: float
    rate: float

    @classmethod
    def of(cls, arrivals: float, wait: float) -> "Answers":
        """A pod that is full still ends one request after the other."""
        return cls(wait, max(CAPACITY - arrivals, CAPACITY / 100))

    @property
    def p95(self) -> float:
        return self.wait + math.log(20) / self.rate

    def share_within(self, seconds: float) -> float:
        return 1 - math.exp(-self.rate * (seconds - self.wait)) if seconds > self.wait else 0.0


class Told:
    """What Prometheus makes of it: a histogram of the last two minutes, read between its bounds."""

    def __init__(self) -> None:
        steps = WINDOW_SECONDS // LOOK_EVERY_SECONDS
        self._last: deque[tuple[float, tuple[float, ...]]] = deque(maxlen=steps)

    def add(self, load: float, answers: Answers) -> None:
        self._last.append((load, tuple(answers.share_within(each) for each in BUCKETS)))

    def p95(self) -> float:
        """histogram_quantile's way; nothing was asked: 0, as the adapter says."""
        total = sum(load for load, _ in self._last)
        if not total:
            return 0.0
        below, bound = 0.0, 0.0
        for place, upper in enumerate(BUCKETS):
            share = sum(load * shares[place] for load, shares in self._last) / total
            if share >= 0.95:
                return bound + (upper - bound) * (0.95 - below) / (share - below)
            below, bound = share, upper
        return BUCKETS[-1]


@dataclass(frozen=True, slots=True)
class Work:
    """A quarter of a minute of the workers. `age` is how long the oldest job has waited."""

    second: int
    arrivals: float
    pods: int
    ready: int
    age: float


def simulate_workers(spec: Spec, loads: Sequence[float]) -> Iterator[Work]:
    """A photograph comes with every hundredth request; each worker makes two at a time."""
    autoscaler = Autoscaler(spec)
    pods, ready_at, line = spec.least, [0] * spec.least, 0.0
    for step, load in enumerate(loads):
        now, arrivals = step * LOOK_EVERY_SECONDS, load * PHOTOS_A_REQUEST
        ready = sum(each <= now for each in ready_at)
        made = ready * WORKER_PROCESSES / PHOTO_SECONDS
        line = max(0.0, line + (arrivals - made) * LOOK_EVERY_SECONDS)
        busy = 1.0 if line else min(1.0, arrivals / made)
        yield Work(now, arrivals, pods, ready, line / made)
        used = busy * WORKER_PROCESSES * PHOTO_CPU_SECONDS / PHOTO_SECONDS
        pods = autoscaler.decide(now, Seen(pods, ready, used, {AGE: line / made}))
        kept = sorted(ready_at)[:pods]
        ready_at = kept + [now + START_SECONDS] * (pods - len(kept))


def longest_above(
    moments: Sequence[Moment | Work], seconds: float = GOAL_SECONDS, of: str = "p95"
) -> int:
    """For how many seconds on end that was more."""
    longest = current = 0
    for each in moments:
        current = current + LOOK_EVERY_SECONDS if getattr(each, of) > seconds else 0
        longest = max(longest, current)
    return longest


def turns(moments: Sequence[Moment | Work]) -> list[tuple[int, int]]:
    """When pods came or went, and how many."""
    return [(b.second, b.pods - a.pods) for a, b in pairwise(moments) if a.pods != b.pods]


def main() -> None:
    spec, loads = spec_of("web"), recorded()
    moments = list(simulate(spec, loads))
    work = list(simulate_workers(spec_of("worker"), loads))
    console = Console(width=100)
    console.print(_table(moments, work))
    for name, found in (("web", moments), ("worker", work)):
        least, most = spec_of(name).least, spec_of(name).most
        hours = sum(each.pods for each in found) * LOOK_EVERY_SECONDS / 3600
        console.print(
            f"{name}: {least} to {most} pods allowed, at most {max(each.pods for each in found)}"
            f" used, {hours:.1f} pod-hours, {len(turns(found))} changes."
        )
    fixed = list(simulate(replace(spec, most=spec.least), loads))
    for name, answered in (("scaled", moments), (f"always {spec.least}", fixed)):
        above = sum(each.p95 > GOAL_SECONDS for each in answered) * LOOK_EVERY_SECONDS
        console.print(
            f"{name}: answers above {GOAL_SECONDS} s for {above} s in all,"
            f" {longest_above(answered)} s on end; slowest p95"
            f" {max(each.p95 for each in answered):.2f} s."
        )
    console.print(f"The oldest photograph waited {max(each.age for each in work):.0f} s.")


def _table(moments: Sequence[Moment], work: Sequence[Work]) -> Table:
    """Every other minute of both."""
    table = Table("minute", "requests/s", "web", "p95", "workers", "oldest job")
    for each, made in list(zip(moments, work, strict=True))[::8]:
        table.add_row(
            f"{each.second // 60}",
            f"{each.load:.0f}",
            _drawn(each.ready, each.pods),
            f"{each.p95 * 1000:.0f} ms",
            _drawn(made.ready, made.pods),
            f"{made.age:.0f} s",
        )
    return table


def _drawn(ready: int, pods: int) -> str:
    return "█" * ready + "░" * (pods - ready) + f" {pods}"


if __name__ == "__main__":
    main()
