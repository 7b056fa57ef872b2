"""Deploy to one host by a plan, and go back to the release before when a step fails."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Project
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit, StepFailed
from contravento_ops.kit.steps import Failure, StepRunner
from contravento_ops.release import budget, direct_requests, facts, plan, preflight, wait
from contravento_ops.release.budget import Answer
from contravento_ops.release.plan import ReleasePlan
from contravento_ops.release.report import Report, Requests
from contravento_ops.release.steps import BEFORE_IMPACT, Kind, ReleaseStep, refuse_before_impact
from contravento_ops.release.traffic import Stream

HEALTHY_SECONDS = 90
SETTLED_SECONDS = 60
DRAIN_SECONDS = 600
LISTEN_SECONDS = 3
JOBS_SECONDS = 60
LOOK_EVERY_SECONDS = 1.0
BUILD_SECONDS = 1800
DRAINED_STATUS = 3
OK = 200
# nginx's image has no pgrep; the brackets keep this line from finding itself
DRAINING = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'is shutting[ ]down'"


@dataclass
class Rollout:
    """One deployment under way. `checks` are what others know how to do: host, environment."""

    plan: ReleasePlan
    console: Console
    report: Report
    values: Mapping[str, str]
    checks: Mapping[Kind, Callable[[], None]]
    healthy_seconds: float = HEALTHY_SECONDS
    before_going_back: Callable[[], None] = lambda: None
    stream: Stream | None = None
    probe: str = ""
    before: list[Answer] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    switched_at: float = 0.0

    @property
    def project(self) -> Project:
        return self.plan.facts.project.with_variables(TAG=self.plan.options.tag)

    @property
    def host(self) -> str:
        return self.values.get("DOMAIN", "localhost")

    def run(self) -> Report:
        """Carry out every step, or go back. What was refused before any impact is raised."""
        if self.runner().run():
            self.report.outcome = "deployed" if self._serves() else "broken"
            self._end_stream()
        return self.report

    def runner(self) -> StepRunner[Kind]:
        handlers = {kind: partial(handler, self) for kind, handler in HANDLERS.items()}
        return StepRunner(
            steps=self.plan.steps,
            handlers=handlers,
            console=self.console,
            on_failure=self.fail,
            harmless=BEFORE_IMPACT,
            took=self.report.steps,
        )

    def fail(self, failure: Failure[Kind]) -> None:
        refuse_before_impact(failure, self.report)
        self.report.outcome = self._settle()
        self._end_stream()

    def _settle(self) -> str:
        """Go back where something of before still runs; where only the new one does, it stays."""
        if not self.plan.facts.is_serving:
            return "broken"
        if self._left():
            return "went back" if self._go_back() else "broken"
        cause = f"after it had taken over, {self.report.cause}"
        if not self._serves():
            self.report.cause = f"{cause}; {self.report.cause}"
            return "broken"
        self.report.warnings.append(cause)
        self.report.cause = None
        self.checks[Kind.RECORD]()
        return "deployed"

    def _serves(self) -> bool:
        """Whether the site answers through nginx, which decides whether anything is done."""
        try:
            self._ask_the_site(seconds=SETTLED_SECONDS)
        except (StepFailed, CommandError) as problem:
            self.report.cause = str(problem).rstrip(".")
            return False
        return True

    def _ask_the_site(self, *, seconds: float) -> None:
        """Raises StepFailed when it does not answer in time."""
        stream = Stream(facts.address_of_site(self.project, self.host))
        until = time.monotonic() + seconds
        while (answer := stream.get("/health")).status != OK:
            if time.monotonic() > until:
                words = answer.status or answer.words
                raise StepFailed(f"the site answers {words} at {stream.address.host}")
            time.sleep(LOOK_EVERY_SECONDS)

    # -- steps -------------------------------------------------------------------------------

    def check(self, step: ReleaseStep) -> None:
        self.checks[step.kind]()

    def call(self, step: ReleaseStep) -> None:
        self._calls(step.calls)

    def image(self, step: ReleaseStep) -> None:
        self._calls(step.calls, timeout=BUILD_SECONDS)

    def files(self, step: ReleaseStep) -> None:
        for call in step.calls:
            done = compose.run(call)
            if not done.ok:
                raise CommandError(
                    f"Files that have changed are refused: {done.said}", status=Exit.REFUSED
                )

    def preflight(self, step: ReleaseStep) -> None:
        done = compose.run(step.calls[0])
        found = preflight.read(done.out) if done.ok else None
        if found is None:
            raise CommandError(
                f"The new image cannot say which migrations it brings: {done.said}",
                status=Exit.REFUSED,
            )
        refused = preflight.judge(
            found,
            is_serving=self.plan.facts.is_serving,
            going_back=self.plan.options.going_back,
        )
        if refused:
            raise CommandError(refused, status=Exit.REFUSED)

    def migrate(self, step: ReleaseStep) -> None:
        done = compose.run(step.calls[0])
        if not done.ok:
            raise StepFailed(f"the migration failed: {_last_word(done.said)}")

    def wait(self, step: ReleaseStep) -> None:
        self._until_well(seconds=self.healthy_seconds * 2)
        self._ask_the_site(seconds=0)

    def begin_stream(self, step: ReleaseStep) -> None:
        address = facts.address_of_site(self.project, self.host)
        self.stream = Stream(address, self._probe_token())
        self.stream.start()
        time.sleep(LISTEN_SECONDS)
        self.before = self.stream.since(0)

    def start(self, step: ReleaseStep) -> None:
        name = step.subjects[0]
        self.started.append(name)
        self._calls(step.calls)
        wait.until_healthy(name, seconds=self.healthy_seconds)
        self._until_ready(name)

    def rehearse(self, step: ReleaseStep) -> None:
        new, *others = step.subjects
        before = direct_requests.ask(others[0], host=self.host, rounds=2) if others else []
        if cause := budget.judge(direct_requests.ask(new, host=self.host), before=before):
            raise StepFailed(f"asked directly, {cause}")
        self._judge_connections(new)

    def workers(self, step: ReleaseStep) -> None:
        new = step.subjects[: self.plan.facts.worker_replicas]
        self._calls(step.calls[:1])
        for name in new:
            wait.until_healthy(name, seconds=self.healthy_seconds)
        self._calls(step.calls[1:])

    def switch(self, step: ReleaseStep) -> None:
        self.switched_at = time.monotonic()
        self._calls(step.calls)

    def bake(self, step: ReleaseStep) -> None:
        name = step.subjects[0]
        until = time.monotonic() + step.seconds
        while time.monotonic() < until:
            time.sleep(min(LOOK_EVERY_SECONDS, step.seconds))
            self._judge_traffic()
            self._judge_connections(name)
            wait.until_healthy(name, seconds=self.healthy_seconds)

    def stop(self, step: ReleaseStep) -> None:
        self._until_drained()
        self._judge_traffic()
        self._calls(step.calls)

    def beside(self, step: ReleaseStep) -> None:
        """A service whose configuration changed is replaced, which nobody can do unnoticed."""
        names = self.plan.facts.beside
        before = {each.service: each.id for each in self.project.containers(*names)}
        self._calls(step.calls)
        self._until_well(seconds=self.healthy_seconds)
        after = {container.service: container.id for container in self.project.containers(*names)}
        for service in sorted(name for name in before if before[name] != after.get(name)):
            self.report.warnings.append(
                f"{service} was replaced, since its configuration changed;"
                " requests of that moment may have been lost"
            )

    def record(self, step: ReleaseStep) -> None:
        self.checks[Kind.RECORD]()

    def watch(self, step: ReleaseStep) -> None:
        """Its troubles touch no rider: they are told, and undo nothing."""
        try:
            self._calls(step.calls)
            wait.all_healthy(self.project, seconds=self.healthy_seconds)
        except StepFailed as problem:
            self.report.warnings.append(f"monitoring is not well: {problem}")

    # -- what steps have in common -----------------------------------------------------------

    def _calls(
        self, calls: Sequence[Call], timeout: float = compose.DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        for call in calls:
            done = compose.run(call, timeout=timeout)
            is_switch = plan.UPSTREAM in call.words
            if not done.ok and not (is_switch and done.status == DRAINED_STATUS):
                raise StepFailed(f"`{' '.join(call.words[-6:])}` failed: {done.said}")

    def _until_well(self, *, seconds: float) -> None:
        """All that riders need."""
        wait.all_healthy(self.project, seconds=seconds, but=self.plan.facts.watching)

    def _until_ready(self, name: str) -> None:
        until = time.monotonic() + self.healthy_seconds
        while True:
            is_ready, said = direct_requests.is_ready(name, host=self.host)
            if is_ready:
                return
            wait.until_healthy(name, seconds=self.healthy_seconds)
            if time.monotonic() > until:
                raise StepFailed(f"{name} is not ready after {self.healthy_seconds:.0f} s: {said}")
            time.sleep(LOOK_EVERY_SECONDS)

    def _judge_traffic(self) -> None:
        if self.stream is None:
            return
        cause = budget.judge(self.stream.since(self.switched_at), before=self.before)
        if cause:
            raise StepFailed(f"after the switch {cause}")

    def _judge_connections(self, name: str) -> None:
        address = facts.ip_of(name, "data")
        query = f"SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{address}'"  # noqa: S608
        done = compose.run(facts.psql(self.project, query))
        if not done.ok:
            raise StepFailed(f"{name} leaves the database no connection to look at: {done.said}")
        cause = budget.judge_connections(
            int(done.out.strip() or 0),
            pool=int(self.values.get("DATABASE_POOL_SIZE", 20)),
            processes=int(self.values.get("WEB_CONCURRENCY", 1)),
        )
        if cause:
            raise StepFailed(cause)

    def _until_drained(self) -> None:
        """No nginx process is left that may still ask a backend of before."""
        call = self.project.call("exec", "-T", "nginx", "sh", "-c", DRAINING)
        until = time.monotonic() + DRAIN_SECONDS
        while compose.run(call).out.strip() != "0":
            if time.monotonic() > until:
                self.report.warnings.append(f"requests went on for more than {DRAIN_SECONDS} s")
                return
            time.sleep(LOOK_EVERY_SECONDS)

    # -- the stream --------------------------------------------------------------------------

    def _probe_token(self) -> str | None:
        """None where the release that serves knows no probes; then only reads are sent."""
        done = compose.run(self._in_backend("contravento", "riders", "probe"))
        try:
            made = json.loads(done.out)
        except ValueError:
            self.report.warnings.append("the release before knows no probe riders: reads only")
            return None
        self.probe = made["username"]
        token: str = made["token"]
        return token

    def _end_stream(self) -> None:
        if self.stream is None:
            return
        self.stream.stop()
        self._until_jobs_are_done()
        self.report.requests = Requests.of(self.stream)
        self.stream = None
        if self.probe:
            compose.run(self._in_backend("contravento", "riders", "probe", "--remove", self.probe))

    def _until_jobs_are_done(self) -> None:
        """Uploads that were acknowledged are read in the end, by whichever worker."""
        if self.stream is None:
            return
        until = time.monotonic() + JOBS_SECONDS
        while time.monotonic() < until and (unread := self.stream.unread()):
            time.sleep(LOOK_EVERY_SECONDS)
        if unread:
            self.report.warnings.append(f"{len(unread)} uploads are still unread")

    def _in_backend(self, *words: str) -> Call:
        return self.plan.facts.project.call("exec", "-T", "backend", *words)

    # -- going back --------------------------------------------------------------------------

    def _left(self) -> tuple[str, ...]:
        """What served before and runs still."""
        backends = self.plan.facts.project.containers("backend")
        running = {backend.name for backend in backends if backend.state == "running"}
        return tuple(name for name in self.plan.facts.backends if name in running)

    def _go_back(self) -> bool:
        """Whether what served before serves again. Nothing new is stopped before it does."""
        self.console.note("warning", f"Going back: {self.report.cause}")
        self.before_going_back()
        there = {container.name for container in self.plan.facts.project.containers("backend")}
        new = tuple(name for name in self.started if name in there)
        first, *others = plan.going_back(self.plan, left=self._left(), new=new)
        if not self._undo(first):
            return False
        for call in others:
            self._undo(call)
        try:
            self._until_well(seconds=SETTLED_SECONDS)
        except StepFailed as problem:
            self.report.warnings.append(str(problem))
        return bool(self._left())

    def _undo(self, call: Call) -> bool:
        done = compose.run(call)
        if done.ok or "No such container" in done.said:
            return True
        self.report.warnings.append(f"`{' '.join(call.words[-5:])}`: {done.said}")
        return False


def _last_word(said: str) -> str:
    """The last line; where that is a line of the application's log, what happened, and the last of
    the error's own words, which are the database's."""
    line = said.splitlines()[-1] if said else ""
    try:
        entry = json.loads(line)
        error = str(entry.get("exception") or "").strip().splitlines()
        return ": ".join([str(entry["event"]), *error[-1:]])
    except (ValueError, TypeError, KeyError, AttributeError):
        return line


HANDLERS: Mapping[Kind, Callable[[Rollout, ReleaseStep], None]] = {
    Kind.HOST: Rollout.check,
    Kind.ENVIRONMENT: Rollout.check,
    Kind.IMAGE: Rollout.image,
    Kind.VERDICT: Rollout.check,
    Kind.FILES: Rollout.files,
    Kind.PREFLIGHT: Rollout.preflight,
    Kind.UP: Rollout.call,
    Kind.WAIT: Rollout.wait,
    Kind.PROBE: Rollout.begin_stream,
    Kind.MIGRATE: Rollout.migrate,
    Kind.PIN: Rollout.call,
    Kind.START: Rollout.start,
    Kind.REHEARSE: Rollout.rehearse,
    Kind.WORKERS: Rollout.workers,
    Kind.SWITCH: Rollout.switch,
    Kind.BAKE: Rollout.bake,
    Kind.STOP: Rollout.stop,
    Kind.RELEASE_PIN: Rollout.call,
    Kind.BESIDE: Rollout.beside,
    Kind.RECORD: Rollout.record,
    Kind.WATCH: Rollout.watch,
}
