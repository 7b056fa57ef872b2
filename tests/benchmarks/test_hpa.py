"""The autoscaler decides as Kubernetes' documentation says, by examples worked out by hand."""

from collections.abc import Iterable

import pytest
from benchmarks.hpa import Autoscaler, Direction, Policy, Seen, Spec, desired_of, read

FREELY = Direction(0, (Policy("Percent", 1000, 15),))
DROP = Direction(0, (Policy("Percent", 100, 15),))


def spec(
    *,
    least: int = 1,
    most: int = 20,
    up: Direction = FREELY,
    down: Direction = DROP,
    cpu: float = 0.5,
) -> Spec:
    return Spec(least, most, cpu, {"p95": 0.2}, up, down)


def seen(pods: int, cpu: float = 0.0, p95: float = 0.0, ready: int | None = None) -> Seen:
    return Seen(pods, pods if ready is None else ready, cpu, {"p95": p95})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (seen(4, cpu=1.0), 8),  # twice the target, twice the pods
        (seen(4, cpu=0.25), 2),
        (seen(4, cpu=0.51), 4),  # within a tenth
        (seen(4, cpu=0.46), 4),
        (seen(4, cpu=0.56), 5),  # ceil(4 × 1.12)
        (seen(4, p95=0.4), 8),  # the most of all metrics
        (seen(4, cpu=0.3, p95=0.3), 6),
        (seen(4, cpu=1.0, ready=2), 4),  # two that start count as idle: 1.0 × 2 / 4 is the target
        (seen(4, cpu=1.5, ready=2), 6),  # ceil(4 × 1.5)
        (seen(4, p95=0.6, ready=2), 6),  # ceil(2 × 3): by those that are ready
    ],
)
def test_so_many_are_desired(found: Seen, expected: int) -> None:
    assert desired_of(spec(), found) == expected


def decided(autoscaler: Autoscaler, looks: Iterable[tuple[float, float]], pods: int) -> list[int]:
    """What comes of each look (second, use), with every pod ready at once."""
    found = []
    for now, cpu in looks:
        pods = autoscaler.decide(now, seen(pods, cpu=cpu))
        found.append(pods)
    return found


def test_never_less_than_the_least_nor_more_than_the_most() -> None:
    autoscaler = Autoscaler(spec(least=2, most=5))

    assert decided(autoscaler, [(0, 5.0), (15, 0.0)], 3) == [5, 2]


def test_the_way_down_waits_for_the_highest_of_its_window() -> None:
    autoscaler = Autoscaler(spec(down=Direction(60, (Policy("Percent", 100, 15),))))

    looks = [(0, 0.5), (15, 0.1), (30, 0.1), (45, 0.1), (60, 0.1)]
    assert decided(autoscaler, looks, 4) == [4, 4, 4, 4, 1]


def test_the_way_up_waits_for_the_lowest_of_its_window() -> None:
    autoscaler = Autoscaler(spec(up=Direction(30, (Policy("Percent", 1000, 15),))))

    assert decided(autoscaler, [(0, 0.5), (15, 1.0), (30, 1.0)], 4) == [4, 4, 8]


def test_policies_bound_each_period() -> None:
    """Two pods or half as many again in a minute, whichever is more."""
    up = Direction(0, (Policy("Pods", 2, 60), Policy("Percent", 50, 60)))
    looks = [(0, 9.0), (15, 9.0), (60, 9.0), (75, 9.0), (120, 9.0)]

    assert decided(Autoscaler(spec(up=up)), looks, 3) == [5, 5, 8, 8, 12]


def test_the_smallest_step_is_taken_where_it_says_min() -> None:
    up = Direction(0, (Policy("Pods", 2, 60), Policy("Percent", 50, 60)), "Min")

    assert decided(Autoscaler(spec(up=up)), [(0, 9.0)], 10) == [12]


def test_a_share_of_the_pods_that_go_is_rounded_so_that_more_go() -> None:
    """As the controller cuts it off: of five, three are left."""
    down = Direction(0, (Policy("Percent", 30, 60),))

    assert decided(Autoscaler(spec(down=down)), [(0, 0.0)], 5) == [3]


def test_one_pod_goes_at_a_time() -> None:
    down = Direction(0, (Policy("Pods", 1, 120),))
    looks = [(0, 0.0), (60, 0.0), (120, 0.0), (240, 0.0)]

    assert decided(Autoscaler(spec(down=down)), looks, 5) == [4, 4, 3, 2]


def test_an_object_is_read_as_it_is_written() -> None:
    def direction(window: int, *policies: tuple[str, int, int]) -> dict[str, object]:
        found = [{"type": k, "value": v, "periodSeconds": p} for k, v, p in policies]
        return {"stabilizationWindowSeconds": window, "policies": found}

    metric = {"metric": {"name": "p95"}, "target": {"type": "Value", "value": "200m"}}
    written = {
        "minReplicas": 1,
        "maxReplicas": 20,
        "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 50}}},
            {"type": "External", "external": metric},
        ],
        "behavior": {
            "scaleUp": direction(0, ("Percent", 1000, 15)),
            "scaleDown": direction(0, ("Percent", 100, 15)),
        },
    }

    assert read(written) == spec()
