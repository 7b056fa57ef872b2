"""Carrying a plan for a Swarm out. What fails the Swarm itself takes back; here it is told of."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from contravento_ops.kit import compose
from contravento_ops.kit.compose import docker
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.release import preflight
from contravento_ops.release.report import Report
from contravento_ops.release.wait import NotWell
from contravento_ops.swarm import prune, service_state
from contravento_ops.swarm.placement import ROLLING
from contravento_ops.swarm.plan import Kind, Plan, Step
from contravento_ops.swarm.stack import Stack, as_json, write

BUILD_SECONDS = 1800
REST_SECONDS = 90
BEFORE_IMPACT = frozenset(
    {
        *(Kind.NODES, Kind.ENVIRONMENT, Kind.IMAGE, Kind.VERDICT, Kind.SECRETS, Kind.PREFLIGHT),
    }
)


@dataclass
class Rolling:
    """One deployment under way. `make_stack` needs the images, so it waits until they are here."""

    plan: Plan
    console: Console
    report: Report
    checks: Mapping[Kind, Callable[[], None]]
    make_stack: Callable[[], Stack]
    seconds: float
    stack: Stack | None = None
    replaced: list[str] = field(default_factory=list)
    migration: str | None = None
    touched: bool = False

    def run(self) -> Report:
        """Carry out every step. What was refused before any impact is raised."""
        try:
            for step in self.plan.steps:
                self._carry_out(step)
            self.report.outcome = "deployed"
        except (NotWell, CommandError) as problem:
            self._fail(problem)
        return self.report

    def _carry_out(self, step: Step) -> None:
        began = time.monotonic()
        self.touched = self.touched or step.kind not in BEFORE_IMPACT
        with self.console.step(step.title):
            HANDLERS[step.kind](self, step)
        self.report.steps.append((step.title, round(time.monotonic() - began, 1)))

    def _fail(self, problem: NotWell | CommandError) -> None:
        self.report.cause = str(problem).strip().rstrip(".")
        if not self.touched:
            self.report.outcome = "refused"
            if isinstance(problem, CommandError):
                raise problem
            raise CommandError(str(problem), status=Exit.REFUSED)
        is_back = self.plan.facts.is_serving and self._go_back()
        self.report.outcome = "went back" if is_back else "broken"

    def _go_back(self) -> bool:
        """The one that failed by the Swarm's own doing, those before it by ours."""
        names = [self._named(each) for each in reversed(self.replaced)]
        for each in names:
            if not service_state.look(each).is_going_back:
                compose.run(docker("service", "rollback", "--detach", each))
        came_back = [service_state.until_back(each) for each in names]
        return all(came_back)

    # -- steps -------------------------------------------------------------------------------

    def check(self, step: Step) -> None:
        self.checks[step.kind]()

    def image(self, step: Step) -> None:
        for call in step.calls:
            compose.run_well(call, timeout=BUILD_SECONDS)

    def secrets(self, step: Step) -> None:
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

    def preflight(self, step: Step) -> None:
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

    def job(self, step: Step) -> None:
        self._bring(step)
        for each in step.services:
            service_state.until_done(self._named(each), seconds=self.seconds)

    def services(self, step: Step) -> None:
        """What rolls is taken back if this or a later one fails."""
        self.replaced += [each for each in step.services if self._changes(each)]
        self._bring(step)
        for each in step.services:
            service_state.until_well(self._named(each), seconds=self.seconds)

    def rest(self, step: Step) -> None:
        try:
            self._bring(step)
            for each in step.services:
                service_state.until_well(self._named(each), seconds=REST_SECONDS)
        except (NotWell, CommandError) as problem:
            self.report.warnings.append(f"riders are served, but {problem}")

    def tidy(self, step: Step) -> None:
        prune.tidy(self.plan.facts.stack, self.plan.facts.services)

    def _bring(self, step: Step) -> None:
        assert self.stack, "secrets come first"  # noqa: S101
        folder = self.plan.facts.folder
        part = "rest" if step.kind is Kind.REST else step.services[0]
        (folder / f"{part}.json").write_text(as_json(self.stack.part(step.services)))
        for call in step.calls:
            compose.run_well(call)

    def _changes(self, service: str) -> bool:
        return service in ROLLING and service in self.plan.facts.there

    def _named(self, service: str) -> str:
        return f"{self.plan.facts.stack}_{service}"


HANDLERS: Mapping[Kind, Callable[[Rolling, Step], None]] = {
    Kind.NODES: Rolling.check,
    Kind.ENVIRONMENT: Rolling.check,
    Kind.IMAGE: Rolling.image,
    Kind.VERDICT: Rolling.check,
    Kind.SECRETS: Rolling.secrets,
    Kind.PREFLIGHT: Rolling.preflight,
    Kind.JOB: Rolling.job,
    Kind.SERVICES: Rolling.services,
    Kind.REST: Rolling.rest,
    Kind.RECORD: Rolling.check,
    Kind.TIDY: Rolling.tidy,
}
