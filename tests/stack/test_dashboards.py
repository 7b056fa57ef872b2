"""Every question that the dashboards ask has an answer in a staging with riders on it."""

import math
import time
from collections.abc import Iterator

import pytest
from tools.metrics_page import LEFT_ALONE, OURS, looks

from tests.monitoring.dashboards import Query, annotations, dashboards, queries, resolved
from tests.stack.deployment import Deployment, tell, wait_until
from tests.stack.traffic import Traffic, riding

pytestmark = pytest.mark.stack

SLOW_STATEMENT_SECONDS = 1.2
ANSWER_SECONDS = 150  # from nothing: a few scrapes, and rules over what they brought
RANGE_SECONDS = 120
# What hosts ask by heart.
KNOWN = (
    "rate(http_requests_total[5m])",
    "histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m]))",
    "pg_stat_activity_count",
    "node_cpu_seconds_total",
    "node_memory_MemAvailable_bytes",
    "pg_stat_statements_mean_exec_time_seconds > 1",
)


@pytest.fixture(scope="module")
def ridden(staging: Deployment) -> Iterator[tuple[Deployment, Traffic]]:
    """Riders go on until the last question was answered; one statement is slow on purpose."""
    with riding(staging) as traffic:
        staging.psql(f"SELECT pg_sleep({SLOW_STATEMENT_SECONDS})")
        yield staging, traffic


def _answers(deployment: Deployment, expression: str) -> list[float]:
    """Numbers that a panel would draw, over the last minutes."""
    now = time.time()
    found = deployment.prometheus(
        "query_range",
        query=expression,
        start=str(now - RANGE_SECONDS),
        end=str(now),
        step="15",
    )["result"]
    values = [float(value) for series in found for _, value in series["values"]]
    return [value for value in values if not math.isnan(value)]


@pytest.mark.parametrize("query", list(queries()), ids=str)
def test_a_panel_has_something_to_show(ridden: tuple[Deployment, Traffic], query: Query) -> None:
    deployment, _ = ridden
    expression = resolved(query.expression)
    wait_until(lambda: _answers(deployment, expression), ANSWER_SECONDS, f"{query}: {expression}")


@pytest.mark.parametrize("query", list(annotations()), ids=str)
def test_an_annotation_is_a_question_that_prometheus_understands(
    ridden: tuple[Deployment, Traffic], query: Query
) -> None:
    """There may be nothing to mark: no alert fires and nothing was deployed."""
    _answers(ridden[0], query.expression)


@pytest.mark.parametrize("expression", KNOWN)
def test_what_hosts_ask_by_heart_is_answered(
    ridden: tuple[Deployment, Traffic], expression: str
) -> None:
    deployment, _ = ridden
    wait_until(lambda: _answers(deployment, expression), ANSWER_SECONDS, expression)


def test_each_variable_has_values_to_choose_from(ridden: tuple[Deployment, Traffic]) -> None:
    deployment, _ = ridden
    for query, label in _choices():
        values = deployment.prometheus(f"label/{label}/values", **{"match[]": query})
        assert values, f"label_values({query}, {label})"


def _choices() -> Iterator[tuple[str, str]]:
    for dashboard in dashboards().values():
        for each in dashboard["templating"]["list"]:
            asked = each["query"]["query"].removeprefix("label_values(").removesuffix(")")
            query, _, label = asked.rpartition(", ")
            yield query, label


def test_no_figure_of_ours_is_collected_for_nobody(
    ridden: tuple[Deployment, Traffic], capsys: pytest.CaptureFixture[str]
) -> None:
    deployment, _ = ridden
    told = {
        name for name in deployment.prometheus("label/__name__/values") if name.startswith(OURS)
    }
    used = frozenset().union(*looks().values())
    unused = {name for name in told if not _family(name) & used} - set(LEFT_ALONE)
    tell(capsys, f"{len(told)} figures of ours, {len(unused)} of them for nobody")
    assert not unused


def _family(name: str) -> set[str]:
    """A histogram is in use if any of its three parts is."""
    plain = name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
    return {name, *(f"{plain}_{part}" for part in ("bucket", "sum", "count"))}


def test_riders_noticed_nothing_of_being_watched(
    ridden: tuple[Deployment, Traffic], capsys: pytest.CaptureFixture[str]
) -> None:
    _, traffic = ridden
    tell(capsys, f"{traffic.statuses.total()} answers, {traffic.trips} trips: {traffic.statuses}")
    assert traffic.trips > 0
    assert traffic.failures == 0
    assert traffic.errors == []
