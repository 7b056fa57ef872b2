"""The kinds of panel that the dashboards are made of, each with its unit, words and colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grafana_foundation_sdk.builders import (
    bargauge,
    common as builders,
    heatmap,
    stat as big_number,
    statetimeline,
    timeseries,
)
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common, dashboard, prometheus
from grafana_foundation_sdk.models.dashboard import FieldColorModeId, ThresholdsMode
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale

from tools.dashboards.runbooks import runbook_link

SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="prometheus")
WELL, ODD, BAD, CALM = "green", "orange", "red", "blue"
NONE_YET = {"-1": ("none yet", CALM)}


@dataclass(frozen=True)
class Query:
    """An expression, and what its series are called: `{{label}}` stands for a label's value."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Words:
    """What a panel is called, what it says to somebody who sees it for the first time, its unit."""

    title: str
    about: str
    unit: str
    runbooks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looks:
    """Steps are (from this value on, colour); the first colour is for all below them."""

    steps: Sequence[tuple[float, str]] = ()
    below: str = WELL
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # value: (text, colour)
    decimals: int | None = None
    least: float | None = None
    most: float | None = None


PLAIN = Looks()
NEUTRAL = Looks(below=CALM)


def stat(
    words: Words, expression: str, looks: Looks = PLAIN, *, trend: bool = True, name: str = ""
) -> dashboard.Panel:
    """One number, its colour by the steps, with its course behind it."""
    mode = common.BigValueGraphMode.AREA if trend else common.BigValueGraphMode.NONE
    shown = common.BigValueTextMode.NAME if name else common.BigValueTextMode.AUTO
    made = (
        big_number.Panel()
        .graph_mode(mode)
        .text_mode(shown)
        .color_mode(common.BigValueColorMode.VALUE)
        .reduce_options(builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .build()
    )
    made.targets = _targets([Query(expression, name)], instant=not trend)
    return _finished(made, words, looks, FieldColorModeId.THRESHOLDS)


def bars(words: Words, queries: Sequence[Query], looks: Looks = PLAIN) -> dashboard.Panel:
    """What is used of each of several limits, side by side."""
    made = (
        bargauge.Panel()
        .display_mode(common.BarGaugeDisplayMode.BASIC)
        .orientation(common.VizOrientation.HORIZONTAL)
        .reduce_options(builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .build()
    )
    made.targets = _targets(queries, instant=True)
    return _finished(made, words, looks, FieldColorModeId.THRESHOLDS)


def lines(
    words: Words,
    queries: Sequence[Query],
    looks: Looks = PLAIN,
    *,
    stacked: bool = False,
    colours: Mapping[str, str] | None = None,
) -> dashboard.Panel:
    """Courses over time; steps are drawn as dashed lines."""
    stacking = common.StackingMode.NORMAL if stacked else common.StackingMode.NONE
    style = common.GraphTresholdsStyleMode.DASHED
    if not looks.steps:
        style = common.GraphTresholdsStyleMode.OFF
    made = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(30 if stacked else 8)
        .stacking(builders.StackingConfig().mode(stacking))
        .show_points(common.VisibilityMode.NEVER)
        .thresholds_style(builders.GraphThresholdsStyleConfig().mode(style))
        .legend(
            builders.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.TABLE)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["mean", "max", "lastNotNull"])
        )
        .tooltip(
            builders.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
        .build()
    )
    made.targets = _targets(queries)
    _finished(made, words, looks, FieldColorModeId.PALETTE_CLASSIC)
    made.field_config.overrides = [_colour(*item) for item in (colours or {}).items()]
    return made


def states(words: Words, queries: Sequence[Query], looks: Looks) -> dashboard.Panel:
    """A band for each series, coloured by its value."""
    made = (
        statetimeline.Panel()
        .show_value(common.VisibilityMode.NEVER)
        .row_height(0.8)
        .merge_values(True)
        .legend(
            builders.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs([])
        )
        .build()
    )
    made.targets = _targets(queries)
    return _finished(made, words, looks, FieldColorModeId.THRESHOLDS)


def heat(words: Words, buckets: str) -> dashboard.Panel:
    """How many fall between two edges of a histogram, over time."""
    shades = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges")
    made = (
        heatmap.Panel()
        .calculate(False)
        .color(shades.scale(HeatmapColorScale.EXPONENTIAL).exponent(0.5).steps(64))
        .y_axis(heatmap.YAxisConfig().unit(words.unit))
        .cell_gap(1)
        .show_value(common.VisibilityMode.NEVER)
        .show_legend()
        .show_tooltip()
        .build()
    )
    made.targets = _targets([Query(buckets, "{{le}}")], shape=prometheus.PromQueryFormat.HEATMAP)
    return _finished(made, words, NEUTRAL, FieldColorModeId.PALETTE_CLASSIC)


def alerts(words: Words) -> dashboard.Panel:
    """Grafana's own list of what pends and fires."""
    made = dashboard.Panel(type_val="alertlist")
    made.options = {
        "viewMode": "list",
        "groupMode": "default",
        "groupBy": [],
        "maxItems": 20,
        "sortOrder": 1,
        "dashboardAlerts": False,
        "alertName": "",
        "alertInstanceLabelFilter": '{alertname!="Watchdog"}',
        "datasource": "Prometheus",
        "stateFilter": {
            "firing": True,
            "pending": True,
            "error": True,
            "noData": False,
            "normal": False,
        },
    }
    return _finished(made, words, PLAIN, FieldColorModeId.THRESHOLDS)


def _finished(
    made: dashboard.Panel, words: Words, looks: Looks, mode: FieldColorModeId
) -> dashboard.Panel:
    made.title, made.description = words.title, words.about
    made.datasource = SOURCE
    made.links = [runbook_link(name) for name in words.runbooks]
    made.field_config.defaults.unit = words.unit
    made.field_config.defaults.decimals = looks.decimals
    made.field_config.defaults.min_val = looks.least
    made.field_config.defaults.max_val = looks.most
    made.field_config.defaults.mappings = mappings(looks.texts)
    made.field_config.defaults.thresholds = thresholds(looks)
    made.field_config.defaults.color = dashboard.FieldColor(mode=mode)
    return made


def thresholds(looks: Looks) -> dashboard.ThresholdsConfig:
    steps = [dashboard.Threshold(value=None, color=looks.below)]
    steps += [dashboard.Threshold(value=value, color=colour) for value, colour in looks.steps]
    return dashboard.ThresholdsConfig(mode=ThresholdsMode.ABSOLUTE, steps=steps)


def mappings(texts: Mapping[str, tuple[str, str]]) -> list[dashboard.ValueMapping]:
    """What is shown in place of a value; a share of nothing is «quiet»."""
    quiet = dashboard.DashboardSpecialValueMapOptions(
        match=dashboard.SpecialValueMatch.NA_N,
        result=dashboard.ValueMappingResult(text="quiet", color=CALM),
    )
    found: list[dashboard.ValueMapping] = [dashboard.SpecialValueMap(options=quiet)]
    if texts:
        options = {
            value: dashboard.ValueMappingResult(text=text, color=colour, index=place)
            for place, (value, (text, colour)) in enumerate(texts.items())
        }
        found.insert(0, dashboard.ValueMap(options=options))
    return found


def _targets(
    queries: Sequence[Query],
    *,
    instant: bool = False,
    shape: prometheus.PromQueryFormat = prometheus.PromQueryFormat.TIME_SERIES,
) -> list[Dataquery]:
    return [
        prometheus.Dataquery(
            expr=each.expression,
            legend_format=each.legend or None,
            ref_id=chr(ord("A") + place),
            instant=instant,
            range_val=not instant,
            format_val=shape,
            datasource=SOURCE,
            editor_mode=prometheus.QueryEditorMode.CODE,
        )
        for place, each in enumerate(queries)
    ]


def _colour(legend: str, colour: str) -> dashboard.DashboardFieldConfigSourceOverrides:
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig(id_val="byName", options=legend),
        properties=[
            dashboard.DynamicConfigValue(
                id_val="color", value={"mode": "fixed", "fixedColor": colour}
            )
        ],
    )
