"""Carrying a plan out, and going back by itself when a step says no."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Project
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.release import budget, direct_requests, facts, plan, preflight, wait
from contravento_ops.release.budget import Answer
from contravento_ops.release.plan import Kind, Plan, Step
from contravento_ops.release.report import Report, Requests
from contravento_ops.release.traffic import Stream
from contravento_ops.release.wait import NotWell

HEALTHY_SECONDS = 90
SETTLED_SECONDS = 60
DRAIN_SECONDS = 600
LISTEN_SECONDS = 3
JOBS_SECONDS = 60
LOOK_EVERY_SECONDS = 1.0
BUILD_SECONDS = 1800
DRAINED_STATUS = 3
# nginx's image has no pgrep; the brackets keep this line from finding itself
DRAINING = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'is shutting[ ]down'"
BEFORE_IMPACT = frozenset({Kind.HOST, Kind.ENVIRONMENT, Kind.IMAGE, Kind.VERDICT, Kind.PREFLIGHT})


@dataclass
class Rollout:
    """One deployment under way. `checks` are what others know how to do: host, environment."""

    plan: Plan
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
    touched: bool = False

    @property
    def project(self) -> Project:
        return self.plan.facts.project.with_variables(TAG=self.plan.options.tag)

    @property
    def host(self) -> str:
        return self.values.get("DOMAIN", "localhost")

    def run(self) -> Report:
        """Carry out every step, or go back. What was refused before any impact is raised."""
        try:
            for step in self.plan.steps:
                self._carry_out(step)
            self._end_stream()
            self.report.outcome = "deployed"
        except (NotWell, CommandError) as problem:
            self._fail(problem)
        except BaseException:
            self._fail(NotWell("it was broken off"))
            raise
        return self.report

    def _carry_out(self, step: Step) -> None:
        began = time.monotonic()
        if step.kind not in BEFORE_IMPACT:
            self.touched = True
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
        self.report.outcome = self._settle()
        self._end_stream()

    def _settle(self) -> str:
        """Go back where something of before still runs; where only the new one does, it stays."""
        if not self.plan.facts.is_serving:
            return "broken"
        if self._left():
            return "went back" if self._go_back() else "broken"
        self.report.warnings.append(f"after it had taken over, {self.report.cause}")
        self.report.cause = None
        self.checks[Kind.RECORD]()
        return "deployed"

    # -- steps -------------------------------------------------------------------------------

    def check(self, step: Step) -> None:
        self.checks[step.kind]()

    def call(self, step: Step) -> None:
        self._calls(step.calls)

    def image(self, step: Step) -> None:
        self._calls(step.calls, timeout=BUILD_SECONDS)

    def preflight(self, step: Step) -> None:
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

    def migrate(self, step: Step) -> None:
        done = compose.run(step.calls[0])
        if not done.ok:
            raise NotWell(f"the migration failed: {_last_word(done.said)}")

    def wait(self, step: Step) -> None:
        self._until_well(seconds=self.healthy_seconds * 2)
        address = facts.address_of_site(self.project, self.host)
        answer = Stream(address).get("/health")
        if answer.status != 200:
            raise NotWell(f"the site answers {answer.status or answer.words} at {address.host}")

    def begin_stream(self, step: Step) -> None:
        address = facts.address_of_site(self.project, self.host)
        self.stream = Stream(address, self._probe_token())
        self.stream.start()
        time.sleep(LISTEN_SECONDS)
        self.before = self.stream.since(0)

    def start(self, step: Step) -> None:
        name = step.containers[0]
        self.started.append(name)
        self._calls(step.calls)
        wait.until_healthy(name, seconds=self.healthy_seconds)
        self._until_ready(name)

    def rehearse(self, step: Step) -> None:
        new, *others = step.containers
        before = direct_requests.ask(others[0], host=self.host, rounds=2) if others else []
        if cause := budget.judge(direct_requests.ask(new, host=self.host), before=before):
            raise NotWell(f"asked directly, {cause}")
        self._judge_connections(new)

    def workers(self, step: Step) -> None:
        new = step.containers[: self.plan.facts.worker_replicas]
        self._calls(step.calls[:1])
        for name in new:
            wait.until_healthy(name, seconds=self.healthy_seconds)
        self._calls(step.calls[1:])

    def switch(self, step: Step) -> None:
        self.switched_at = time.monotonic()
        self._calls(step.calls)

    def bake(self, step: Step) -> None:
        name = step.containers[0]
        seconds = float(step.usually.split()[0])
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(min(LOOK_EVERY_SECONDS, seconds))
            self._judge_traffic()
            self._judge_connections(name)
            wait.until_healthy(name, seconds=self.healthy_seconds)

    def stop(self, step: Step) -> None:
        self._until_drained()
        self._judge_traffic()
        self._calls(step.calls)

    def beside(self, step: Step) -> None:
        """A service whose configuration changed is replaced, which nobody can do unnoticed."""
        names = self.plan.facts.beside
        before = {each.service: each.id for each in self.project.containers(*names)}
        self._calls(step.calls)
        self._until_well(seconds=self.healthy_seconds)
        after = {each.service: each.id for each in self.project.containers(*names)}
        for service in sorted(name for name in before if before[name] != after.get(name)):
            self.report.warnings.append(
                f"{service} was replaced, since its configuration changed;"
                " requests of that moment may have been lost"
            )

    def record(self, step: Step) -> None:
        self.checks[Kind.RECORD]()

    def watch(self, step: Step) -> None:
        """Its troubles touch no rider: they are told, and undo nothing."""
        try:
            self._calls(step.calls)
            wait.all_healthy(self.project, seconds=self.healthy_seconds)
        except NotWell as problem:
            self.report.warnings.append(f"monitoring is not well: {problem}")

    # -- what steps have in common -----------------------------------------------------------

    def _calls(
        self, calls: Sequence[Call], timeout: float = compose.DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        for call in calls:
            done = compose.run(call, timeout=timeout)
            is_switch = plan.UPSTREAM in call.words
            if not done.ok and not (is_switch and done.status == DRAINED_STATUS):
                raise NotWell(f"`{' '.join(call.words[-6:])}` failed: {done.said}")

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
                raise NotWell(f"{name} is not ready after {self.healthy_seconds:.0f} s: {said}")
            time.sleep(LOOK_EVERY_SECONDS)

    def _judge_traffic(self) -> None:
        if self.stream is None:
            return
        cause = budget.judge(self.stream.since(self.switched_at), before=self.before)
        if cause:
            raise NotWell(f"after the switch {cause}")

    def _judge_connections(self, name: str) -> None:
        address = facts.ip_of(name, "data")
        query = f"SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{address}'"  # noqa: S608
        done = compose.run(facts.psql(self.project, query))
        if not done.ok:
            raise NotWell(f"{name} leaves the database no connection to look at: {done.said}")
        cause = budget.judge_connections(
            int(done.out.strip() or 0),
            pool=int(self.values.get("DATABASE_POOL_SIZE", 20)),
            processes=int(self.values.get("WEB_CONCURRENCY", 1)),
        )
        if cause:
            raise NotWell(cause)

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
        self.report.requests = Requests.of(self.stream, self.stream.unkept())
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
        running = facts.gather(self.plan.facts.project).backends
        return tuple(name for name in self.plan.facts.backends if name in running)

    def _go_back(self) -> bool:
        """Whether what served before serves again. Nothing new is stopped before it does."""
        self.console.note("warning", f"Going back: {self.report.cause}")
        self.before_going_back()
        there = {each.name for each in self.plan.facts.project.containers("backend")}
        new = tuple(name for name in self.started if name in there)
        first, *others = plan.going_back(self.plan, left=self._left(), new=new)
        if not self._undo(first):
            return False
        for call in others:
            self._undo(call)
        try:
            self._until_well(seconds=SETTLED_SECONDS)
        except NotWell as problem:
            self.report.warnings.append(str(problem))
        return bool(self._left())

    def _undo(self, call: Call) -> bool:
        done = compose.run(call)
        if done.ok or "No such container" in done.said:
            return True
        self.report.warnings.append(f"`{' '.join(call.words[-5:])}`: {done.said}")
        return False


def _last_word(said: str) -> str:
    """The last line; where that is a line of the application's log, what happened."""
    line = said.splitlines()[-1] if said else ""
    try:
        return str(json.loads(line)["event"])
    except (ValueError, TypeError, KeyError):
        return line


HANDLERS: Mapping[Kind, Callable[[Rollout, Step], None]] = {
    Kind.HOST: Rollout.check,
    Kind.ENVIRONMENT: Rollout.check,
    Kind.IMAGE: Rollout.image,
    Kind.VERDICT: Rollout.check,
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
