"""How a secret is replaced: what comes first, in which steps, and what proves the old one dead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from contravento_ops.environment.initialise import BUILT
from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import StepFailed

type Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Phase:
    """What the environment file says next. Nothing is a line that is emptied."""

    title: str
    values: Values
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RotationRequest:
    """One secret, its old value, and what takes its place; `new` may hold what goes along."""

    project: Project
    values: Values
    name: str
    new: Values

    @property
    def old(self) -> str:
        return self.values.get(self.name, "")

    @property
    def fresh(self) -> str:
        return self.new[self.name]

    def file(self, **more: str) -> Values:
        """The new value and the addresses that it stands in, where the file has such lines."""
        changed = {**self.values, **self.new, **more}
        built = {
            name: build(changed)
            for name, (build, needed) in BUILT.items()
            if name in self.values and self.name in needed
        }
        return {**self.new, **more, **built}


class RotationStrategy(Protocol):
    """Each raises StepFailed, or Refusal where nothing was touched yet."""

    def open(self) -> None:
        """Put the new value beside the old one."""

    def phases(self) -> Sequence[Phase]:
        """Each is taken up by every service before the next begins."""

    def shut(self) -> None:
        """Undo `open`: the old value is the only one again."""

    def close(self) -> None:
        """Nobody uses the old value any more: it goes."""

    def prove(self) -> str:
        """That the new value is good and the old one is refused, in a sentence."""


@dataclass
class Typed:
    """Somebody else's secret, which its owner gave: services take it up, no more can be seen."""

    request: RotationRequest
    refused: str = field(default="", init=False)

    def open(self) -> None:
        """Its owner has it already."""

    def phases(self) -> Sequence[Phase]:
        return (Phase(f"services take the new {self.request.name} up", self.request.file()),)

    def shut(self) -> None:
        """Its owner has both."""

    def close(self) -> None:
        """Only its owner can."""

    def prove(self) -> str:
        return (
            f"Whether the old {self.request.name} is refused is seen where it was given only:"
            " revoke it there."
        )


def expect(is_so: bool, words: str) -> None:
    if not is_so:
        raise StepFailed(words)
