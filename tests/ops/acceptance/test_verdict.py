"""What boxes come to together, and the page that says so."""

from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

from contravento_ops.acceptance import report_page
from contravento_ops.acceptance.registry import BOXES, GROUPS
from contravento_ops.acceptance.verdict import Judged, Outcome, Verdict
from contravento_ops.acceptance.waivers import Waiver
from contravento_ops.kit.check_result import Evidence

ROOT = Path(__file__).parents[3]
BEGAN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
WAIVER = Waiver("sentry", "is ordered", "maite", date(2026, 3, 31))
COUNTS = {
    "functional": 9,
    "security": 6,
    "performance": 6,
    "monitoring": 4,
    "database": 4,
    "configuration": 1,
}


def verdict(waived: bool = False, **outcomes: Outcome) -> Verdict:
    judged = [
        Judged(
            box,
            outcomes.get(box.name, "green"),
            Evidence("it <is> so", {"figure": 7}, {"A page": b"png"}),
            0.5,
            WAIVER if waived and box.name in outcomes else None,
        )
        for box in BOXES
    ]
    return Verdict("staging", "https://diary.example.org", {}, judged, BEGAN, BEGAN)


def test_there_are_30_boxes_each_with_a_name_of_its_own() -> None:
    assert {group: len(judges) for group, judges in GROUPS.items()} == COUNTS
    assert len({each.name for each in BOXES}) == 30
    assert all(box.title.strip() and "\n" not in box.title for box in BOXES)


def test_go_is_when_nothing_is_in_the_way() -> None:
    assert verdict().word == "GO"
    assert verdict(sentry="red").word == "NO-GO"
    assert verdict(sentry="unknown").word == "NO-GO"
    assert verdict(waived=True, sentry="red").word == "GO"


def test_some_boxes_alone_are_never_a_go() -> None:
    whole = verdict()
    part = Verdict("staging", whole.site, {}, whole.judged[:28], BEGAN)

    assert not part.is_go
    assert part.word == "PART"


def test_the_page_needs_nothing_besides_itself() -> None:
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value or "" for name, value in attrs if name in ("src", "href"))

    written = report_page.write(verdict(), ROOT)
    Reader().feed(written)

    assert found
    assert all(each.startswith("data:") for each in found)
    assert 'url("data:font/woff2;base64,' in written
    assert "https:" not in written.replace("https://diary.example.org", "").partition("</style>")[2]


def test_the_page_says_what_each_box_found() -> None:
    written = report_page.write(verdict(waived=True, sentry="red"), ROOT)

    assert written.count("<article") == 30
    assert "it &lt;is&gt; so" in written
    assert '<li><a href="#sentry">' not in written
    assert '<li><a href="#sentry">' in report_page.write(verdict(sentry="red"), ROOT)
    assert "Waived by maite until 2026-03-31: is ordered" in written
