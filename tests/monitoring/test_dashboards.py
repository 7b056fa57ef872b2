"""The dashboards' files: as the program writes them, whole, and true to the rules."""

import json
import re
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from tools.dashboards.__main__ import FOLDER, files

from tests.monitoring.dashboards import (
    WITHOUT_QUERIES,
    dashboards,
    panels,
    queries,
    resolved,
)

PANELS = [
    pytest.param(panel, id=f"{name.removesuffix('.json')}-{panel['title']}")
    for name, dashboard in dashboards().items()
    for panel in panels(dashboard)
]
WANTED = {
    "overview.json": "Overview",
    "api-performance.json": "API Performance",
    "database.json": "Database",
    "system-resources.json": "System Resources",
    "jobs-and-mail.json": "Jobs and mail",
    "riders.json": "Riders",
    "backups.json": "Backups",
}
KNOWN_UNITS = {
    *("none", "short", "locale", "percentunit", "s", "d", "bytes", "Bps", "ops", "reqps", "wps"),
    "dateTimeFromNow",
}


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_a_file_is_as_the_program_writes_it(path: Any) -> None:
    assert path.read_text() == files()[path], "run make dashboards"


def test_nothing_else_lies_beside_them() -> None:
    assert set(FOLDER.iterdir()) == set(files())


def test_every_dashboard_that_hosts_look_for_is_there() -> None:
    assert WANTED.items() <= {name: each["title"] for name, each in dashboards().items()}.items()


def test_no_two_dashboards_share_a_uid() -> None:
    uids = Counter(dashboard["uid"] for dashboard in dashboards().values())
    assert set(uids.values()) == {1}
    assert all(re.fullmatch(r"[a-z-]{1,40}", uid) for uid in uids)


@pytest.mark.parametrize("name", dashboards())
def test_grafana_s_own_types_read_it_and_write_the_same(name: str) -> None:
    plugins.register_default_plugins()
    before = dashboards()[name]
    after = json.loads(json.dumps(Dashboard.from_json(before), cls=JSONEncoder))
    for part in ("uid", "title", "templating", "time", "links", "schemaVersion"):
        assert after[part] == before[part]
    for one, other in zip(before["panels"], after["panels"], strict=True):
        for part in one.keys() - {"fieldConfig"}:
            assert other[part] == one[part], (one["title"], part)
        if "fieldConfig" in one:
            assert one["fieldConfig"]["overrides"] == other["fieldConfig"]["overrides"]
            own = one["fieldConfig"]["defaults"]
            assert own.items() <= other["fieldConfig"]["defaults"].items()


@pytest.mark.parametrize("name", dashboards())
def test_panels_have_numbers_of_their_own_and_do_not_overlap(name: str) -> None:
    everything = dashboards()[name]["panels"]
    assert max(Counter(each["id"] for each in everything).values()) == 1
    for one, other in combinations(everything, 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])
    for each in everything:
        place = each["gridPos"]
        assert 0 <= place["x"] <= place["x"] + place["w"] <= 24, each["title"]


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    apart = (
        one["x"] + one["w"] <= other["x"]
        or other["x"] + other["w"] <= one["x"]
        or one["y"] + one["h"] <= other["y"]
        or other["y"] + other["h"] <= one["y"]
    )
    return not apart


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_it_shows_in_which_unit_from_where(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert len(panel["description"]) > 20
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in KNOWN_UNITS
    assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}
    assert panel["options"]
    assert ("targets" in panel) != (panel["type"] in WITHOUT_QUERIES)
    letters = [target["refId"] for target in panel.get("targets", ())]
    assert letters == sorted(set(letters))
    for target in panel.get("targets", ()):
        assert target["datasource"]["uid"] == "prometheus"


@pytest.mark.parametrize("panel", PANELS)
def test_lines_are_told_apart(panel: dict[str, Any]) -> None:
    """Several series in one panel need names; a table has its columns."""
    if panel["type"] in ("timeseries", "bargauge", "state-timeline"):
        legends = [target.get("legendFormat") for target in panel["targets"]]
        assert all(legends)
        assert len(set(legends)) == len(legends)


def test_titles_within_a_dashboard_are_not_repeated() -> None:
    for name, each in dashboards().items():
        titles = Counter(panel["title"] for panel in panels(each))
        assert max(titles.values()) == 1, (name, titles.most_common(1))


def test_every_variable_in_use_is_one_that_the_dashboard_has() -> None:
    for name, each in dashboards().items():
        has = {variable["name"] for variable in each["templating"]["list"]}
        used = {
            word
            for panel in panels(each)
            for target in panel.get("targets", ())
            for word in re.findall(r"\$(\w+)", target["expr"])
        }
        assert {word for word in used if not word.startswith("__")} == has, name


def test_no_variable_is_left_when_they_are_put_in() -> None:
    for query in queries():
        assert "$" not in resolved(query.expression), str(query)
