"""The steps of a rotation, as values."""

from collections.abc import Iterator
from enum import StrEnum

from contravento_ops.kit.steps import Step
from contravento_ops.rotation.strategy import Phase, RotationRequest, RotationStrategy


class Kind(StrEnum):
    OPEN = "open"
    KEEP_PREVIOUS = "keep previous"
    WAIT = "wait"
    TAKE_UP = "take up"
    CLOSE = "close"
    RECORD = "record"


type RotationStep = Step[Kind]


def steps(request: RotationRequest, strategy: RotationStrategy) -> Iterator[RotationStep]:
    name, back = request.name, "the file and the services as they were"
    yield Step(Kind.OPEN, f"put a new {name} beside the old one", "1 s", "nothing was changed")
    title = "keep the environment file of before"
    yield Step(Kind.KEEP_PREVIOUS, title, "at once", "not needed", announced=False)
    for phase in strategy.phases():
        if phase.after_seconds:
            minutes = f"{phase.after_seconds / 60:.0f} minutes"
            title = f"wait {minutes}, until the last token has ended"
            yield Step(Kind.WAIT, title, minutes, back, seconds=phase.after_seconds)
        yield take_up(phase)
    title = f"let go of the old {name}, and knock with it"
    yield Step(Kind.CLOSE, title, "5 s", "not undone: the new value is in force")
    title = "note its age, and tell who watches"
    yield Step(Kind.RECORD, title, "5 s", "not needed", announced=False)


def take_up(phase: Phase) -> RotationStep:
    back = "the file and the services as they were"
    return Step(Kind.TAKE_UP, phase.title, "1 min", back, settings=phase.values)
