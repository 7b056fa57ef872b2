"""Whether somebody would notice."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from contravento_ops.acceptance.context import CheckContext
from contravento_ops.kit import compose
from contravento_ops.kit.check_result import CheckFailed, Evidence, Inconclusive
from contravento_ops.kit.prometheus import Unreachable

DASHBOARDS = Path("monitoring") / "grafana" / "dashboards"
GRAFANA = 3000
LOOK_BACK_SECONDS = 6 * 3600
STEP_SECONDS = 60
PATIENCE_SECONDS = 20  # a scrape and a half
# Panels about something that is there only where it is set.
ONLY_WITH = {"Off-site copy": "BACKUP_S3_ENDPOINT"}
BUILT_IN = {"$__rate_interval": "2m", "$__interval": "1m", "$__range": "1h"}
SEND_REPORT = ("exec", "-T", "backend", "contravento", "test-report")


@dataclass(frozen=True, slots=True)
class Question:
    dashboard: str
    panel: str
    expression: str


def targets(context: CheckContext) -> Evidence:
    """Prometheus gets figures from every target"""
    return _patiently(lambda: _targets(context))


def _targets(context: CheckContext) -> Evidence:
    found = _ask(context, "targets", state="active")["activeTargets"]
    down = {each["labels"]["job"]: each["lastError"] for each in found if each["health"] != "up"}
    if not found:
        raise CheckFailed("Prometheus knows no target")
    if down:
        raise CheckFailed(f"{', '.join(sorted(down))} gives no figures", down)
    jobs = sorted({each["labels"]["job"] for each in found})
    return Evidence(f"all {len(found)} of them", {"jobs": ", ".join(jobs)})


def panels(context: CheckContext) -> Evidence:
    """Every panel of every dashboard has data, and Grafana shows them"""
    questions = list(_questions(context.project.paths.root / DASHBOARDS))
    if not questions:
        raise CheckFailed("there are no dashboards")
    shown = _in_grafana(context)
    return _patiently(lambda: _answered(context, questions, shown))


def _answered(context: CheckContext, questions: list[Question], shown: int) -> Evidence:
    now = time.time()
    empty = {}
    for question in questions:
        try:
            has_data = context.prometheus.has_any(
                question.expression, start=now - LOOK_BACK_SECONDS, end=now, step=STEP_SECONDS
            )
        except Unreachable as error:
            said = {question.dashboard: question.expression, "said": str(error)}
            raise CheckFailed(f"«{question.panel}» asks what nobody understands", said) from error
        if not has_data and not _is_off(question.panel, context.values):
            empty[f"{question.dashboard}: {question.panel}"] = question.expression
    if empty:
        raise CheckFailed(f"{len(empty)} panels have nothing to show", empty)
    return Evidence(f"all {len(questions)} questions have answers", {"dashboards": shown})


def _is_off(panel: str, values: Mapping[str, str]) -> bool:
    return panel in ONLY_WITH and not values.get(ONLY_WITH[panel])


def _in_grafana(context: CheckContext) -> int:
    """How many dashboards it has. Raises CheckFailed where it lacks some, or its source."""
    boards = len(list((context.project.paths.root / DASHBOARDS).glob("*.json")))
    found = _grafana(context, "/api/search?type=dash-db")
    if len(found) < boards:
        raise CheckFailed(f"Grafana shows {len(found)} of {boards} dashboards")
    if not any(each["type"] == "prometheus" for each in _grafana(context, "/api/datasources")):
        raise CheckFailed("Grafana has no source of data")
    return len(found)


def _grafana(context: CheckContext, path: str) -> Any:
    port = next(
        (
            port
            for container in context.project.containers("grafana")
            for _, port, target in container.ports
            if target == GRAFANA
        ),
        None,
    )
    if port is None:
        raise CheckFailed("Grafana does not run")
    user = context.values.get("GRAFANA_ADMIN_USER", "admin")
    secret = f"{user}:{context.values.get('GRAFANA_ADMIN_PASSWORD', '')}"
    told = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request("GET", path, headers=told)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise CheckFailed(f"Grafana answers {answer.status} at {path}")
        return json.loads(content)
    except (OSError, HTTPException, ValueError) as error:
        raise CheckFailed(f"Grafana does not answer: {error}") from error
    finally:
        connection.close()


def _questions(folder: Path) -> Iterator[Question]:
    boards = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    chosen = {
        f"${each['name']}": each.get("allValue") or ".*"
        for board in boards
        for each in board.get("templating", {}).get("list", ())
    }
    for board in boards:
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield Question(board["title"], panel["title"], resolved(target["expr"], chosen))


def resolved(expression: str, chosen: Mapping[str, str]) -> str:
    """With every variable at «All», as Grafana puts it in."""
    values = {**BUILT_IN, **chosen}
    return re.sub(r"\$\w+", lambda found: values.get(found[0], found[0]), expression)


def uptime(context: CheckContext) -> Evidence:
    """Whether the site is up is seen from outside, and how long it was"""
    return _patiently(lambda: _uptime(context))


def _uptime(context: CheckContext) -> Evidence:
    now = context.prometheus.instant('probe_success{job="blackbox-https"}')
    if not now:
        raise CheckFailed("nobody visits the site to see whether it is up")
    if min(each.value for each in now) < 1:
        raise CheckFailed("the visitor says that the site is not up")
    share = context.prometheus.instant(
        'avg(avg_over_time(probe_success{job="blackbox-https"}[1d]))'
    )
    since = context.prometheus.instant('time() - max(process_start_time_seconds{job="backend"})')
    if not share or not since:
        raise CheckFailed("how long the backend is up is not to be seen")
    told = {"of the last day": f"{share[0].value:.2%}", "backend runs for": _hours(since[0].value)}
    return Evidence("it is up, and that is seen from outside", told)


def sentry(context: CheckContext) -> Evidence:
    """Sentry gets a test error, where it is set"""
    if not context.values.get("SENTRY_DSN"):
        return Evidence("it is off: SENTRY_DSN is not set")
    done = compose.run(context.project.call(*SEND_REPORT), timeout=60)
    try:
        told = json.loads(done.out.splitlines()[-1])
    except (ValueError, IndexError):
        raise CheckFailed("the test error could not be sent", {"said": done.said}) from None
    if not done.ok:
        raise CheckFailed("Sentry did not take the test error", told)
    return Evidence("it took the test error", told)


def _ask(context: CheckContext, path: str, **asked: str) -> Any:
    try:
        return context.prometheus.ask(path, **asked)
    except Unreachable as error:
        raise Inconclusive(str(error)) from error


def _patiently(look: Callable[[], Evidence]) -> Evidence:
    """Figures come every quarter of a minute: what is not there yet may be there soon."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return look()
        except Unreachable as error:
            raise Inconclusive(str(error)) from error
        except CheckFailed:
            if time.monotonic() > until:
                raise
            time.sleep(3)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"
