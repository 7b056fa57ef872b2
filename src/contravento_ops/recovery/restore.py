"""Carrying a restore out: what is live stays so until the swap, whatever happens before it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Project, docker
from contravento_ops.kit.console import Console, Steps as Progress
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.recovery.plan import APPLICATION, Step, Steps
from contravento_ops.recovery.target import RecoveryTarget
from contravento_ops.release import preflight, wait
from contravento_ops.release.plan import BACKUPS, MONITORING, STOP_SECONDS
from contravento_ops.release.wait import NotWell

START_SECONDS = 300
HEALTHY_SECONDS = 120
LOOK_EVERY_SECONDS = 0.5
CRASHES = 2
BUSY = 5  # of the program in the container
BESIDE = tuple(MONITORING | BACKUPS)  # what riders do without
SERVICES = ("restore", "restore-files", "restore-look")


@dataclass
class Restoring:
    """One restore under way. Without `serves`, on a host that has no release yet, nobody looks."""

    project: Project
    console: Console
    wanted: RecoveryTarget
    is_dry: bool = False
    sets_aside: bool = False
    serves: bool = True
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> Steps:
        return Steps(self.project, self.wanted)

    def run(self) -> dict[str, Any]:
        """What came of it. Raises CommandError; what was live is live then, unless it says
        otherwise."""
        started = time.monotonic()
        self._end_orphans()
        self._have_a_server()
        try:
            self._prepare()
            if not self.is_dry:
                self._put_in_place()
        finally:
            self._clean()
        if not self.is_dry:
            self._let_the_application_know()
        self.found["seconds"] = round(time.monotonic() - started, 1)
        return self.found

    def _prepare(self) -> None:
        self.found.update(self._speak(self.steps.prepare))
        side = self.found["side"]
        if self.serves:
            self._bring_to_this_release(side)
        self.found["brought"] = self._speak(self.steps.gather)["brought"]
        if self.serves and not self.found["files_are_elsewhere"]:
            self._do(self.steps.look(side), "The application does not serve what came back")

    def _put_in_place(self) -> None:
        self._speak(self.steps.place)
        self.found.update(self._speak(self.steps.swap))

    def _clean(self) -> None:
        """Whatever came of it; what was swapped in is no side database any more."""
        if "swap_seconds" not in self.found:
            compose.run(self.steps.drop.call)
        compose.run(self.steps.tidy.call)

    # --- what must be there first

    def _end_orphans(self) -> None:
        """A restore whose deploy.sh was killed works on in its container; we hold its lock."""
        name = self.project.config()["name"]
        for service in SERVICES:
            labels = (f"label={PROJECT}={name}", f"label={SERVICE}={service}")
            filters = [part for each in labels for part in ("--filter", each)]
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
        with self.console.step(self.steps.start.title):
            compose.run_well(self.steps.start.call)
            is_well = self._comes_up()
        if is_well:
            compose.run_well(self.steps.roles.call)
            return
        if self.is_dry:
            raise CommandError(
                "PostgreSQL does not start; without --dry-run its data are set aside and a new"
                " cluster is made.",
                status=Exit.DOCKER,
            )
        self._set_aside()

    def _set_aside(self) -> None:
        compose.run_well(self.steps.stop.call)
        kept = self._speak(self.steps.set_aside)["set_aside"]
        self.found["set_aside"] = kept
        self.console.note("warning", f"The cluster that was there is kept as {kept or 'nothing'}.")
        compose.run_well(self.steps.start.call)
        if not self._comes_up():
            raise CommandError("A new PostgreSQL does not start, either.", status=Exit.BROKEN)
        compose.run_well(self.steps.roles.call)

    def _is_running(self) -> bool:
        return any(each.is_well and each.health for each in self.project.containers("postgres"))

    def _comes_up(self) -> bool:
        """False where it crashes again and again. Replaying its own WAL may take minutes."""
        until, first = time.monotonic() + START_SECONDS, None
        while time.monotonic() < until:
            for each in self.project.containers("postgres"):
                if each.is_well and each.health:
                    return True
                crashes = int(compose.inspect(each.id)["RestartCount"])
                first = crashes if first is None else first
                if crashes - first >= CRASHES or each.state in ("exited", "dead"):
                    return False
            time.sleep(LOOK_EVERY_SECONDS)
        raise CommandError(
            f"PostgreSQL is still starting after {START_SECONDS} s; look at ./deploy.sh … logs"
            " postgres. If it never will, restore with --set-aside.",
            status=Exit.DOCKER,
        )

    # --- the application

    def _bring_to_this_release(self, side: str) -> None:
        """Older schemas are migrated; one that this release does not know is refused."""
        done = compose.run(self.steps.plan(side).call)
        found = preflight.read(done.out) if done.ok else None
        if found is None:
            raise CommandError(f"The release cannot look at what came back: {done.said}")
        if not found.is_known and found.head not in found.works_with:
            raise CommandError(
                f"What came back is of a newer release: it is at {found.current}, and the one that"
                f" is deployed knows {found.head}. Deploy that release first. Nothing was changed.",
                status=Exit.REFUSED,
            )
        if found.pending and not (self.is_dry and self.wanted.undo):
            self._do(self.steps.migrate(side), "The migration of what came back failed")
            self.found["migrated"] = [each.revision for each in found.pending]

    def _let_the_application_know(self) -> None:
        """It may be away for the moment; what is restored is live, whatever becomes of this."""
        there = {each.service for each in self.project.containers(*APPLICATION)}
        if not self.serves or not there:
            return
        if not compose.run(self.steps.forget.call).ok:
            self.console.note(
                "warning", "Redis could not be told; its counters run out by themselves."
            )
        started = time.monotonic()
        try:
            self._restart()
        except NotWell as problem:
            words = f"The restored database is live, but {problem}."
            raise CommandError(words, status=Exit.BROKEN) from None
        self.found["restart_seconds"] = round(time.monotonic() - started, 1)

    def _restart(self) -> None:
        """One backend after another, so that where there are several somebody always serves."""
        with self.console.step(self.steps.restart.title):
            for each in self.project.containers("backend"):
                compose.run_well(docker("restart", "--time", str(STOP_SECONDS), each.name))
                self._until_well(but=(*BESIDE, "worker"))
            compose.run_well(self.steps.restart.call)
            self._until_well()

    def _until_well(self, but: tuple[str, ...] = BESIDE) -> None:
        wait.all_healthy(self.project, seconds=HEALTHY_SECONDS, but=but)

    # --- calling

    def _do(self, step: Step, complaint: str, *, status: Exit = Exit.FAILED) -> None:
        with self.console.step(step.title):
            done = compose.run(step.call, timeout=START_SECONDS * 4)
            if not done.ok:
                raise CommandError(f"{complaint}: {done.said}", status=status)

    def _speak(self, step: Step) -> dict[str, Any]:
        if not self.wanted.dump or step.title != self.steps.prepare.title:
            return follow(self.console, step.call, is_in_the_way=self._break_backup_off)
        with self.wanted.dump.open("rb") as dump:
            return follow(
                self.console, step.call, said_to_it=dump, is_in_the_way=self._break_backup_off
            )

    def _break_backup_off(self, words: str) -> None:
        """A restore comes first; what a broken-off backup leaves is swept away."""
        self.console.note("warning", f"{words} It is broken off.")
        compose.run(self.steps.interrupt.call)


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
