"""What a box has to show, whichever way it went."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence, the figures behind it, and pictures as PNG by their captions."""

    sentence: str
    facts: Mapping[str, object] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)


class CheckFailed(Exception):
    """A box says no; what it saw."""

    def __init__(
        self,
        sentence: str,
        facts: Mapping[str, object] | None = None,
        pictures: Mapping[str, bytes] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.evidence = Evidence(sentence, facts or {}, pictures or {})


class Inconclusive(Exception):
    """What a box needs in order to judge is not there."""
