"""Kubernetes' HorizontalPodAutoscaler (autoscaling/v2) as a pure function of what it is told.

Source: "Algorithm details" and "Configurable scaling behavior" of Kubernetes' documentation, and
where that is silent, the controller (pkg/controller/podautoscaler): what is desired of each metric
is ceil(pods × figure / target) unless the two are within a tenth of each other; the most of all
counts; recommendations are held for a window on the way up and down; policies bound each step.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TOLERANCE = 0.1
LOOK_EVERY_SECONDS = 15
UNITS = {"m": 0.001}


@dataclass(frozen=True, slots=True)
class Policy:
    """At most so many pods, or per cent of them, in a period."""

    kind: str
    value: int
    period_seconds: int


@dataclass(frozen=True, slots=True)
class Direction:
    window_seconds: int
    policies: tuple[Policy, ...]
    select: str = "Max"


@dataclass(frozen=True, slots=True)
class Spec:
    """What a HorizontalPodAutoscaler says. `cpu` is a share of the request; others are by name."""

    least: int
    most: int
    cpu: float
    external: Mapping[str, float]
    up: Direction
    down: Direction


def read(spec: Mapping[str, Any]) -> Spec:
    """From an object's spec; only what ours use is understood."""
    cpu, external = 0.0, {}
    for each in spec["metrics"]:
        if each["type"] == "Resource":
            cpu = each["resource"]["target"]["averageUtilization"] / 100
        else:
            found = each["external"]
            external[found["metric"]["name"]] = _quantity(found["target"]["value"])
    behavior = spec["behavior"]
    return Spec(
        spec["minReplicas"],
        spec["maxReplicas"],
        cpu,
        external,
        _direction(behavior["scaleUp"]),
        _direction(behavior["scaleDown"]),
    )


def _quantity(written: str) -> float:
    unit = UNITS.get(written[-1])
    return float(written) if unit is None else float(written[:-1]) * unit


def _direction(said: Mapping[str, Any]) -> Direction:
    policies = (
        Policy(each["type"], each["value"], each["periodSeconds"]) for each in said["policies"]
    )
    return Direction(
        said["stabilizationWindowSeconds"], tuple(policies), said.get("selectPolicy", "Max")
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What the metrics say: use of ready pods as a share of their request, and figures by name."""

    pods: int
    ready: int
    cpu: float
    external: Mapping[str, float]


@dataclass(slots=True)
class Autoscaler:
    """What it remembers: recommendations, and how many pods came and went when."""

    spec: Spec
    _recommended: deque[tuple[float, int]] = field(default_factory=deque)
    _changes: deque[tuple[float, int]] = field(default_factory=deque)

    def decide(self, now: float, seen: Seen) -> int:
        """How many pods there are to be."""
        desired = desired_of(self.spec, seen)
        stable = self._stabilised(now, seen.pods, desired)
        decided = min(max(self._bounded(now, seen.pods, stable), self.spec.least), self.spec.most)
        if decided != seen.pods:
            self._changes.append((now, decided - seen.pods))
        return decided

    def _stabilised(self, now: float, pods: int, desired: int) -> int:
        """Not above the lowest of the way up's window, nor below the highest of the way down's."""
        upper = self._within(now, self.spec.up.window_seconds)
        lower = self._within(now, self.spec.down.window_seconds)
        self._recommended.append((now, desired))
        return min(max(pods, min([desired, *upper])), max([desired, *lower]))

    def _within(self, now: float, seconds: float) -> list[int]:
        return [each for when, each in self._recommended if when > now - seconds]

    def _bounded(self, now: float, pods: int, wanted: int) -> int:
        if wanted > pods:
            limits = [self._limit(now, pods, each, 1) for each in self.spec.up.policies]
            return min(wanted, _chosen(limits, self.spec.up.select, max, min))
        if wanted < pods:
            limits = [self._limit(now, pods, each, -1) for each in self.spec.down.policies]
            return max(wanted, _chosen(limits, self.spec.down.select, min, max))
        return wanted

    def _limit(self, now: float, pods: int, policy: Policy, sign: int) -> int:
        """How far a policy lets it go from where it was when the period began."""
        changed = sum(
            change
            for when, change in self._changes
            if when > now - policy.period_seconds and change * sign > 0
        )
        before = pods - changed
        if policy.kind == "Pods":
            return before + sign * policy.value
        scaled = before * (1 + sign * policy.value / 100)
        return math.ceil(scaled) if sign > 0 else math.floor(scaled)


def _chosen(limits: Sequence[int], select: str, largest: Any, smallest: Any) -> int:
    chosen: int = (largest if select == "Max" else smallest)(limits)
    return chosen


def desired_of(spec: Spec, seen: Seen) -> int:
    """The most that any metric asks for."""
    asked = [_by_ratio(seen, seen.external[name] / goal) for name, goal in spec.external.items()]
    if spec.cpu:
        asked.append(_by_cpu(seen, seen.cpu / spec.cpu))
    return max(asked)


def _by_ratio(seen: Seen, ratio: float) -> int:
    if abs(1 - ratio) <= TOLERANCE:
        return seen.pods
    return math.ceil(ratio * seen.ready)


def _by_cpu(seen: Seen, ratio: float) -> int:
    """Pods that are not ready count as idle when more are asked for, and not at all otherwise."""
    waiting = seen.pods - seen.ready
    if waiting and ratio > 1:
        ratio *= seen.ready / seen.pods
        return seen.pods if ratio <= 1 + TOLERANCE else math.ceil(ratio * seen.pods)
    if abs(1 - ratio) <= TOLERANCE:
        return seen.pods
    return math.ceil(ratio * seen.ready)
