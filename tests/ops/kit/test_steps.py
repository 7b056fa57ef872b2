"""The step runner: order, what a failure is told, and what an interruption does."""

from collections.abc import Callable
from enum import StrEnum

import pytest

from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, StepFailed
from contravento_ops.kit.steps import Failure, Interrupted, Problem, Step, StepRunner


class Kind(StrEnum):
    LOOK = "look"
    CHANGE = "change"


STEPS = tuple(Step(kind, str(kind), "at once", "not needed") for kind in Kind)


def runner(failures: list[Failure[Kind]], change: Callable[[Step[Kind]], None]) -> StepRunner[Kind]:
    handlers = {Kind.LOOK: lambda step: None, Kind.CHANGE: change}
    return StepRunner(STEPS, handlers, Console(as_json=True), failures.append, {Kind.LOOK})


def test_every_step_is_carried_out_in_order_and_timed() -> None:
    failures: list[Failure[Kind]] = []
    steps: list[Step[Kind]] = []
    subject = runner(failures, steps.append)

    assert subject.run()
    assert [title for title, _ in subject.took] == ["look", "change"]
    assert (steps, failures) == ([STEPS[1]], [])


@pytest.mark.parametrize("problem", [StepFailed("it is slow"), CommandError("it is slow")])
def test_a_failure_ends_the_plan_and_says_whether_riders_are_concerned(problem: Problem) -> None:
    def change(step: Step[Kind]) -> None:
        raise problem

    failures: list[Failure[Kind]] = []

    assert not runner(failures, change).run()
    assert failures == [Failure(STEPS[1], problem, has_impact=True)]


def test_a_harmless_step_has_no_impact() -> None:
    subject = runner([], lambda step: None)

    subject.carry_out(STEPS[0])
    assert not subject.has_impact


def test_an_interruption_is_undone_and_goes_on() -> None:
    def change(step: Step[Kind]) -> None:
        raise KeyboardInterrupt

    failures: list[Failure[Kind]] = []

    with pytest.raises(KeyboardInterrupt):
        runner(failures, change).run()
    assert isinstance(failures[0].problem, Interrupted)
