"""The steps of a restore, as values: shown, tested, and then carried out by restore.py."""

from dataclasses import dataclass
from enum import StrEnum

from contravento_ops.kit.compose import Call, Project
from contravento_ops.kit.steps import Step
from contravento_ops.recovery.target import RecoveryTarget

NOTHING = "nothing live was touched"
GOES_ON = "./deploy.sh … restore --undo"
LATER = "…"  # the side database has its name when it is there
BY_SIZE = "depends on the size"


class Kind(StrEnum):
    PREPARE = "prepare"
    MIGRATE = "migrate"
    GATHER = "gather"
    LOOK = "look"
    PLACE = "place"
    SWAP = "swap"
    FORGET = "forget"
    RESTART = "restart"
    DROP = "drop"
    TIDY = "tidy"


type RestoreStep = Step[Kind]


@dataclass(frozen=True, slots=True)
class RestoreCalls:
    """What is called on the way; a step is one of these with its title and its undo."""

    project: Project
    target: RecoveryTarget

    @property
    def prepare(self) -> Call:
        return self._run("restore", "restore-prepare", *self.target.words)

    def migration_plan(self, side: str) -> Call:
        return self._migrate(side, "contravento", "migrate", "--plan", "--json")

    def migrate(self, side: str) -> Call:
        return self._migrate(side)

    @property
    def gather(self) -> Call:
        return self._run("restore-files", "restore-gather", *self.target.leniency)

    def look(self, side: str) -> Call:
        return self._run("--env", f"LOOK_AT_DATABASE={side}", "restore-look")

    @property
    def place(self) -> Call:
        """Lost files go back; no row names them yet."""
        return self._run("restore-files", "restore-place")

    @property
    def swap(self) -> Call:
        return self._run("restore", "restore-swap")

    @property
    def flush_redis(self) -> Call:
        return self.project.call("exec", "-T", "redis", "redis-cli", "FLUSHALL")

    @property
    def restart_workers(self) -> Call:
        return self.project.call("restart", "worker")

    @property
    def drop(self) -> Call:
        return self._run("restore", "restore-drop")

    @property
    def tidy(self) -> Call:
        return self._run("restore-files", "restore-tidy")

    @property
    def interrupt_backup(self) -> Call:
        return self.project.call("restart", "--timeout", "3", "backup")

    # --- of a server that is lost

    @property
    def start(self) -> Call:
        return self.project.call("up", "--detach", "--no-recreate", "postgres")

    @property
    def make_roles(self) -> Call:
        return self._run("roles")

    @property
    def stop(self) -> Call:
        return self.project.call("stop", "postgres")

    @property
    def set_aside(self) -> Call:
        return self._run("restore", "set-aside")

    def _run(self, *words: str) -> Call:
        return self.project.call("run", "--rm", "--no-deps", "-T", *words)

    def _migrate(self, side: str, *words: str) -> Call:
        """The migrations' own one-off, shown another database."""
        project = self.project.with_variables(POSTGRES_DB=side)
        return project.call("run", "--rm", "--no-deps", "-T", "migrate", *words)


def steps(calls: RestoreCalls, *, dry_run: bool) -> tuple[RestoreStep, ...]:
    """In their order; a dry run ends before the swap."""
    tidy = _step(Kind.TIDY, "remove the side folder", "not needed", calls.tidy)
    if dry_run:
        drop = _step(Kind.DROP, "drop the side database", "not needed", calls.drop)
        return (*_preparing(calls), drop, tidy)
    return (*_preparing(calls), *_swapping(calls), tidy)


def _preparing(calls: RestoreCalls) -> tuple[RestoreStep, ...]:
    target = calls.target
    return (
        _step(
            Kind.PREPARE,
            f"bring {target} back into a side database, and check it",
            NOTHING,
            calls.prepare,
        ),
        _step(
            Kind.MIGRATE,
            "migrate the side database, if it is of an older release; refuse a newer one's",
            NOTHING,
            calls.migrate(LATER),
        ),
        _step(
            Kind.GATHER,
            "bring its uploaded files together in a side folder",
            NOTHING,
            calls.gather,
        ),
        _step(
            Kind.LOOK,
            "start the application on both, read-only, and ask it for the feed",
            NOTHING,
            calls.look(LATER),
        ),
    )


def _swapping(calls: RestoreCalls) -> tuple[RestoreStep, ...]:
    return (
        _step(Kind.PLACE, "put lost files back; no row speaks of them yet", NOTHING, calls.place),
        _step(Kind.SWAP, "swap the databases, in one transaction", GOES_ON, calls.swap),
        _step(Kind.FORGET, "let Redis forget what it counted", "not needed", calls.flush_redis),
        _step(
            Kind.RESTART,
            "restart one backend after another, then the worker: nothing of before is remembered",
            GOES_ON,
            calls.restart_workers,
        ),
    )


def _step(kind: Kind, title: str, undo: str, call: Call) -> RestoreStep:
    """The program in the container tells what it does; so the runner does not."""
    return Step(kind, title, BY_SIZE, undo, (call,), announced=False)
