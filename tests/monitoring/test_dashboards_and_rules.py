"""Dashboards and rules agree: links lead to runbooks, and an alert's limit is a panel's step."""

import re
from typing import Any

import pytest
from tools.dashboards.runbooks import RUNBOOKS

from tests.monitoring.dashboards import ROOT, dashboards, panels, rules

NOT_DRAWN = {"metrics-absent", "database-replication-slot-idle"}  # there is nothing to draw
TRENDS = {"disk-fills-soon"}
LIMIT = re.compile(r"(?<![=!])[<>]=?\s*([0-9.]+)(?: \* ([0-9.]+))?")


def _runbook(rule: dict[str, Any]) -> str:
    name: str = rule["annotations"]["runbook_url"]
    return name.removeprefix("docs/runbooks/").removesuffix(".md")


PANELS = [panel for dashboard in dashboards().values() for panel in panels(dashboard)]
ALERTS = sorted({_runbook(rule) for rule in rules() if "alert" in rule})


def _linked(panel: dict[str, Any]) -> list[str]:
    return [link["url"].removeprefix(RUNBOOKS).removesuffix(".md") for link in panel["links"]]


def test_links_lead_to_runbooks_that_exist() -> None:
    for panel in PANELS:
        for name in _linked(panel):
            runbook = ROOT / "docs" / "runbooks" / f"{name}.md"
            assert runbook.exists(), (panel["title"], name)


def test_every_alert_has_a_panel_that_leads_to_its_runbook() -> None:
    shown = {name for panel in PANELS for name in _linked(panel)}
    assert set(ALERTS) - shown == NOT_DRAWN


@pytest.mark.parametrize("name", ALERTS)
def test_the_limit_of_an_alert_is_a_step_of_a_panel(name: str) -> None:
    """Burn rates are drawn as such, so of «14.4 * 0.01» the first figure counts."""
    limits = {
        float(limit)
        for rule in rules()
        if "alert" in rule and _runbook(rule) == name
        for limit, _ in LIMIT.findall(rule["expr"])
    }
    if limits <= {0, 1} or name in NOT_DRAWN | TRENDS:
        return  # anything at all is too much, or no one value is
    steps = {step for panel in PANELS if name in _linked(panel) for step in _steps(panel)}
    assert steps & limits, f"{sorted(limits)} is not among {sorted(steps)}"


def _steps(panel: dict[str, Any]) -> list[float]:
    """Of the panel itself, and of a table's columns."""
    everywhere = [panel["fieldConfig"]["defaults"]["thresholds"]] + [
        each["value"]
        for override in panel["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "thresholds"
    ]
    return [step["value"] for of in everywhere for step in of["steps"] if step["value"] is not None]
