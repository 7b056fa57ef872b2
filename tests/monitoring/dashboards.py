"""The dashboards as Grafana reads them, with their variables put in as Grafana puts them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "monitoring" / "grafana" / "dashboards"
RULES = ROOT / "monitoring" / "prometheus" / "rules"

SCRAPE_SECONDS = 15
WITHOUT_QUERIES = {"row", "alertlist"}
BUILT_IN = {
    "$__rate_interval": f"{4 * SCRAPE_SECONDS}s",  # of Grafana, when a point is a scrape or less
    "$__interval": f"{SCRAPE_SECONDS}s",
    "$__range": "300s",
}


@dataclass(frozen=True)
class Query:
    dashboard: str
    panel: str
    letter: str
    expression: str

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel} ({self.letter})"


def dashboards() -> dict[str, dict[str, Any]]:
    """By file name."""
    return {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def panels(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that show something; rows are only titles."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries() -> Iterator[Query]:
    """What the panels ask, and what the annotations do."""
    for dashboard in dashboards().values():
        for panel in panels(dashboard):
            for target in panel.get("targets", ()):
                yield Query(dashboard["title"], panel["title"], target["refId"], target["expr"])


def annotations() -> Iterator[Query]:
    for dashboard in dashboards().values():
        for each in dashboard["annotations"]["list"]:
            yield Query(dashboard["title"], f"annotation {each['name']}", "A", each["expr"])


def resolved(expression: str) -> str:
    """With every variable at «All», and over the last minutes."""
    chosen = {
        f"${each['name']}": each["allValue"]
        for dashboard in dashboards().values()
        for each in dashboard["templating"]["list"]
    }
    values = BUILT_IN | chosen
    return re.sub(r"\$\w+", lambda found: values[found[0]], expression)


def rules() -> list[dict[str, Any]]:
    """Every rule that Prometheus evaluates, recording ones and alerts."""
    files = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]
