"""Move riders' files step by step. Killed anywhere, the same command goes on from there."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from contravento_ops.environment import file as env_files
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Project, docker
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.services import APPLICATION
from contravento_ops.kit.steps import StepRunner
from contravento_ops.release import facts
from contravento_ops.rotation.rotator import Pace, SecretRotator
from contravento_ops.rotation.strategy import Phase, RotationRequest, Typed
from contravento_ops.storage_migration import checkpoint
from contravento_ops.storage_migration.checkpoint import Remembered
from contravento_ops.storage_migration.plan import URL, Kind, MigrationStep, Move, Standing

SERVICE = "files"
NOT_GOOD = 5  # of the application's own program


@dataclass
class StorageMigration:
    """`remembered` is written down before each step that depends on it. What `is_new` begins with
    an empty place: what stands there besides ours would be swept away."""

    project: Project
    console: Console
    pace: Pace
    remembered: Remembered
    asks_for_versions: bool = True
    is_new: bool = False
    done: dict[str, Any] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=lambda: {"sent": 0, "lost": 0})
    warnings: list[str] = field(default_factory=list)

    @property
    def move(self) -> Move:
        return self.remembered.move

    def run(self, steps: Sequence[MigrationStep]) -> dict[str, Any]:
        """What came of it. Raises CommandError, which says what is in force then."""
        env_files.keep_previous(self.project.paths.env_file)
        self._match_file()
        handlers = {kind: partial(handler, self) for kind, handler in HANDLERS.items()}
        StepRunner(steps, handlers, self.console).run()
        return {
            "from": self.move.source,
            "to": self.move.target,
            **self.done,
            "requests": self.requests,
            "warnings": self.warnings,
        }

    # --- steps

    def look(self, step: MigrationStep) -> None:
        self._ask("look", "--at", self.move.source)
        found = self._ask("look", "--at", self.move.target)
        if self.asks_for_versions and _is_bucket(self.move.target):
            _refuse_forgetful(found)
        if self.is_new and not found["is_empty"]:
            raise CommandError(
                f"There are files in {self.move.target} already, which may be somebody else's;"
                " name a place that is empty.",
                status=Exit.REFUSED,
            )
        self._remember()

    def copy(self, step: MigrationStep) -> None:
        self.done["copied"] = self._ask("copy", *self._between())

    def mark(self, step: MigrationStep) -> None:
        """Once: what stood there before anybody but us wrote to it."""
        if self.remembered.marked_at:
            return
        with self.console.step(step.title):
            found = self._ask("look", "--at", self.move.target)
        self._remember(marked_at=str(found["now"]))

    def learn(self, step: MigrationStep) -> None:
        self._bring(step, self.move.learned)

    def switch(self, step: MigrationStep) -> None:
        self._bring(step, self.move.switched)

    def catch_up(self, step: MigrationStep) -> None:
        self.done["caught_up"] = self._ask("copy", *self._between())

    def verify(self, step: MigrationStep) -> None:
        marked = self.remembered.marked_at
        sweep = ("--sweep-before", marked) if marked else ()
        found = self._ask("verify", *self._between(), *sweep, good=(0, NOT_GOOD))
        self.done["verified"] = found
        if not found["is_good"]:
            raise CommandError(
                f"{self.move.target} does not keep what it is given:"
                f" {', '.join(found['damaged'])}. Both places are looked into, and nothing is"
                " lost. Say --back, or mend it and say the command again.",
                status=Exit.FAILED,
            )
        if found["lost"]:
            self.warnings.append(
                f"in neither place, and missing before: {', '.join(found['lost'])}"
            )
        self._remember(is_done=True)

    def forget(self, step: MigrationStep) -> None:
        self._bring(step, self.move.after)

    def empty(self, step: MigrationStep) -> None:
        ends = ("--from", self.move.source, "--kept-in", self.move.target)
        self.done["emptied"] = found = self._ask("empty", *ends)
        if found["left"]:
            self.warnings.append(
                f"{found['left']} files stay in {self.move.source}: the database names none of"
                " them, and they were not copied"
            )
        checkpoint.forget(self.project.paths.memory)

    # --- what steps have in common

    def _between(self) -> tuple[str, ...]:
        return "--from", self.move.source, "--to", self.move.target

    def _remember(self, **changes: Any) -> None:
        self.remembered = replace(self.remembered, **changes)
        checkpoint.write(self.project.paths.memory, self.remembered)

    def _match_file(self) -> None:
        """What was broken off may have left it behind what runs."""
        there = standings(self.project)
        if len(there) == 1:
            env_files.change(self.project.paths.env_file, next(iter(there)).values)

    def _bring(self, step: MigrationStep, wanted: Standing) -> None:
        """Backend by backend, under a stream of requests; where it fails, all as it was.

        The file first says what the last of them was started with: a run that was killed may have
        left it ahead of what runs.
        """
        there = standings(self.project)
        if there == {wanted}:
            return
        way, least = self.move.way, self.move.least(there)
        if abs(way.index(wanted) - way.index(least)) > 1:
            raise CommandError(
                "Some processes know too little of the new place yet; say the command again.",
                status=Exit.REFUSED,
            )
        file = self.project.paths.env_file
        env_files.change(file, least.values)
        found = env_files.read(file)
        values = found.values if found else {}
        request = RotationRequest(self.project, values, URL, {URL: wanted.url})
        rotator = SecretRotator(request, Typed(request), self.console, self.pace, is_made=False)
        rotator.apply(Phase(step.title, wanted.values))
        rotator.record()
        self.warnings += rotator.warnings
        for name, count in rotator.requests.items():
            self.requests[name] += count
        if standings(self.project) != {wanted}:
            raise CommandError(
                "Not every process took the change up; say the command again.", status=Exit.FAILED
            )

    def _ask(self, *words: str, good: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """The application's own program, in a container beside the others: only it knows files.
        One that a killed run left would go on by itself; it ends first."""
        name = f"{facts.gather(self.project).name}-{SERVICE}"
        compose.run(docker("rm", "--force", name))
        call = self.project.call(
            "run",
            "--rm",
            "--no-deps",
            "-T",
            "--name",
            name,
            SERVICE,
            "contravento",
            "files",
            *words,
        )
        lines: list[Mapping[str, Any]] = []
        done = compose.follow(call, lambda line: self._hear(line, lines), None)
        answers = [line["answer"] for line in lines if "answer" in line]
        if done.status not in good or not answers:
            raise CommandError(
                _last_sentence(done.err) or f"`{call}` was broken off.", status=Exit.FAILED
            )
        return dict(answers[-1])

    def _hear(self, line: str, lines: list[Mapping[str, Any]]) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            return
        if isinstance(said, dict):
            lines.append(said)
            if "progress" in said:
                counted = ", ".join(f"{value} {name}" for name, value in said["progress"].items())
                self.console.say(f"  {counted.replace('_', ' ')}")


def standings(project: Project) -> set[Standing]:
    """What backends and workers that run were started with, whatever the file says now."""
    return {
        Standing.of(_environment(container.id))
        for container in project.containers(*sorted(APPLICATION))
        if container.state in ("running", "restarting")
    }


def _environment(container: str) -> dict[str, str]:
    said: list[str] = compose.inspect(container)["Config"]["Env"]
    return {name: value for name, _, value in (each.partition("=") for each in said)}


def _is_bucket(url: str) -> bool:
    return url.startswith("s3://")


def _refuse_forgetful(found: Mapping[str, Any]) -> None:
    if not found["keeps_versions"]:
        raise CommandError(
            "That bucket keeps no versions, and our backups hold no files of a bucket: what is"
            " deleted or overwritten there would be gone. Switch versioning on, or say"
            " --without-versions if something else keeps them.",
            status=Exit.REFUSED,
        )


def _last_sentence(said: str) -> str:
    """Of a program whose log lines are JSON."""
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("{")]
    return lines[-1].strip() if lines else ""


HANDLERS: Mapping[Kind, Callable[[StorageMigration, MigrationStep], None]] = {
    Kind.LOOK: StorageMigration.look,
    Kind.COPY: StorageMigration.copy,
    Kind.LEARN: StorageMigration.learn,
    Kind.MARK: StorageMigration.mark,
    Kind.SWITCH: StorageMigration.switch,
    Kind.CATCH_UP: StorageMigration.catch_up,
    Kind.VERIFY: StorageMigration.verify,
    Kind.FORGET: StorageMigration.forget,
    Kind.EMPTY: StorageMigration.empty,
}
