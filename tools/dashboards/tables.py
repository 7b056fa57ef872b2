"""Tables: a row for each value of a label, a column for each question."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common as builders, table as building
from grafana_foundation_sdk.models import common, dashboard, prometheus

from tools.dashboards.panels import CALM, PLAIN, SOURCE, Looks, Words, mappings, thresholds
from tools.dashboards.runbooks import runbook_link


@dataclass(frozen=True)
class Column:
    title: str
    expression: str
    unit: str
    looks: Looks = PLAIN


def table(
    words: Words,
    rows: Sequence[str],
    columns: Sequence[Column],
    *,
    sort: str = "",
    names: dict[str, str] | None = None,
) -> dashboard.Panel:
    """`rows` are the labels that name a row. Each expression has them and no others."""
    made = (
        building.Panel()
        .show_header(True)
        .cell_height(common.TableCellHeight.SM)
        .sort_by([builders.TableSortByFieldState().display_name(sort).desc(True)] if sort else [])
        .build()
    )
    made.title, made.description, made.datasource = words.title, words.about, SOURCE
    made.links = [runbook_link(name) for name in words.runbooks]
    made.targets = [_target(chr(ord("A") + place), each) for place, each in enumerate(columns)]
    made.transformations = _arranged(rows, columns, names or {})
    made.field_config.defaults.unit = words.unit
    made.field_config.defaults.no_value = "0"
    made.field_config.defaults.thresholds = thresholds(Looks(below=CALM))
    made.field_config.overrides = [_dressed(column) for column in columns]
    return made


def _target(letter: str, column: Column) -> prometheus.Dataquery:
    return prometheus.Dataquery(
        expr=column.expression,
        ref_id=letter,
        instant=True,
        range_val=False,
        format_val=prometheus.PromQueryFormat.TABLE,
        datasource=SOURCE,
        editor_mode=prometheus.QueryEditorMode.CODE,
    )


def _arranged(
    rows: Sequence[str], columns: Sequence[Column], names: dict[str, str]
) -> list[dashboard.DataTransformerConfig]:
    """Grafana calls the values of query A «Value #A», or «Value» where there is but one query."""
    alone = len(columns) == 1
    values = {
        "Value" if alone else f"Value #{chr(ord('A') + place)}": each.title
        for place, each in enumerate(columns)
    }
    labels = {label: names.get(label, label) for label in rows}
    order = {name: place for place, name in enumerate([*rows, *values])}
    return [
        dashboard.DataTransformerConfig(id_val="merge", options={}),
        dashboard.DataTransformerConfig(
            id_val="organize",
            options={
                "excludeByName": {"Time": True},
                "indexByName": order,
                "renameByName": labels | values,
            },
        ),
    ]


def _dressed(column: Column) -> dashboard.DashboardFieldConfigSourceOverrides:
    looks = column.looks
    properties: list[tuple[str, object]] = [("unit", column.unit)]
    properties.append(("mappings", mappings(looks.texts)))
    if looks.decimals is not None:
        properties.append(("decimals", looks.decimals))
    if looks.steps or looks.texts:
        properties.append(("thresholds", thresholds(looks)))
        properties.append(("custom.cellOptions", {"type": "color-text"}))
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig(id_val="byName", options=column.title),
        properties=[dashboard.DynamicConfigValue(id_val=name, value=of) for name, of in properties],
    )
