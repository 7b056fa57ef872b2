"""The rules of alerts and the cases that promtool tries them on, read from their files."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "monitoring" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True)
class Rule:
    """An alert; several of one name differ in their labels."""

    name: str
    labels: dict[str, str]
    annotations: dict[str, str]
    hold: str

    @property
    def runbook(self) -> str:
        """The name in words, as the file is called."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", self.name).lower()

    def __str__(self) -> str:
        return "-".join((self.name, *self.labels.values()))


def rule_files() -> list[Path]:
    return sorted((PROMETHEUS / "rules").glob("*.yml"))


def groups() -> list[dict[str, Any]]:
    return [group for file in rule_files() for group in yaml.safe_load(file.read_text())["groups"]]


def alerts() -> list[Rule]:
    return _alerts(groups())


def alerts_of(file: Path) -> list[Rule]:
    return _alerts(yaml.safe_load(file.read_text())["groups"])


def _alerts(groups: list[dict[str, Any]]) -> list[Rule]:
    return [
        Rule(rule["alert"], rule["labels"], rule["annotations"], rule.get("for", "0s"))
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
    ]


def recorded() -> list[str]:
    return [rule["record"] for group in groups() for rule in group["rules"] if "record" in rule]


def cases() -> list[dict[str, Any]]:
    """Each group of tests."""
    files = sorted((PROMETHEUS / "tests").glob("*.yml"))
    return [case for file in files for case in yaml.safe_load(file.read_text())["tests"]]


def story(case: dict[str, Any], rule: Rule) -> list[bool]:
    """Whether the rule is to fire, at each moment at which the case looks at it."""
    looks = [each for each in case.get("alert_rule_test", ()) if each["alertname"] == rule.name]
    looks.sort(key=lambda each: seconds(each["eval_time"]))
    return [
        any(
            rule.labels.items() <= found["exp_labels"].items()
            for found in expectation["exp_alerts"]
        )
        for expectation in looks
    ]


def seconds(duration: str) -> float:
    """Of a duration as Prometheus writes it."""
    return float(
        sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhdw])", duration))
    )
