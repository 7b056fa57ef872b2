"""The checklist: a healthy staging is GO; what is broken turns its own box red, and no other."""

import json
from contextlib import ExitStack
from typing import Any

import pytest

from contravento_ops.check.boxes import BOXES
from contravento_ops.kit.refusals import Exit
from tests.stack.deployment import tell
from tests.stack.mutations import MUTATIONS
from tests.stack.releases import Host

pytestmark = [
    *(pytest.mark.stack, pytest.mark.deployment),
    *(pytest.mark.alone, pytest.mark.checklist),
]

COUNTED = (
    "SELECT (SELECT count(*) FROM riders), (SELECT count(*) FROM trips),"
    " (SELECT count(*) FROM tracks), (SELECT count(*) FROM photos)"
)
# Quick ones that have little to do with each other: those that must stay green beside a red one.
NEIGHBOURS = ("health", "https", "cors", "headers", "api-docs", "administrator")
# What takes long, or is made anew for it.
SLOW = ("confirmation-mail", "api-docs", "latency", "statements", "sentry", "connections")
# What takes long and is broken at once: exactly these may be red.
TOGETHER = ("memory", "cpu", "targets", "panels", "uptime", "gpx-on-map", "photo-upload")
QUICK = [each.name for each in BOXES if each.name not in SLOW + TOGETHER]


def judged(host: Host, *names: str) -> dict[str, str]:
    """The outcome of each box; all of them where none is named."""
    wanted = [part for name in names for part in ("--only", name)]
    answer = host.ops("check", "--json", *wanted)
    assert answer.status in (Exit.DONE, Exit.NO_GO), answer.words
    return {each["name"]: each["outcome"] for each in answer.report["boxes"]}


def red(outcomes: dict[str, str]) -> set[str]:
    return {name for name, outcome in outcomes.items() if outcome != "green"}


def left_behind(host: Host) -> str:
    return host.psql(COUNTED)


def test_a_healthy_staging_is_go(checked: Host, capsys: pytest.CaptureFixture[str]) -> None:
    before = left_behind(checked)

    answer = checked.ops("check", "--json")

    report: dict[str, Any] = answer.report
    bad = {each["name"]: each for each in report["boxes"] if each["outcome"] != "green"}
    tell(capsys, f"{report['verdict']} after {report['seconds']} s")
    for each in sorted(report["boxes"], key=lambda each: -each["seconds"])[:6]:
        tell(capsys, f"  {each['seconds']:5.1f} s  {each['name']}: {each['sentence']}")
    assert bad == {}, json.dumps(bad, indent=1)
    assert answer.status == Exit.DONE
    assert report["verdict"] == "GO"
    assert left_behind(checked) == before


def test_the_report_shows_pictures_and_is_kept(checked: Host) -> None:
    newest = max((checked.folder / "var/ops/staging/checks").iterdir())

    page = (newest / "report.html").read_text()

    assert page.count("data:image/png;base64,") >= 2
    assert json.loads((newest / "report.json").read_text())["verdict"] == "GO"


@pytest.mark.parametrize("name", QUICK)
def test_what_is_broken_turns_its_box_red_and_no_other(checked: Host, name: str) -> None:
    with MUTATIONS[name](checked):
        assert red(judged(checked, name, *NEIGHBOURS)) == {name}


@pytest.mark.parametrize("name", SLOW)
def test_what_is_broken_with_more_trouble_does_so_too(checked: Host, name: str) -> None:
    with MUTATIONS[name](checked):
        assert red(judged(checked, name, *NEIGHBOURS)) == {name}


def test_several_things_broken_at_once_are_all_told(checked: Host) -> None:
    with ExitStack() as broken:
        for name in TOGETHER:
            broken.enter_context(MUTATIONS[name](checked))
        outcomes = judged(checked, *TOGETHER, *NEIGHBOURS)

    assert red(outcomes) == set(TOGETHER)


def test_each_box_has_its_mutation() -> None:
    assert set(MUTATIONS) == {each.name for each in BOXES}
