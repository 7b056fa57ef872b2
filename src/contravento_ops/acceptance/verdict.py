"""What all boxes together come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from contravento_ops.acceptance.registry import BOXES, Box
from contravento_ops.acceptance.waivers import Waiver
from contravento_ops.kit.check_result import Evidence

type Outcome = Literal["green", "red", "unknown"]


@dataclass(frozen=True, slots=True)
class Judged:
    """`unknown` is what could not be judged: it counts as red."""

    box: Box
    outcome: Outcome
    evidence: Evidence
    seconds: float
    waiver: Waiver | None = None

    @property
    def is_in_the_way(self) -> bool:
        return self.outcome != "green" and self.waiver is None


@dataclass(frozen=True, slots=True)
class Verdict:
    environment: str
    site: str
    release: Mapping[str, object]
    judged: Sequence[Judged]
    began_at: datetime
    ended_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def is_whole(self) -> bool:
        """Every box was looked at, not only some that were named."""
        return len(self.judged) == len(BOXES)

    @property
    def is_go(self) -> bool:
        return self.is_whole and not any(each.is_in_the_way for each in self.judged)

    @property
    def word(self) -> str:
        if not self.is_whole:
            return "PART"
        return "GO" if self.is_go else "NO-GO"

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.word,
            "environment": self.environment,
            "site": self.site,
            "release": dict(self.release),
            "began_at": self.began_at.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "boxes": [_as_json(each) for each in self.judged],
        }


def _as_json(judged: Judged) -> dict[str, Any]:
    return {
        "name": judged.box.name,
        "group": judged.box.group,
        "title": judged.box.title,
        "outcome": judged.outcome,
        "sentence": judged.evidence.sentence,
        "facts": {name: str(value) for name, value in judged.evidence.facts.items()},
        "seconds": round(judged.seconds, 2),
        "waiver": _waiver(judged.waiver) if judged.waiver else None,
    }


def _waiver(waiver: Waiver) -> dict[str, str]:
    return {"reason": waiver.reason, "who": waiver.who, "until": waiver.until.isoformat()}
