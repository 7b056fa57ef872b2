"""Restore step by step: what is live stays so until the swap, whatever happens before it."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

from contravento_ops.kit import compose, services
from contravento_ops.kit.compose import Call, Project, docker
from contravento_ops.kit.console import Console, Steps as Progress
from contravento_ops.kit.errors import CommandError, Exit, StepFailed
from contravento_ops.kit.steps import Failure, Interrupted, StepRunner
from contravento_ops.recovery import plan
from contravento_ops.recovery.plan import Kind, RestoreCalls, RestoreStep
from contravento_ops.recovery.target import RecoveryTarget
from contravento_ops.release import preflight, wait
from contravento_ops.release.plan import STOP_SECONDS

START_SECONDS = 300
HEALTHY_SECONDS = 120
LOOK_EVERY_SECONDS = 0.5
CRASHES = 2
BUSY = 5  # of the program in the container


@dataclass
class Restore:
    """One restore under way. Without `serves`, on a host that has no release yet, nobody looks."""

    project: Project
    console: Console
    target: RecoveryTarget
    is_dry: bool = False
    sets_aside: bool = False
    serves: bool = True
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def calls(self) -> RestoreCalls:
        return RestoreCalls(self.project, self.target)

    @property
    def steps(self) -> tuple[RestoreStep, ...]:
        return plan.steps(self.calls, dry_run=self.is_dry)

    def run(self) -> dict[str, Any]:
        """What came of it. Raises CommandError; what was live is live then, unless it says
        otherwise."""
        started = time.monotonic()
        self._end_orphans()
        self._have_a_server()
        handlers = {kind: partial(handler, self) for kind, handler in HANDLERS.items()}
        StepRunner(self.steps, handlers, self.console, self._clean).run()
        self.result["seconds"] = round(time.monotonic() - started, 1)
        return self.result

    def _clean(self, failure: Failure[Kind]) -> None:
        """What was swapped in is no side database any more."""
        if "swap_seconds" not in self.result:
            compose.run(self.calls.drop)
        compose.run(self.calls.tidy)
        if not isinstance(failure.problem, Interrupted):
            raise failure.problem

    # --- steps

    def prepare(self, step: RestoreStep) -> None:
        if self.target.dump is None:
            self.result.update(self._follow(step.calls[0]))
            return
        with self.target.dump.open("rb") as dump:
            self.result.update(self._follow(step.calls[0], dump))

    def migrate(self, step: RestoreStep) -> None:
        """Older schemas are migrated; one that this release does not know is refused."""
        if not self.serves:
            return
        side = self.result["side"]
        done = compose.run(self.calls.migration_plan(side))
        migrations = preflight.read(done.out) if done.ok else None
        if migrations is None:
            raise CommandError(f"The release cannot look at what came back: {done.said}")
        if not migrations.is_known and migrations.head not in migrations.works_with:
            raise CommandError(
                f"What came back is of a newer release: it is at {migrations.current}, and the one"
                f" that is deployed knows {migrations.head}. Deploy that release first. Nothing was"
                " changed.",
                status=Exit.REFUSED,
            )
        if migrations.pending and not (self.is_dry and self.target.undo):
            complaint = "The migration of what came back failed"
            self._call(step.title, self.calls.migrate(side), complaint)
            self.result["migrated"] = [each.revision for each in migrations.pending]

    def gather(self, step: RestoreStep) -> None:
        self.result["brought"] = self._follow(step.calls[0])["brought"]

    def look(self, step: RestoreStep) -> None:
        if self.serves and not self.result["files_are_elsewhere"]:
            call = self.calls.look(self.result["side"])
            self._call(step.title, call, "The application does not serve what came back")

    def place(self, step: RestoreStep) -> None:
        self._follow(step.calls[0])

    def swap(self, step: RestoreStep) -> None:
        self.result.update(self._follow(step.calls[0]))

    def forget(self, step: RestoreStep) -> None:
        """What is restored is live, whatever becomes of this and what follows."""
        if self._is_served() and not compose.run(step.calls[0]).ok:
            message = "Redis could not be told; its counters run out by themselves."
            self.console.note("warning", message)

    def restart(self, step: RestoreStep) -> None:
        """One backend after another, so that where there are several somebody always serves."""
        if not self._is_served():
            return
        started = time.monotonic()
        try:
            with self.console.step(step.title):
                for backend in self.project.containers("backend"):
                    compose.run_well(docker("restart", "--time", str(STOP_SECONDS), backend.name))
                    self._until_well(but=services.DISPENSABLE | {"worker"})
                compose.run_well(step.calls[0])
                self._until_well()
        except StepFailed as problem:
            message = f"The restored database is live, but {problem}."
            raise CommandError(message, status=Exit.BROKEN) from None
        self.result["restart_seconds"] = round(time.monotonic() - started, 1)

    def drop(self, step: RestoreStep) -> None:
        compose.run(step.calls[0])

    def tidy(self, step: RestoreStep) -> None:
        compose.run(step.calls[0])

    # --- what must be there first

    def _end_orphans(self) -> None:
        """A restore whose deploy.sh was killed works on in its container; we hold its lock."""
        name = self.project.config()["name"]
        for service in services.RESTORE:
            labels = (f"label={PROJECT}={name}", f"label={SERVICE}={service}")
            filters = [part for label in labels for part in ("--filter", label)]
            found = compose.run_well(docker("ps", "--all", "--quiet", *filters)).split()
            if found:
                compose.run_well(docker("rm", "--force", *found))

    def _have_a_server(self) -> None:
        """A cluster that is gone is made anew by its container; one that is broken is set aside."""
        if self.sets_aside and not self.is_dry:
            self._set_aside()
            return
        if self._is_running():
            return
        with self.console.step("start PostgreSQL, if it does not run"):
            compose.run_well(self.calls.start)
            is_well = self._comes_up()
        if is_well:
            compose.run_well(self.calls.make_roles)
            return
        if self.is_dry:
            raise CommandError(
                "PostgreSQL does not start; without --dry-run its data are set aside and a new"
                " cluster is made.",
                status=Exit.DOCKER,
            )
        self._set_aside()

    def _set_aside(self) -> None:
        compose.run_well(self.calls.stop)
        kept = self._follow(self.calls.set_aside)["set_aside"]
        self.result["set_aside"] = kept
        self.console.note("warning", f"The cluster that was there is kept as {kept or 'nothing'}.")
        compose.run_well(self.calls.start)
        if not self._comes_up():
            raise CommandError("A new PostgreSQL does not start, either.", status=Exit.BROKEN)
        compose.run_well(self.calls.make_roles)

    def _is_running(self) -> bool:
        return any(
            container.is_well and container.health
            for container in self.project.containers("postgres")
        )

    def _comes_up(self) -> bool:
        """False where it crashes again and again. Replaying its own WAL may take minutes."""
        until, first = time.monotonic() + START_SECONDS, None
        while time.monotonic() < until:
            for container in self.project.containers("postgres"):
                if container.is_well and container.health:
                    return True
                crashes = int(compose.inspect(container.id)["RestartCount"])
                first = crashes if first is None else first
                if crashes - first >= CRASHES or container.state in ("exited", "dead"):
                    return False
            time.sleep(LOOK_EVERY_SECONDS)
        raise CommandError(
            f"PostgreSQL is still starting after {START_SECONDS} s; look at ./deploy.sh … logs"
            " postgres. If it never will, restore with --set-aside.",
            status=Exit.DOCKER,
        )

    # --- what steps have in common

    def _is_served(self) -> bool:
        """The application may be away for the moment."""
        return self.serves and bool(self.project.containers(*sorted(services.APPLICATION)))

    def _until_well(self, but: frozenset[str] = services.DISPENSABLE) -> None:
        wait.all_healthy(self.project, seconds=HEALTHY_SECONDS, but=but)

    def _call(self, title: str, call: Call, complaint: str) -> None:
        with self.console.step(title):
            done = compose.run(call, timeout=START_SECONDS * 4)
            if not done.ok:
                raise CommandError(f"{complaint}: {done.said}")

    def _follow(self, call: Call, dump: IO[bytes] | None = None) -> dict[str, Any]:
        return follow(self.console, call, said_to_it=dump, is_in_the_way=self._interrupt_backup)

    def _interrupt_backup(self, message: str) -> None:
        """A restore comes first; what a broken-off backup leaves is swept away."""
        self.console.note("warning", f"{message} It is broken off.")
        compose.run(self.calls.interrupt_backup)


HANDLERS: Mapping[Kind, Callable[[Restore, RestoreStep], None]] = {
    Kind.PREPARE: Restore.prepare,
    Kind.MIGRATE: Restore.migrate,
    Kind.GATHER: Restore.gather,
    Kind.LOOK: Restore.look,
    Kind.PLACE: Restore.place,
    Kind.SWAP: Restore.swap,
    Kind.FORGET: Restore.forget,
    Kind.RESTART: Restore.restart,
    Kind.DROP: Restore.drop,
    Kind.TIDY: Restore.tidy,
}

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"


def follow(
    console: Console,
    call: Call,
    *,
    said_to_it: IO[bytes] | None = None,
    is_in_the_way: Callable[[str], None] = lambda words: None,
) -> dict[str, Any]:
    """Show what a step says of itself; its result. Raises CommandError with its last words."""
    results: list[dict[str, Any]] = []
    with console.progress() as progress:
        read = _reader(progress, results, is_in_the_way)
        done = compose.follow(call, read, said_to_it)
    if not done.ok or not results:
        status = Exit.BUSY if done.status == BUSY else Exit.FAILED
        raise CommandError(done.said or f"`{call}` was broken off.", status=status)
    return results[-1]


def _reader(
    progress: Progress, results: list[dict[str, Any]], is_in_the_way: Callable[[str], None]
) -> Callable[[str], None]:
    def read(line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return
        if "begins" in event:
            progress.begin(event["title"], event["seconds"])
        elif "ended" in event:
            progress.end(event["seconds"])
        elif "waits" in event:
            is_in_the_way(event["waits"])
        elif "warns" in event:
            progress.console.note("warning", event["warns"])
        elif "result" in event:
            results.append(event["result"])

    return read
