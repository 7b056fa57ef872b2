"""A move of riders' files: its steps, and that it can be killed anywhere, without Docker."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contravento_ops import main
from contravento_ops.environment import file as env_files
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Container, Done, Project
from contravento_ops.kit.errors import Exit
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.release import facts, wait
from contravento_ops.release.plan import Facts
from contravento_ops.release.report import Report, Requests
from contravento_ops.release.rollout import Rollout
from contravento_ops.storage_migration import checkpoint, plan
from contravento_ops.storage_migration.plan import FOLDER, Kind, Move, Standing
from tests.ops.making import make_file

BUCKET = "s3://diary/prod"
MOVE = Move(FOLDER, BUCKET)
PROCESSES = 5  # three backends and two workers
NOW = "2026-11-23T10:00:00+00:00"


class Killed(BaseException):
    """As a process is that nobody asks."""


@dataclass
class World:
    """What Docker would say: with which places each process was started, and what files are where.

    Each thing that is done may be the last one: `kill_at` counts down.
    """

    paths: EnvironmentPaths
    standings: list[Standing]
    files: dict[str, set[str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    seen: list[set[Standing]] = field(default_factory=list)
    keeps_versions: bool = True
    refuses: str = ""
    fails_to_roll: bool = False
    kill_at: int = -1
    uploads: int = 0
    frozen: tuple[list[Standing], str, str] = ([], "", "")

    # --- what happens

    def live(self) -> None:
        """A moment passes: riders send files by whichever process answers, and look at all."""
        self.seen.append(set(self.standings))
        for standing in set(self.standings):
            self.uploads += 1
            key = f"key-{self.uploads}"
            self.files.setdefault(standing.url, set()).add(key)
            self.known.add(key)
        for standing in self.standings:
            shown = self.files.get(standing.url, set()) | self.files.get(standing.fallback, set())
            assert self.known <= shown, f"{standing} does not show {self.known - shown}"
        if self.kill_at == 0:
            self.kill_at = -1
            self.frozen = list(self.standings), self.paths.env_file.read_text(), self.remembered()
            raise Killed
        self.kill_at -= 1

    def remembered(self) -> str:
        file = self.paths.memory / checkpoint.NAME
        return file.read_text() if file.exists() else ""

    def thaw(self) -> None:
        """As it was when it was killed: who is killed tidies nothing up."""
        self.standings, text, remembered = self.frozen
        self.paths.env_file.write_text(text)
        checkpoint.forget(self.paths.memory)
        if remembered:
            (self.paths.memory / checkpoint.NAME).write_text(remembered)

    def roll(self, rolling: Rollout) -> Report:
        """One process after another is replaced by one of the file's."""
        rolling.report.requests = Requests(sent=40, lost=0)
        before = list(self.standings)
        for number in range(len(self.standings)):
            if self.fails_to_roll and number == 2:
                rolling.before_going_back()
                self.standings = before
                rolling.report.outcome, rolling.report.cause = "went back", "it is slow"
                return rolling.report
            self.standings[number] = self.file()
            self.live()
        rolling.report.outcome = "deployed"
        return rolling.report

    def file(self) -> Standing:
        found = env_files.read(self.paths.env_file)
        assert found
        return Standing.of(found.values)

    # --- what is asked

    def run(self, call: Call, *, timeout: float = 0, said_to_it: str | None = None) -> Done:
        return Done(0, "", "")

    def follow(self, call: Call, hear: Callable[[str], None], said_to_it: object) -> Done:
        words = list(call.words[call.words.index("files", call.words.index("run") + 5) :])[3:]
        self.said.append(words[0])
        self.live()
        if words[0] == self.refuses:
            return Done(3, "", '{"event": "…"}\nThe place for files cannot be used: it is away.\n')
        given = dict(zip(words[1::2], words[2::2], strict=False))
        told = getattr(self, words[0])(*(given.get(name, "") for name in NAMES[words[0]]))
        hear('{"progress": {"copied": 1}}')
        hear(json.dumps({"answer": told}))
        return Done(0, "", "")

    def look(self, at: str) -> dict[str, Any]:
        empty = not self.files.get(at)
        return {"now": NOW, "keeps_versions": self.keeps_versions, "is_empty": empty}

    def copy(self, source: str, target: str) -> dict[str, Any]:
        new = self.known & self.files.get(source, set()) - self.files.get(target, set())
        self.files.setdefault(target, set()).update(new)
        return {"files": len(new)}

    def verify(self, source: str, target: str) -> dict[str, Any]:
        self.copy(source, target)
        there = self.known & self.files[target]
        both = there & self.files.get(source, set())
        return {
            "is_good": True,
            "damaged": [],
            "lost": sorted(self.known - there),
            "files": len(there),
            "compared": len(both),
            "alone": len(there - both),
        }

    def empty(self, source: str, kept_in: str) -> dict[str, Any]:
        self.files[source] -= self.files[kept_in]
        return {"files": 1, "left": len(self.files[source])}

    def containers(self) -> list[Container]:
        return [
            Container(str(number), f"x-backend-{number}", "backend", "running", "healthy", "")
            for number in range(PROCESSES)
        ]

    def inspect(self, name: str) -> dict[str, Any]:
        values = self.standings[int(name)].values
        return {"Config": {"Env": [f"{each}={value}" for each, value in values.items()]}}


NAMES = {
    "look": ("--at",),
    "copy": ("--from", "--to"),
    "verify": ("--from", "--to"),
    "empty": ("--from", "--kept-in"),
}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))
    path = make_file(tmp_path, "prod")
    env_files.put(path, "TAG", "1f3c5a7")
    made = World(EnvironmentPaths(tmp_path, "prod"), [Standing(FOLDER)] * PROCESSES)
    made.files[FOLDER] = made.known = {"key-of-yore"}
    made.files[FOLDER] = {"key-of-yore"}
    monkeypatch.setattr(compose, "compose_command", lambda: ("docker", "compose"))
    monkeypatch.setattr(compose, "run", made.run)
    monkeypatch.setattr(compose, "follow", made.follow)
    monkeypatch.setattr(compose, "inspect", made.inspect)
    monkeypatch.setattr(Project, "containers", lambda project, *names: made.containers())
    monkeypatch.setattr(
        Project,
        "config",
        lambda project: {"services": {"backend": made.file().values}, "name": "x"},
    )
    monkeypatch.setattr(Project, "services", lambda project: ["backend", "worker"])
    monkeypatch.setattr(facts, "gather", lambda project: Facts(project, "x", ("x-backend-1",)))
    monkeypatch.setattr(wait, "all_healthy", lambda project, seconds, but=(): None)
    monkeypatch.setattr(Rollout, "run", lambda rolling: made.roll(rolling))
    return made


def say(*words: str) -> int:
    return main.run(["prod", "move-storage", *words])


def kinds(steps: tuple[plan.MigrationStep, ...]) -> list[Kind]:
    return [step.kind for step in steps]


# --- the plan


def test_the_steps_are_those_that_are_still_to_be_done() -> None:
    first = [Kind.LOOK, Kind.COPY, Kind.LEARN, Kind.MARK, Kind.SWITCH]
    last = [Kind.CATCH_UP, Kind.VERIFY]

    assert kinds(plan.steps(MOVE, {MOVE.before})) == [*first, *last]
    assert kinds(plan.steps(MOVE, {MOVE.before, MOVE.learned})) == [*first, *last]
    for there in ({MOVE.learned}, {MOVE.learned, MOVE.switched}):
        assert Kind.LEARN not in kinds(plan.steps(MOVE, there))
        assert Kind.SWITCH in kinds(plan.steps(MOVE, there))
    for there in ({MOVE.switched}, {MOVE.after}, {MOVE.switched, MOVE.after}):
        assert kinds(plan.steps(MOVE, there)) == [Kind.LOOK, *last]
    assert kinds(plan.back_steps(MOVE.back, {MOVE.switched}))[-1] is Kind.FORGET
    assert kinds(plan.finishing_steps(MOVE, {MOVE.switched})) == [
        *(Kind.LOOK, Kind.VERIFY, Kind.FORGET, Kind.EMPTY)
    ]
    assert Kind.FORGET not in kinds(plan.finishing_steps(MOVE, {MOVE.after}))


def test_the_way_back_is_the_way_there_turned_round() -> None:
    assert MOVE.back.way == tuple(reversed(MOVE.way))
    assert MOVE.least({MOVE.switched, MOVE.learned}) == MOVE.learned


# --- carried out


def test_files_are_copied_before_anything_changes_and_both_places_are_read_afterwards(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("--to", BUCKET, "--json") == Exit.DONE

    found = json.loads(capsys.readouterr().out)
    assert world.said == ["look", "look", "copy", "look", "copy", "verify"]
    assert set(world.standings) == {MOVE.switched}
    assert world.file() == MOVE.switched
    assert (found["to"], found["requests"]) == (BUCKET, {"sent": 80, "lost": 0})
    assert world.known <= world.files[BUCKET]
    assert checkpoint.read(world.paths.memory) == checkpoint.Remembered(
        FOLDER, BUCKET, NOW, is_done=True
    )


def test_finishing_comes_after_it_is_done_and_leaves_one_place(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("--finish") == Exit.USAGE
    world.refuses = "verify"
    assert say("--to", BUCKET) == Exit.FAILED
    assert say("--finish") == Exit.REFUSED
    assert "is not done" in capsys.readouterr().err
    world.refuses = ""

    assert (say(), say("--finish")) == (Exit.DONE, Exit.DONE)

    assert set(world.standings) == {MOVE.after}
    assert world.file() == MOVE.after
    assert world.files[FOLDER] == set()
    assert checkpoint.read(world.paths.memory) is None
    assert say("--back") == Exit.USAGE


def test_going_back_takes_what_came_since(world: World) -> None:
    assert say("--to", BUCKET) == Exit.DONE
    since = world.known - world.files[FOLDER]
    assert since

    assert say("--back") == Exit.DONE

    assert set(world.standings) == {MOVE.before}
    assert world.known <= world.files[FOLDER]
    assert world.known & world.files[BUCKET]
    assert say("--finish") == Exit.DONE
    assert world.files[BUCKET] == set()


@pytest.mark.parametrize("words", [("--to", "s3://"), ("--to", "file:///tmp"), ("--to", "velo")])
def test_a_place_that_is_none_is_refused(world: World, words: tuple[str, ...]) -> None:
    assert say(*words) == Exit.USAGE
    assert say() == Exit.USAGE
    assert say("--to", "folder") == Exit.USAGE  # it is there already
    assert say("--to", BUCKET, "--back") == Exit.USAGE
    assert world.said == []


def test_a_bucket_that_forgets_or_is_not_empty_is_refused_and_nothing_is_begun(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.keeps_versions = False
    assert say("--to", BUCKET) == Exit.REFUSED
    assert "keeps no versions" in capsys.readouterr().err
    world.files[BUCKET] = {"somebody-else's"}
    assert say("--to", BUCKET, "--without-versions") == Exit.REFUSED
    assert "name a place that is empty" in capsys.readouterr().err
    assert checkpoint.read(world.paths.memory) is None
    assert world.file() == MOVE.before

    world.files[BUCKET] = set()
    assert say("--to", BUCKET, "--without-versions") == Exit.DONE


def test_what_the_program_says_is_told_and_nothing_changes(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.refuses = "copy"
    assert say("--to", BUCKET) == Exit.FAILED
    assert capsys.readouterr().err.strip().endswith("cannot be used: it is away.")
    assert set(world.standings) == {MOVE.before}
    assert say("--to", "s3://another") == Exit.REFUSED
    assert "is under way" in capsys.readouterr().err


def test_a_change_that_is_not_taken_up_is_taken_back(world: World) -> None:
    world.fails_to_roll = True
    assert say("--to", BUCKET) == Exit.WENT_BACK
    assert (set(world.standings), world.file()) == ({MOVE.before}, MOVE.before)

    world.fails_to_roll = False
    assert say() == Exit.DONE


def test_the_plan_is_shown_and_nothing_done(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("--to", BUCKET, "--dry-run", "--json") == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert [each["kind"] for each in found] == kinds(plan.steps(MOVE, {MOVE.before}))
    assert world.said == []


@pytest.mark.parametrize("seed", range(40))
def test_killed_anywhere_it_goes_on_and_no_file_is_ever_out_of_sight(
    world: World, seed: int
) -> None:
    """There, perhaps back, and finished; killed now and then. `live` looks at every moment."""
    chance = random.Random(seed)  # noqa: S311
    commands = [("--to", BUCKET), *chance.choice([[], [("--back",)]]), ("--finish",)]
    for words in commands:
        for _ in range(chance.randrange(4)):
            world.kill_at = chance.randrange(14)
            try:
                if say(*words) == Exit.DONE:
                    break
            except Killed:
                world.thaw()
        world.kill_at = -1
        if words != ("--finish",) or checkpoint.read(world.paths.memory):
            assert say(*words) == Exit.DONE, words
    there = MOVE.before if ("--back",) in commands else MOVE.after
    assert set(world.standings) == {there}
    assert world.file() == there
    for seen in world.seen:
        places = sorted(MOVE.way.index(each) for each in seen)
        assert places[-1] - places[0] <= 1, seen
