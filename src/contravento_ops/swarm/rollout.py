"""Deploy to a Swarm by a plan. The Swarm itself rolls a failed service back; this reports it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from contravento_ops.kit import compose
from contravento_ops.kit.compose import docker
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit, StepFailed
from contravento_ops.kit.steps import Failure, Interrupted, StepRunner
from contravento_ops.release import preflight
from contravento_ops.release.report import Report
from contravento_ops.release.steps import BEFORE_IMPACT, Kind, ReleaseStep, refuse_before_impact
from contravento_ops.swarm import prune, service_state
from contravento_ops.swarm.placement import ROLLING
from contravento_ops.swarm.plan import SwarmPlan
from contravento_ops.swarm.stack import Stack, as_json, write

BUILD_SECONDS = 1800
REST_SECONDS = 90


@dataclass
class SwarmRollout:
    """One deployment under way. `make_stack` needs the images, so it waits until they are here."""

    plan: SwarmPlan
    console: Console
    report: Report
    checks: Mapping[Kind, Callable[[], None]]
    make_stack: Callable[[], Stack]
    seconds: float
    stack: Stack | None = None
    replaced: list[str] = field(default_factory=list)
    migration: str | None = None

    def run(self) -> Report:
        """Carry out every step. What was refused before any impact is raised."""
        handlers = {kind: partial(handler, self) for kind, handler in HANDLERS.items()}
        runner = StepRunner(
            steps=self.plan.steps,
            handlers=handlers,
            console=self.console,
            on_failure=self._fail,
            harmless=BEFORE_IMPACT,
            took=self.report.steps,
        )
        if runner.run():
            self.report.outcome = "deployed"
        return self.report

    def _fail(self, failure: Failure[Kind]) -> None:
        if isinstance(failure.problem, Interrupted):
            return  # the Swarm itself goes on, or goes back
        refuse_before_impact(failure, self.report)
        is_back = self.plan.facts.is_serving and self._go_back()
        self.report.outcome = "went back" if is_back else "broken"

    def _go_back(self) -> bool:
        """The one that failed by the Swarm's own doing, those before it by ours."""
        names = [self._named(each) for each in reversed(self.replaced)]
        for each in names:
            if not service_state.look(each).is_going_back:
                compose.run(docker("service", "rollback", "--detach", each))
        came_back = [service_state.until_back(name) for name in names]
        return all(came_back)

    # -- steps -------------------------------------------------------------------------------

    def check(self, step: ReleaseStep) -> None:
        self.checks[step.kind]()

    def image(self, step: ReleaseStep) -> None:
        for call in step.calls:
            compose.run_well(call, timeout=BUILD_SECONDS)

    def secrets(self, step: ReleaseStep) -> None:
        """Each under the name of its content, so that one that is there is the same."""
        self.stack = self.make_stack()
        write(self.stack, self.plan.facts.folder)
        there = set(prune.names("secret", self.stack.name))
        for each in self.stack.kept.values():
            if each.is_secret and each.name not in there:
                made = docker(
                    "secret",
                    "create",
                    "--label",
                    f"{prune.LABEL}={self.stack.name}",
                    each.name,
                    "-",
                )
                done = compose.run(made, said_to_it=each.content.decode())
                if not done.ok:
                    raise CommandError(f"`{made}` failed: {done.said}", status=Exit.DOCKER)

    def preflight(self, step: ReleaseStep) -> None:
        self.job(step)
        found = preflight.read("\n".join(service_state.said(self._named("preflight"))))
        if found is None:
            raise CommandError(
                "The new image cannot say which migrations it brings.", status=Exit.REFUSED
            )
        facts, going_back = self.plan.facts, self.plan.options.going_back
        if words := preflight.judge(found, is_serving=facts.is_serving, going_back=going_back):
            raise CommandError(words, status=Exit.REFUSED)
        self.migration = found.head

    def job(self, step: ReleaseStep) -> None:
        self._bring(step)
        for subject in step.subjects:
            service_state.until_done(self._named(subject), seconds=self.seconds)

    def services(self, step: ReleaseStep) -> None:
        """What rolls is taken back if this or a later one fails."""
        self.replaced += [each for each in step.subjects if self._changes(each)]
        self._bring(step)
        for subject in step.subjects:
            service_state.until_well(self._named(subject), seconds=self.seconds)

    def rest(self, step: ReleaseStep) -> None:
        try:
            self._bring(step)
            for subject in step.subjects:
                service_state.until_well(self._named(subject), seconds=REST_SECONDS)
        except (StepFailed, CommandError) as problem:
            self.report.warnings.append(f"riders are served, but {problem}")

    def tidy(self, step: ReleaseStep) -> None:
        prune.tidy(self.plan.facts.stack, self.plan.facts.services)

    def _bring(self, step: ReleaseStep) -> None:
        assert self.stack, "secrets come first"  # noqa: S101
        folder = self.plan.facts.folder
        part = "rest" if step.kind is Kind.REST else step.subjects[0]
        (folder / f"{part}.json").write_text(as_json(self.stack.part(step.subjects)))
        for call in step.calls:
            compose.run_well(call)

    def _changes(self, service: str) -> bool:
        return service in ROLLING and service in self.plan.facts.there

    def _named(self, service: str) -> str:
        return f"{self.plan.facts.stack}_{service}"


HANDLERS: Mapping[Kind, Callable[[SwarmRollout, ReleaseStep], None]] = {
    Kind.NODES: SwarmRollout.check,
    Kind.ENVIRONMENT: SwarmRollout.check,
    Kind.IMAGE: SwarmRollout.image,
    Kind.VERDICT: SwarmRollout.check,
    Kind.SECRETS: SwarmRollout.secrets,
    Kind.PREFLIGHT: SwarmRollout.preflight,
    Kind.JOB: SwarmRollout.job,
    Kind.SERVICES: SwarmRollout.services,
    Kind.REST: SwarmRollout.rest,
    Kind.RECORD: SwarmRollout.check,
    Kind.TIDY: SwarmRollout.tidy,
}
