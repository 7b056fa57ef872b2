"""Waivers name a box, a reason, somebody and a day; and nothing else passes for one."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from contravento_ops.acceptance import waivers
from contravento_ops.kit.errors import CommandError, Exit

TODAY = date(2026, 3, 1)
GOOD = {"box": "sentry", "reason": "is ordered", "who": "maite", "until": "2026-03-31"}


def written(folder: Path, *entries: object) -> Path:
    file = folder / "waivers.json"
    file.write_text(json.dumps(entries))
    return file


def test_no_file_is_no_waiver(tmp_path: Path) -> None:
    assert waivers.read(tmp_path / "waivers.json", TODAY) == {}


def test_a_waiver_holds_until_its_day_and_not_longer(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    last = date(2026, 3, 31)

    assert waivers.read(file, TODAY)["sentry"].who == "maite"
    assert "sentry" in waivers.read(file, last)
    assert waivers.read(file, last + timedelta(days=1)) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"box": "nothing"}, "there is no box nothing"),
        ({"reason": " "}, "say something"),
        ({"until": "soon"}, "write a day as"),
        ({"until": "2027-01-01"}, "more than 90 days"),
        ({"for": "ever"}, "nothing besides"),
        ({"who": 7}, "say something"),
    ],
)
def test_what_is_wrong_with_one_is_said(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        waivers.read(written(tmp_path, GOOD, {**GOOD, **change}), TODAY)

    assert refused.value.status == Exit.USAGE
    assert "entry 2" in str(refused.value)


@pytest.mark.parametrize("content", ["{", "{}", "7"])
def test_what_is_no_list_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "waivers.json"
    file.write_text(content)

    with pytest.raises(CommandError, match=r"waivers\.json"):
        waivers.read(file, TODAY)
