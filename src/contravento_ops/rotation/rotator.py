"""Rotate one secret step by step, and go back where a step fails."""

import time
from collections.abc import Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contravento_ops.environment import file as env_files, secret_ages
from contravento_ops.kit import compose
from contravento_ops.kit.check_result import CheckFailed, Inconclusive
from contravento_ops.kit.compose import Project
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit, StepFailed
from contravento_ops.kit.services import (
    APPLICATION,
    EXPORTER_OF_CONTAINERS,
    KEEPER_OF_THE_FILE,
    NEVER_REPLACED,
)
from contravento_ops.kit.steps import Failure, Interrupted, Problem, StepRunner
from contravento_ops.release import facts, plan as release_plan, wait
from contravento_ops.release.report import Report
from contravento_ops.release.rollout import Rollout
from contravento_ops.release.steps import Kind as ReleaseKind, Options
from contravento_ops.rotation import plan
from contravento_ops.rotation.plan import Kind, RotationStep
from contravento_ops.rotation.strategy import Phase, RotationRequest, RotationStrategy

UP_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Pace:
    bake_seconds: int
    healthy_seconds: int


@dataclass
class SecretRotator:
    """`requests` are those of the streams that ran while backends were replaced. Where `is_made` is
    not so, the secret was made before, and keeps its age."""

    request: RotationRequest
    strategy: RotationStrategy
    console: Console
    pace: Pace
    is_made: bool = True
    requests: dict[str, int] = field(default_factory=lambda: {"sent": 0, "lost": 0})
    losses: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    proof: str = ""
    before: str = ""
    replaced: tuple[str, ...] = ()

    @property
    def project(self) -> Project:
        return self.request.project

    @property
    def file(self) -> Path:
        return self.project.paths.env_file

    def run(self) -> dict[str, Any]:
        """What came of it. Raises CommandError, which says what is in force then."""
        self._runner(plan.steps(self.request, self.strategy)).run()
        return {
            "secret": self.request.name,
            "proof": self.proof,
            "requests": self.requests,
            "losses": self.losses,
            "warnings": self.warnings,
        }

    def apply(self, phase: Phase) -> None:
        """One phase alone. Raises CommandError after going back."""
        self._runner((plan.take_up(phase),)).run()

    def _runner(self, steps: Iterable[RotationStep]) -> StepRunner[Kind]:
        return StepRunner(
            steps=steps,
            handlers={
                Kind.OPEN: self._open,
                Kind.KEEP_PREVIOUS: self._keep_previous,
                Kind.WAIT: self._wait,
                Kind.TAKE_UP: self._take_up,
                Kind.CLOSE: self._close,
                Kind.RECORD: self._record,
            },
            console=self.console,
            on_failure=self._fail,
        )

    # --- steps

    def _open(self, step: RotationStep) -> None:
        self.strategy.open()

    def _keep_previous(self, step: RotationStep) -> None:
        """As it was before the whole of it, for who has to look."""
        env_files.keep_previous(self.file)

    def _wait(self, step: RotationStep) -> None:
        time.sleep(step.seconds)

    def _take_up(self, step: RotationStep) -> None:
        self.before, self.replaced = self.file.read_text(), ()
        running = self._configured()
        env_files.change(self.file, step.settings)
        changed = differing(running, self._configured())
        if touched := sorted(changed & NEVER_REPLACED):
            raise StepFailed(f"{' and '.join(touched)} would have to be replaced for it")
        self._bring(changed)

    def _close(self, step: RotationStep) -> None:
        """From here on the new value is in force, whatever comes."""
        try:
            self.strategy.close()
            self.proof = self.strategy.prove()
        except (CheckFailed, Inconclusive) as problem:
            raise StepFailed(str(problem)) from problem

    def _record(self, step: RotationStep) -> None:
        self.record()

    def record(self) -> None:
        """Note when it was made, for monitoring; and keep the file, for a lost server."""
        secret_ages.note(self.file, *(self.request.new if self.is_made else ()))
        services = self.project.services()
        if EXPORTER_OF_CONTAINERS in services:
            compose.run_well(self.project.call("up", "--detach", EXPORTER_OF_CONTAINERS))
        if KEEPER_OF_THE_FILE in services:
            compose.run_well(
                self.project.call("run", "--rm", "--no-deps", "-T", KEEPER_OF_THE_FILE)
            )

    # --- what steps have in common

    def _bring(self, changed: set[str]) -> None:
        beside = tuple(sorted(changed - APPLICATION))
        if changed & APPLICATION:
            self._roll(beside)
        elif beside:
            self._replace(beside)
            wait.all_healthy(self.project, seconds=self.pace.healthy_seconds)

    def _replace(self, services: tuple[str, ...]) -> None:
        """Compose makes everything anew that needs what it replaces; not so what is gone already
        and comes back."""
        self.replaced = services
        for call in (
            release_plan.removal_of(self.project, services),
            self.project.call("up", "--detach"),
        ):
            compose.run_well(call, timeout=UP_SECONDS)

    def _roll(self, beside: tuple[str, ...]) -> None:
        """Backend by backend, under a stream of requests. Raises StepFailed where it went back."""
        tag = self.request.values["TAG"]
        options = Options(
            tag=tag, build=False, bake_seconds=self.pace.bake_seconds, going_back=True
        )
        rollout = Rollout(
            plan=release_plan.renewal(facts.gather(self.project), options, beside),
            console=self.console,
            report=Report(self.project.paths.environment, f"contravento:{tag}"),
            values=self.request.values,
            checks={ReleaseKind.RECORD: lambda: None},
            healthy_seconds=self.pace.healthy_seconds,
            before_going_back=lambda: env_files.replace(self.file, self.before),
        )
        report = rollout.run()
        self._count(report)
        if report.outcome != "deployed":
            status = Exit.BROKEN if report.outcome == "broken" else Exit.WENT_BACK
            raise CommandError(f"{report.cause}", status=status)

    def _count(self, report: Report) -> None:
        self.warnings += [warning for warning in report.warnings if "was replaced" not in warning]
        if found := report.requests:
            self.requests["sent"] += found.sent
            self.requests["lost"] += found.lost
            self.losses += found.losses

    # --- when a step fails

    def _fail(self, failure: Failure[Kind]) -> None:
        """Raises CommandError, but where somebody broke it off."""
        problem = failure.problem
        if failure.step.kind is Kind.TAKE_UP:
            is_interrupted = isinstance(problem, Interrupted)
            with suppress(CommandError) if is_interrupted else nullcontext():
                self._go_back(problem)
        elif isinstance(problem, Interrupted):
            return
        elif failure.step.kind is Kind.CLOSE:
            raise self._unproven(problem) from None
        elif failure.step.kind is Kind.OPEN and isinstance(problem, StepFailed):
            message = f"{_sentence(problem)} Nothing was changed."
            raise CommandError(message, status=Exit.REFUSED) from None
        else:
            raise problem

    def _go_back(self, problem: Problem) -> None:
        """The file as it was before the step, the services as the file says, the old value alone.

        Raises CommandError.
        """
        env_files.replace(self.file, self.before)
        status = problem.status if isinstance(problem, CommandError) else Exit.WENT_BACK
        sentences = [f"{self.request.name} was not replaced: {_sentence(problem)}"]
        try:
            if self.replaced:
                self._replace(self.replaced)
            self.strategy.shut()
            sentences.append("What was before is in force again.")
        except (StepFailed, CommandError) as another:
            sentences.append(f"Going back was not whole: {_sentence(another)} Look at once.")
            status = Exit.BROKEN
        raise CommandError(*sentences, status=status) from None

    def _unproven(self, problem: Problem) -> CommandError:
        return CommandError(
            f"The new {self.request.name} is in force, but the old one is not proven dead:"
            f" {_sentence(problem)}",
            "Its age is not noted; run the command again when that is mended.",
            status=Exit.FAILED,
        )

    def _configured(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.project.config()["services"]
        return found


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _sentence(problem: Exception) -> str:
    return f"{str(problem).strip().rstrip('.')}."
