"""The overlay that hurries alerts shortens durations and changes nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.rules import PROMETHEUS, seconds
from tests.stack.hurry import in_a_hurry, shortened

ALERTMANAGER = PROMETHEUS.parent / "alertmanager" / "alertmanager.yml"
FILES = [*sorted((PROMETHEUS / "rules").iterdir()), PROMETHEUS / "prometheus.yml", ALERTMANAGER]
DURATIONS = {
    *("for", "interval", "keep_firing_for", "scrape_interval", "scrape_timeout"),
    *("evaluation_interval", "refresh_interval", "group_wait", "group_interval"),
    "repeat_interval",
}
WINDOW = re.compile(r"\[(\d+[smhdw])\]")
HURRIED = re.compile(r"\[\d+s\]")


def leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, str(key)))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from leaves(value, (*path, str(place)))
    else:
        yield path, node


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_but_durations_is_changed(file: Path) -> None:
    before = dict(leaves(yaml.safe_load(file.read_text())))
    after = dict(leaves(yaml.safe_load(in_a_hurry(file.read_text()))))

    assert list(before) == list(after)
    for path, value in before.items():
        if path[-1] in DURATIONS:
            assert after[path] == shortened(value), path
        elif path[-1] == "expr":
            assert WINDOW.sub("[]", value) == HURRIED.sub("[]", after[path]), path
            assert [shortened(each) for each in WINDOW.findall(value)] == [
                each.strip("[]") for each in HURRIED.findall(after[path])
            ]
        else:
            assert after[path] == value, path


def test_what_is_longer_stays_longer() -> None:
    asked = ["15s", "1m", "2m", "5m", "10m", "15m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
    found = [seconds(shortened(each)) for each in asked]

    assert found == sorted(set(found))
    assert found[-1] < 180


def test_a_threshold_that_looks_like_a_duration_is_left_alone() -> None:
    text = 'expr: predict_linear(a:rate5m{le="5m"}[6h], 86400) < 300 # for 5m'

    assert in_a_hurry(text) == text.replace("[6h]", "[47s]")
