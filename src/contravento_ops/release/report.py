"""What a deployment did, kept as a file and told as sentences."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from contravento_ops.release.traffic import Sent, Stream


@dataclass
class Requests:
    sent: int = 0
    lost: int = 0
    slowest_seconds: float = 0.0
    by_kind: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    acknowledged_but_gone: list[str] = field(default_factory=list)
    acknowledged_and_untold: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, stream: Stream) -> "Requests":
        gone, untold = stream.unkept()
        return cls(
            sent=len(stream.sent),
            lost=len(stream.lost),
            slowest_seconds=round(stream.slowest_seconds, 3),
            by_kind=dict(Counter(each.kind for each in stream.sent)),
            acknowledged=len(stream.acknowledged) + len(stream.uploads),
            acknowledged_but_gone=gone,
            acknowledged_and_untold=untold,
            losses=_grouped(stream.lost),
        )


def _grouped(lost: list[Sent]) -> list[str]:
    """How many of which kind, the most frequent first."""
    alike = Counter(
        f"{each.kind} {_without_ids(each.answer.path)}: {each.answer.status or each.answer.words}"
        for each in lost
    )
    return [f"{count} × {words}" for words, count in alike.most_common(12)]


def _without_ids(path: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", path)


@dataclass
class Report:
    """`outcome` is deployed, refused, went back, or broken."""

    environment: str
    release: str
    before: str | None = None
    outcome: str = "begun"
    cause: str | None = None
    steps: list[tuple[str, float]] = field(default_factory=list)
    requests: Requests | None = None
    warnings: list[str] = field(default_factory=list)
    began_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json"
        file.write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n")
        return file

    @property
    def has_losses(self) -> bool:
        return bool(self.requests and (self.requests.lost or self.requests.acknowledged_but_gone))

    def sentences(self) -> Iterator[str]:
        but = ", but requests were lost" if self.has_losses else ""
        yield {
            "deployed": f"{self.release} serves {self.environment} now{but}.",
            "went back": f"{self.release} was not taken; {self.before} goes on serving.",
            "refused": f"{self.release} was refused; nothing was touched.",
        }.get(self.outcome, f"{self.release} failed, and so did going back. Look at once.")
        if self.cause:
            yield f"Cause: {self.cause}."
        if self.requests:
            counted = self.requests
            yield (
                f"Requests while it happened: {counted.sent} sent, {counted.lost} lost,"
                f" slowest {counted.slowest_seconds:.2f} s;"
                f" {counted.acknowledged} writes acknowledged,"
                f" {len(counted.acknowledged_but_gone)} of them gone."
            )
            if untold := len(counted.acknowledged_and_untold):
                yield f"Of {untold} writes nobody can tell: the site did not answer."
            yield from (f"Lost: {loss}" for loss in counted.losses)
        yield from (f"Note: {warning}" for warning in self.warnings)
        seconds = sum(seconds for _, seconds in self.steps)
        yield f"It took {seconds:.0f} s."
