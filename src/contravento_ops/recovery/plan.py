"""The steps of a restore, as values: shown, tested, and then carried out by restoring.py."""

from dataclasses import dataclass

from contravento_ops.kit.compose import Call, Project
from contravento_ops.recovery.target import RecoveryTarget

NOTHING = "nothing live was touched"
GOES_ON = "./deploy.sh … restore --undo"
APPLICATION = ("backend", "worker")


@dataclass(frozen=True, slots=True)
class Step:
    """`call` speaks of what it does, an event a line, unless it `is_silent`."""

    title: str
    undo: str
    call: Call
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    project: Project
    wanted: RecoveryTarget

    def shown(self, *, dry_run: bool) -> tuple[Step, ...]:
        """In their order; the side database is named as it will be."""
        before = (self.prepare, self.migrate("…"), self.gather, self.look("…"))
        if dry_run:
            return (*before, self.drop, self.tidy)
        return (*before, self.place, self.swap, self.forget, self.restart, self.tidy)

    @property
    def prepare(self) -> Step:
        words = ("restore-prepare", *self.wanted.words)
        title = f"bring {self.wanted} back into a side database, and check it"
        return Step(title, NOTHING, self._run("restore", *words))

    def plan(self, side: str) -> Step:
        call = self._migrating(side, "contravento", "migrate", "--plan", "--json")
        return Step("see whether this release works with it", NOTHING, call, is_silent=True)

    def migrate(self, side: str) -> Step:
        title = "migrate the side database, if it is of an older release; refuse a newer one's"
        return Step(title, NOTHING, self._migrating(side), is_silent=True)

    @property
    def gather(self) -> Step:
        call = self._run("restore-files", "restore-gather", *self.wanted.leniency)
        return Step("bring its uploaded files together in a side folder", NOTHING, call)

    def look(self, side: str) -> Step:
        call = self._run("--env", f"LOOK_AT_DATABASE={side}", "restore-look")
        title = "start the application on both, read-only, and ask it for the feed"
        return Step(title, NOTHING, call, is_silent=True)

    @property
    def place(self) -> Step:
        call = self._run("restore-files", "restore-place")
        return Step("put lost files back; no row speaks of them yet", NOTHING, call)

    @property
    def swap(self) -> Step:
        call = self._run("restore", "restore-swap")
        return Step("swap the databases, in one transaction", GOES_ON, call)

    @property
    def forget(self) -> Step:
        call = self.project.call("exec", "-T", "redis", "redis-cli", "FLUSHALL")
        return Step("let Redis forget what it counted", "not needed", call, is_silent=True)

    @property
    def restart(self) -> Step:
        call = self.project.call("restart", "worker")
        title = (
            "restart one backend after another, then the worker: nothing of before is remembered"
        )
        return Step(title, GOES_ON, call, is_silent=True)

    @property
    def drop(self) -> Step:
        call = self._run("restore", "restore-drop")
        return Step("drop the side database", "not needed", call, is_silent=True)

    @property
    def tidy(self) -> Step:
        call = self._run("restore-files", "restore-tidy")
        return Step("remove the side folder", "not needed", call, is_silent=True)

    @property
    def interrupt(self) -> Step:
        call = self.project.call("restart", "--timeout", "3", "backup")
        return Step("break off what the backup service does", "not needed", call, is_silent=True)

    # --- of a server that is lost

    @property
    def start(self) -> Step:
        call = self.project.call("up", "--detach", "--no-recreate", "postgres")
        return Step("start PostgreSQL, if it does not run", NOTHING, call, is_silent=True)

    @property
    def roles(self) -> Step:
        return Step("make the roles of a new cluster", NOTHING, self._run("roles"), is_silent=True)

    @property
    def stop(self) -> Step:
        call = self.project.call("stop", "postgres")
        return Step("stop what does not start", NOTHING, call, is_silent=True)

    @property
    def set_aside(self) -> Step:
        call = self._run("restore", "set-aside")
        return Step("put the damaged cluster away, for a new one", "rename it back", call)

    def _run(self, *words: str) -> Call:
        return self.project.call("run", "--rm", "--no-deps", "-T", *words)

    def _migrating(self, side: str, *words: str) -> Call:
        """The migrations' own one-off, shown another database."""
        project = self.project.with_variables(POSTGRES_DB=side)
        return project.call("run", "--rm", "--no-deps", "-T", "migrate", *words)
