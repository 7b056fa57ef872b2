"""Every rule is valid, is tried by promtool in all that matters, and tells what to do."""

import re
from pathlib import Path

import pytest

from tests.monitoring.conftest import Promtool
from tests.monitoring.rules import (
    PROMETHEUS,
    ROOT,
    RUNBOOKS,
    Rule,
    alerts,
    alerts_of,
    cases,
    recorded,
    rule_files,
    seconds,
    story,
)

CLUSTER = ROOT / "deploy" / "kubernetes" / "rules-here.yml"
CASES_OF_A_CLUSTER = ROOT / "tests" / "kubernetes" / "test_figures.py"
SEVERITIES = {"critical", "warning", "info"}
SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
ALWAYS = "Watchdog"  # it neither begins nor ends
EACH = pytest.mark.parametrize("rule", alerts(), ids=str)


@pytest.mark.stack
@pytest.mark.core
def test_the_rules_are_valid(promtool: Promtool) -> None:
    promtool("check", "rules", "--lint-fatal", *(f"rules/{file.name}" for file in rule_files()))


@pytest.mark.stack
@pytest.mark.core
def test_the_configuration_is_valid(promtool: Promtool) -> None:
    said = promtool("check", "config", "prometheus.yml")

    assert all(f"rules/{file.name}" in said for file in rule_files())


@pytest.mark.stack
@pytest.mark.core
@pytest.mark.parametrize("file", sorted(path.name for path in (PROMETHEUS / "tests").iterdir()))
def test_the_rules_do_what_their_cases_say(promtool: Promtool, file: str) -> None:
    promtool("test", "rules", f"tests/{file}")


@EACH
def test_an_alert_is_tried_below_its_threshold_above_it_and_after(rule: Rule) -> None:
    stories = [story(case, rule) for case in cases()]

    if rule.name == ALWAYS:
        assert [True, True] in stories
        return
    assert any(
        True in told and not told[0] and not told[-1] and len(told) >= 3 for told in stories
    ), f"no case of {rule} goes from not firing to firing and back"


@EACH
def test_an_alert_says_how_severe_it_is_and_what_to_do(rule: Rule) -> None:
    assert rule.labels["severity"] in SEVERITIES
    assert set(rule.annotations) == {"summary", "description", "runbook_url"}
    assert all(rule.annotations.values())
    assert rule.annotations["runbook_url"] == f"docs/runbooks/{rule.runbook}.md"
    assert (ROOT / rule.annotations["runbook_url"]).is_file()
    if rule.name != ALWAYS:
        assert seconds(rule.hold) >= 60, "one bad look is no alert"


def test_every_recorded_figure_is_looked_at() -> None:
    looked = " ".join(each["expr"] for case in cases() for each in case.get("promql_expr_test", ()))
    asked = re.findall(r"[A-Za-z_:][\w:]*", looked)

    assert set(recorded()) - set(asked) == set()


def test_every_runbook_is_of_an_alert_and_in_the_list() -> None:
    pages = {file.stem for file in RUNBOOKS.glob("*.md")} - {"README"}
    listed = re.findall(
        r"^\| \[(\w+)\]\(([\w-]+)\.md\)", (RUNBOOKS / "README.md").read_text(), re.M
    )

    rules = [*alerts(), *alerts_of(CLUSTER)]
    assert pages == {rule.runbook for rule in rules}
    assert dict(listed) == {rule.name: rule.runbook for rule in rules}


@pytest.mark.parametrize("rule", alerts_of(CLUSTER), ids=str)
def test_an_alert_of_a_cluster_has_its_runbook_and_is_tried(rule: Rule) -> None:
    assert rule.annotations["runbook_url"] == f"docs/runbooks/{rule.runbook}.md"
    assert f'fires("{rule.name}"' in CASES_OF_A_CLUSTER.read_text() or (
        f'fires(\n        "{rule.name}"' in CASES_OF_A_CLUSTER.read_text()
    )


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("[a-z]*.md")), ids=lambda page: page.stem)
def test_a_runbook_has_its_four_parts_and_leads_nowhere_wrong(page: Path) -> None:
    text = page.read_text()

    assert re.findall(r"^## (.+)$", text, re.M) == SECTIONS
    parts = re.split(r"^## .+$", text, flags=re.M)[1:]
    assert all(part.strip() for part in parts)
    for link in re.findall(r"\]\(([\w-]+\.md)\)", text):
        assert (RUNBOOKS / link).is_file(), link
