"""One way to carry out a plan: step by step, told on the console, with one way out on failure."""

import time
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import StrEnum

from contravento_ops.kit.compose import Call
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, StepFailed


@dataclass(frozen=True, slots=True)
class Step[Kind: StrEnum]:
    """What is done, how long it usually takes, how it is undone, and the exact calls.

    `subjects` are the containers or services that the step is about, the new one first; `settings`
    what the environment file says from then on; `seconds` how long it waits or watches. A step
    that is not `announced` tells the console itself what it does.
    """

    kind: Kind
    title: str
    usually: str
    undo: str
    calls: tuple[Call, ...] = ()
    subjects: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    announced: bool = True


@dataclass(frozen=True, slots=True)
class Plan[Kind: StrEnum, Facts, Options]:
    """The steps that follow from what runs now and from what was asked for."""

    facts: Facts
    options: Options
    steps: tuple[Step[Kind], ...]


class Interrupted(StepFailed):
    """Somebody broke the command off in the middle of a step."""


type Problem = StepFailed | CommandError


@dataclass(frozen=True, slots=True)
class Failure[Kind: StrEnum]:
    """`has_impact`: a step was begun that changes what riders meet."""

    step: Step[Kind]
    problem: Problem
    has_impact: bool


def give_up[Kind: StrEnum](failure: Failure[Kind]) -> None:
    """For plans that have nothing to undo."""
    if not isinstance(failure.problem, Interrupted):
        raise failure.problem


@dataclass
class StepRunner[Kind: StrEnum]:
    """Carries out one step after another, until one fails.

    `on_failure` undoes what has to be undone; it may raise CommandError. `harmless` are the kinds
    of steps that change nothing. `took` collects each title with its seconds.
    """

    steps: Iterable[Step[Kind]]
    handlers: Mapping[Kind, Callable[[Step[Kind]], None]]
    console: Console
    on_failure: Callable[[Failure[Kind]], None] = give_up
    harmless: Container[Kind] = ()
    took: list[tuple[str, float]] = field(default_factory=list)
    has_impact: bool = False

    def run(self) -> bool:
        """Whether every step succeeded."""
        return all(self._attempt(step) for step in self.steps)

    def carry_out(self, step: Step[Kind]) -> None:
        """One step, whatever it raises."""
        started = time.monotonic()
        self.has_impact = self.has_impact or step.kind not in self.harmless
        with self.console.step(step.title) if step.announced else nullcontext():
            self.handlers[step.kind](step)
        self.took.append((step.title, round(time.monotonic() - started, 1)))

    def _attempt(self, step: Step[Kind]) -> bool:
        try:
            self.carry_out(step)
        except (StepFailed, CommandError) as problem:
            self.on_failure(Failure(step, problem, self.has_impact))
            return False
        except BaseException:
            interrupted = Interrupted("it was broken off")
            self.on_failure(Failure(step, interrupted, self.has_impact))
            raise
        return True
