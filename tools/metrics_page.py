"""Writes docs/guides/metrics.md: every figure of ours, what it means, and who looks at it.

    python -m tools.metrics_page

A test says when it is out of date, or when nobody looks at a figure.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from prometheus_client import Counter, Gauge, Histogram

from contravento.kit.telemetry import metrics
from tools.dashboards.__main__ import files

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "guides" / "metrics.md"
RULES = ROOT / "monitoring" / "prometheus" / "rules"
EXPORTER = ROOT / "deploy" / "monitoring" / "containers.py"

OURS = ("http_", "contravento_", "container_", "host_")
PARTS = ("", "_bucket", "_sum", "_count")
# What nobody looks at, and why it is collected all the same.
LEFT_ALONE: dict[str, str] = {}
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_IN_QUOTES = re.compile(r'"[^"]*"|\'[^\']*\'')

HEAD = """# Metrics

Every figure of ours that Prometheus collects; those of the exporters for PostgreSQL, Redis, nginx
and the host are described where these come from. This page is written from the code, the dashboards
and the rules by `make dashboards`; a test compares, and refuses a figure that nobody looks at.
Prometheus adds `job` (the kind of source) and `instance` (which one); a job's own name arrives as
`exported_job`.
"""


@dataclass(frozen=True)
class Figure:
    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def of_the_application() -> list[Figure]:
    """In the order in which kit/metrics.py has them."""
    found = []
    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            (described,) = metric.describe()
            name = f"{described.name}_total" if isinstance(metric, Counter) else described.name
            labels = tuple(
                "exported_job" if label == "job" else label for label in metric._labelnames
            )
            found.append(Figure(name, described.type, labels, described.documentation))
    return found


def of_the_containers() -> list[Figure]:
    """As the exporter's own table has them."""
    (table,) = (
        node.value
        for node in ast.walk(ast.parse(EXPORTER.read_text()))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FIGURES"
    )
    assert isinstance(table, ast.Dict)  # noqa: S101 — for the type checker
    found = []
    for key, value in zip(table.keys, table.values, strict=True):
        assert key  # noqa: S101
        assert isinstance(value, ast.Tuple)  # noqa: S101
        name, meaning = ast.literal_eval(key), ast.literal_eval(value.elts[1])
        found.append(Figure(name, ast.unparse(value.elts[0]).lower(), _labels(name), meaning))
    return found


def _labels(name: str) -> tuple[str, ...]:
    if name.startswith("container_"):
        return ("service", "container")
    return ("device",) if name.startswith("host_") else ()


def names_in(expression: str) -> set[str]:
    """Every word outside of quotes; the metrics are among them."""
    return set(_NAME.findall(_IN_QUOTES.sub("", expression)))


@cache
def looks() -> dict[str, frozenset[str]]:
    """Which names each dashboard, the recording rules and the alerts ask for."""
    found: dict[str, set[str]] = {}
    for content in files().values():
        dashboard = json.loads(content)
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                found.setdefault(dashboard["title"], set()).update(names_in(target["expr"]))
        for each in dashboard["annotations"]["list"]:
            found["annotations"] = found.get("annotations", set()) | names_in(each["expr"])
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                kind = "alerts" if "alert" in rule else "rules"
                found.setdefault(kind, set()).update(names_in(rule["expr"]))
    return {who: frozenset(names) for who, names in found.items()}


def who_looks_at(name: str) -> list[str]:
    parts = {name + part for part in PARTS}
    return [who for who, names in looks().items() if parts & names]


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    yield "## Of the application\n"
    yield "Served at `backend:8000/metrics` and `worker:8000/metrics`, inside the networks only.\n"
    yield from _table(of_the_application())
    yield "\n## Of the containers, the host's network and the certificate\n"
    yield "Served at `containers:9199/metrics`.\n"
    yield from _table(of_the_containers())


def _table(figures: list[Figure]) -> Iterator[str]:
    yield "| metric | kind | labels | meaning | looked at by |"
    yield "| --- | --- | --- | --- | --- |"
    for figure in figures:
        labels = ", ".join(f"`{label}`" for label in figure.labels)
        who = ", ".join(who_looks_at(figure.name)) or LEFT_ALONE.get(figure.name, "nobody")
        yield f"| `{figure.name}` | {figure.kind} | {labels} | {figure.meaning} | {who} |"


if __name__ == "__main__":
    PAGE.write_text(page())
