"""Panels put together: rows, places on the grid, numbers, variables, annotations, links."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from tools.dashboards.panels import SOURCE

COLUMNS = 24
TAG = "contravento"
SCHEMA_VERSION = 42  # of Grafana 12
REFRESH_SECONDS = 30

DEPLOYMENT = (
    "count by (version, commit) (contravento_build_info)"
    " unless count by (version, commit) (contravento_build_info offset 5m)"
    " and on () count(contravento_build_info offset 5m)"
)
FIRING = 'count by (alertname, severity) (ALERTS{alertstate="firing", alertname!="Watchdog"})'


@dataclass(frozen=True)
class Line:
    """Panels side by side, as wide as each other unless `widths` says how wide."""

    height: int
    panels: Sequence[dashboard.Panel]
    widths: Sequence[int] = ()

    def placed(self) -> list[tuple[dashboard.Panel, int]]:
        widths = self.widths or [COLUMNS // len(self.panels)] * len(self.panels)
        if sum(widths) != COLUMNS:
            raise ValueError(f"«{self.panels[0].title}» and its neighbours are {sum(widths)} wide")
        return list(zip(self.panels, widths, strict=True))


@dataclass(frozen=True)
class Section:
    title: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Page:
    uid: str
    title: str
    about: str
    sections: Sequence[Section]
    variables: Sequence[dashboard.VariableModel] = ()
    since: str = "now-6h"
    shows_alerts: bool = False

    @property
    def file_name(self) -> str:
        return f"{self.uid.removeprefix('contravento-')}.json"


def choice(name: str, label: str, query: str, about: str) -> dashboard.VariableModel:
    """Any number of a label's values, all of them at first."""
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name=name,
        label=label,
        description=about,
        datasource=SOURCE,
        query={"query": query, "refId": "variable"},
        multi=True,
        include_all=True,
        all_value=".+",
        current=dashboard.VariableOption(selected=True, text=["All"], value=["$__all"]),
        refresh=dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=dashboard.VariableSort.ALPHABETICAL_ASC,
    )


ENVIRONMENT = choice(
    "environment",
    "Environment",
    'label_values(probe_success{job="blackbox-https"}, instance)',
    "The site that is watched. Each environment has a Prometheus of its own, so there is one.",
)


def as_json(page: Page) -> str:
    made = dashboard.Dashboard(
        uid=page.uid,
        title=page.title,
        description=page.about,
        tags=[TAG],
        timezone="browser",
        editable=False,
        graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
        time=dashboard.DashboardDashboardTime(from_val=page.since, to="now"),
        refresh=f"{REFRESH_SECONDS}s",
        schema_version=SCHEMA_VERSION,
        panels=_on_the_grid(page.sections),
        templating=dashboard.DashboardDashboardTemplating(list_val=list(page.variables)),
        links=[_others()],
    )
    found: dict[str, Any] = json.loads(json.dumps(made, cls=JSONEncoder))
    found["annotations"] = {"list": _annotations(page)}
    return json.dumps(found, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _on_the_grid(sections: Sequence[Section]) -> list[dashboard.Panel | dashboard.RowPanel]:
    """From top to bottom; a panel's number is its place, so that links to it stay."""
    panels: list[dashboard.Panel | dashboard.RowPanel] = []
    top = 0
    for section in sections:
        place = dashboard.GridPos(h=1, w=COLUMNS, x=0, y=top)
        panels.append(
            dashboard.RowPanel(title=section.title, grid_pos=place, id_val=len(panels) + 1)
        )
        top += 1
        for line in section.lines:
            left = 0
            for panel, width in line.placed():
                panel.id_val = len(panels) + 1
                panel.grid_pos = dashboard.GridPos(h=line.height, w=width, x=left, y=top)
                panels.append(panel)
                left += width
            top += line.height
    return panels


def _others() -> dashboard.DashboardLink:
    return dashboard.DashboardLink(
        title="ContraVento",
        type_val=dashboard.DashboardLinkType.DASHBOARDS,
        tags=[TAG],
        as_dropdown=True,
        keep_time=True,
        include_vars=False,
    )


def _annotations(page: Page) -> list[dict[str, Any]]:
    """The SDK knows an annotation's expression but not its words, so these are written plainly."""
    deployments = _annotation("Deployments", DEPLOYMENT, "blue", "{{version}} {{commit}}")
    alerts = _annotation("Alerts", FIRING, "red", "{{alertname}} ({{severity}})")
    return [deployments, alerts] if page.shows_alerts else [deployments]


def _annotation(name: str, expression: str, colour: str, text: str) -> dict[str, Any]:
    return {
        "name": name,
        "datasource": SOURCE.to_json(),
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": expression,
        "step": "60s",
        "titleFormat": name,
        "textFormat": text,
        "tagKeys": "",
        "useValueForTime": False,
    }
