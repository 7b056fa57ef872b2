"""Carrying one rotation out, and going back where a step fails."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contravento_ops.environment import file as env_files, secret_ages
from contravento_ops.kit import compose
from contravento_ops.kit.check_result import CheckFailed, Inconclusive
from contravento_ops.kit.compose import Project
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.release import facts, plan, wait
from contravento_ops.release.plan import Kind, Options
from contravento_ops.release.report import Report
from contravento_ops.release.rollout import Rollout
from contravento_ops.release.wait import NotWell
from contravento_ops.rotation.strategy import Phase, RotationRequest, RotationStrategy

ROLLED = frozenset({"backend", "worker"})
NEVER_REPLACED = frozenset({"postgres", "nginx"})
WATCHES, KEEPS = "containers", "backup-prepare"
UP_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Pace:
    bake_seconds: int
    healthy_seconds: int


@dataclass
class SecretRotator:
    """`requests` are those of the streams that ran while backends were replaced. Where `is_made` is
    not so, the secret was made before, and keeps its age."""

    turn: RotationRequest
    way: RotationStrategy
    console: Console
    pace: Pace
    is_made: bool = True
    requests: dict[str, int] = field(default_factory=lambda: {"sent": 0, "lost": 0})
    losses: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    proof: str = ""
    replaced: tuple[str, ...] = ()

    @property
    def project(self) -> Project:
        return self.turn.project

    @property
    def file(self) -> Path:
        return self.project.place.env_file

    def run(self) -> dict[str, Any]:
        """What came of it. Raises CommandError, which says what is in force then."""
        self._open()
        self.keep_previous()
        for phase in self.way.phases():
            self.take_up(phase)
        self._close()
        self.record()
        return {
            "secret": self.turn.name,
            "proof": self.proof,
            "requests": self.requests,
            "losses": self.losses,
            "warnings": self.warnings,
        }

    # --- steps

    def _open(self) -> None:
        with self.console.step(f"put a new {self.turn.name} beside the old one"):
            try:
                self.way.open()
            except NotWell as problem:
                words = f"{_sentence(problem)} Nothing was changed."
                raise CommandError(words, status=Exit.REFUSED) from None

    def keep_previous(self) -> None:
        """As it was before the whole of it, for who has to look."""
        env_files.keep_previous(self.file)

    def take_up(self, phase: Phase) -> None:
        self._wait(phase)
        before, self.replaced = self.file.read_text(), ()
        running = self._configured()
        env_files.change(self.file, phase.values)
        try:
            changed = differing(running, self._configured())
            if touched := sorted(changed & NEVER_REPLACED):
                raise NotWell(f"{' and '.join(touched)} would have to be replaced for it")
            with self.console.step(phase.title):
                self._bring(changed, before)
        except (NotWell, CommandError) as problem:
            self._go_back(before, problem)
        except BaseException:
            with suppress(CommandError):
                self._go_back(before, NotWell("it was broken off"))
            raise

    def _bring(self, changed: set[str], before: str) -> None:
        beside = tuple(sorted(changed - ROLLED))
        if changed & ROLLED:
            self._roll(beside, before)
        elif beside:
            self._replace(beside)
            wait.all_healthy(self.project, seconds=self.pace.healthy_seconds)

    def _replace(self, services: tuple[str, ...]) -> None:
        """Compose makes everything anew that needs what it replaces; not so what is gone already
        and comes back."""
        self.replaced = services
        for call in (plan.removal_of(self.project, services), self.project.call("up", "--detach")):
            compose.run_well(call, timeout=UP_SECONDS)

    def _roll(self, beside: tuple[str, ...], before: str) -> None:
        """Backend by backend, under a stream of requests. Raises NotWell where it went back."""
        tag = self.turn.values["TAG"]
        options = Options(
            tag=tag, build=False, bake_seconds=self.pace.bake_seconds, going_back=True
        )
        rolling = Rollout(
            plan=plan.renewal(facts.gather(self.project), options, beside),
            console=self.console,
            report=Report(self.project.place.environment, f"contravento:{tag}"),
            values=self.turn.values,
            checks={Kind.RECORD: lambda: None},
            healthy_seconds=self.pace.healthy_seconds,
            before_going_back=lambda: env_files.replace(self.file, before),
        )
        report = rolling.run()
        self._count(report)
        if report.outcome != "deployed":
            status = Exit.BROKEN if report.outcome == "broken" else Exit.WENT_BACK
            raise CommandError(f"{report.cause}", status=status)

    def _count(self, report: Report) -> None:
        self.warnings += [each for each in report.warnings if "was replaced" not in each]
        if found := report.requests:
            self.requests["sent"] += found.sent
            self.requests["lost"] += found.lost
            self.losses += found.losses

    def _wait(self, phase: Phase) -> None:
        if phase.after_seconds:
            title = f"wait {phase.after_seconds / 60:.0f} minutes, until the last token has ended"
            with self.console.step(title):
                time.sleep(phase.after_seconds)

    def _go_back(self, before: str, problem: NotWell | CommandError) -> None:
        """The file as it was before the step, the services as the file says, the old value alone.

        Raises CommandError.
        """
        env_files.replace(self.file, before)
        status = problem.status if isinstance(problem, CommandError) else Exit.WENT_BACK
        said = [f"{self.turn.name} was not replaced: {_sentence(problem)}"]
        try:
            if self.replaced:
                self._replace(self.replaced)
            self.way.shut()
            said.append("What was before is in force again.")
        except (NotWell, CommandError) as another:
            said.append(f"Going back was not whole: {_sentence(another)} Look at once.")
            status = Exit.BROKEN
        raise CommandError(*said, status=status) from None

    def _close(self) -> None:
        """From here on the new value is in force, whatever comes."""
        try:
            with self.console.step(f"let go of the old {self.turn.name}, and knock with it"):
                self.way.close()
                self.proof = self.way.prove()
        except (NotWell, CheckFailed, Inconclusive, CommandError) as problem:
            raise CommandError(
                f"The new {self.turn.name} is in force, but the old one is not proven dead:"
                f" {_sentence(problem)}",
                "Its age is not noted; run the command again when that is mended.",
                status=Exit.FAILED,
            ) from None

    def record(self) -> None:
        """Its moment, for who watches; and the file, for who rebuilds a lost server."""
        secret_ages.note(self.file, *(self.turn.new if self.is_made else ()))
        services = self.project.services()
        if WATCHES in services:
            compose.run_well(self.project.call("up", "--detach", WATCHES))
        if KEEPS in services:
            compose.run_well(self.project.call("run", "--rm", "--no-deps", "-T", KEEPS))

    def _configured(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.project.config()["services"]
        return found


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _sentence(problem: Exception) -> str:
    return f"{str(problem).strip().rstrip('.')}."
