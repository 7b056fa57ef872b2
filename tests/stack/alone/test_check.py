"""The checklist: a healthy staging is GO; what is broken turns its own box red, and no other."""

import json
import shutil

import pytest

from contravento_ops.acceptance.registry import BOXES
from contravento_ops.kit.errors import Exit
from tests.stack.checked import assert_is_go
from tests.stack.deployment import tell
from tests.stack.docker import ROOT, docker
from tests.stack.mutations import MUTATIONS, SITE, changed
from tests.stack.releases import OVERLAY, Host, production_beside
from tests.stack.riders import COUNTS

pytestmark = pytest.mark.stack

# Quick ones that have little to do with each other: those that must stay green beside a red one.
NEIGHBOURS = ("health", "https", "cors", "headers", "api-docs", "administrator")
LOADED = ("latency", "memory", "cpu")
# What takes long, or is made anew for it.
SLOW = (
    *("confirmation-mail", "gpx-on-map", "api-docs", "pages", "statements", "photo-upload"),
    *("targets", "panels", "uptime", "sentry", "connections", *LOADED),
)
QUICK = [box.name for box in BOXES if box.name not in SLOW]
# The crowd is remembered for a day, so it comes last.
ALL = sorted(MUTATIONS, key=lambda name: name == "connections")
UNLOADED = [name for name in ALL if name not in LOADED]
# Of a machine for tests, which has two environments on it.
UNLOOKED = ("--skip", "firewall", "--skip", "memory")
# What cannot be broken alone: nobody is mailed who could not sign up, nobody is up without TLS,
# what is stopped gives no figures, and pictures are made by processors that are busy.
ALSO = {
    "sign-up": {"confirmation-mail"},
    "certificate": {"uptime"},
    "backup": {"targets"},
    "cpu": {"photo-upload"},
}


def judged(host: Host, *names: str) -> dict[str, str]:
    """The outcome of each box; all of them where none is named. Earlier sign-ups do not count."""
    docker("exec", f"{host.project}-redis-1", "redis-cli", "-n", COUNTS, "flushdb")
    wanted = [part for name in names for part in ("--only", name)]
    answer = host.ops("check", "--json", *wanted)
    assert answer.status in (Exit.DONE, Exit.NO_GO), answer.words
    return {each["name"]: each["outcome"] for each in answer.report["boxes"]}


def red(outcomes: dict[str, str]) -> set[str]:
    return {name for name, outcome in outcomes.items() if outcome != "green"}


@pytest.fixture(scope="module")
def used(checked: Host) -> Host:
    """A photo was made there: a panel of what nobody ever did has nothing to show."""
    judged(checked, "photos")
    return checked


def test_a_healthy_staging_is_go(checked: Host, capsys: pytest.CaptureFixture[str]) -> None:
    assert_is_go(checked, capsys)


def test_the_report_shows_pictures_and_is_kept(checked: Host) -> None:
    newest = max((checked.folder / "var/ops/staging/checks").iterdir())

    page = (newest / "report.html").read_text()

    assert page.count("data:image/png;base64,") >= 2
    assert json.loads((newest / "report.json").read_text())["verdict"] == "GO"


def test_production_gets_what_was_proven_and_nothing_else(checked: Host) -> None:
    shutil.copy(ROOT / "tests/stack/unwatched.test.yml", checked.folder)
    (checked.folder / "prod.overlay.yml").write_text(OVERLAY)
    overlays = ("prod.overlay.yml", "unwatched.test.yml")
    with production_beside(checked, "diary.production.test", overlays) as production:
        other = production.deploy(checked.good("other"), *UNLOOKED)
        assert other.status == Exit.REFUSED, other.words
        assert "staging has proven the image" in other.words
        with changed(checked, SITE, lambda was: f"# not what was checked\n{was}"):
            unlike = production.ops("deploy", "--json", *UNLOOKED)
        assert unlike.status == Exit.REFUSED, unlike.words
        assert "are not those that were checked" in unlike.words
        assert production.serving() == []

        done = production.ops("deploy", "--json", "--bake-seconds", "3", *UNLOOKED)

        assert done.status == Exit.DONE, done.words
        assert [image for _, image in production.serving()] == [checked.base] * 3


@pytest.mark.parametrize("name", QUICK)
def test_what_is_broken_turns_its_box_red_and_no_other(checked: Host, name: str) -> None:
    with MUTATIONS[name](checked):
        assert red(judged(checked, name, *NEIGHBOURS)) == {name}


@pytest.mark.parametrize("name", ALL)
def test_what_is_broken_is_the_only_red_box_of_all(
    used: Host, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with MUTATIONS[name](used):
        outcomes = judged(used, name, *UNLOADED)

    tell(capsys, f"{name}: red {', '.join(sorted(red(outcomes)))} of {len(outcomes)}")
    assert {name} <= red(outcomes) <= {name} | ALSO.get(name, set())


def test_each_box_has_its_mutation() -> None:
    assert set(MUTATIONS) == {box.name for box in BOXES}
