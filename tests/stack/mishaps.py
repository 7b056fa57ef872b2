"""What can go wrong while a set is taken, proven or carried away; each ends with all well again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from tests.stack.backups import (
    FOLDER,
    S3,
    UNASKED,
    answer,
    ask,
    kinds,
    list_sets,
    run,
    storage_elsewhere,
)
from tests.stack.deployment import Deployment, wait_until
from tests.stack.spoiling import SPOILINGS, Spoiling, spoiled

BUSY = 5
# Waits until a program whose line has these words runs, and kills the run that it belongs to.
KILL = """
import os, pathlib, signal, sys, time
def running(words):
    for each in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = each.read_bytes().replace(bytes(1), b" ").decode()
        except OSError:
            continue
        is_ours = "pathlib" in said or int(each.parent.name) == os.getpid()  # a shell, or this
        if words in said and not is_ours:
            yield int(each.parent.name)
until = time.monotonic() + 50
while not list(running(sys.argv[1])):
    assert time.monotonic() < until
    time.sleep(0.005)
for pid in running("contravento_backup now"):
    os.kill(pid, signal.SIGKILL)
"""
# Just enough room to begin with; as soon as a set is begun, none.
NARROW = "fallocate --length $(($(df --output=avail -B1 . | tail -1) - 300000000)) filling-1"
FILL = """
until ls -d sets/.2* >/dev/null 2>&1; do sleep 0.01; done
fallocate --length $(($(df --output=avail -B1 . | tail -1) - 1000000)) filling-2
dd if=/dev/zero of=filling-3 bs=4k 2>/dev/null || true
"""


@dataclass(frozen=True)
class Mishap:
    """`happens` gives what was said of it. The alert fires when it has gone on for so long."""

    name: str
    happens: Callable[[Deployment], AbstractContextManager[str]]
    alert: str
    minutes: int
    environment: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def mishaps() -> list[Mishap]:
    """More than twenty."""
    at_once, never = ("BackupDrillFailed", 3), ("BackupNotProven", 26 * 60)
    of_sets = [Mishap(spoiling.name, _spoiling(spoiling), *at_once) for spoiling in SPOILINGS]
    kills = [
        Mishap(f"killed in the middle of {name}", _killing(words, is_taken=is_taken), *never)
        for name, words, is_taken in (
            ("the base backup", "pgbackrest --type", False),
            ("the dump", "pg_dump --format", False),
            ("restoring the dump", "pg_restore --create", True),
            ("replaying WAL", "pgbackrest --pg1-path", True),
        )
    ]
    behind = ("BackupOffsiteBehind", 40, S3)
    return [
        *of_sets,
        Mishap("index of the live database misses rows", damaged_index, *at_once),
        *kills,
        Mishap("disk full during the backup", full_disk, *never),
        Mishap("clock set back", clock_set_back, *never),
        Mishap("two at once", two_at_once, "", 3),
        Mishap("killed in the middle of the upload", killed_upload, *behind),
        Mishap("off-site storage unreachable", storage_away, *behind),
    ]


# --- sets that are spoiled


def _spoiling(spoil: Spoiling) -> Callable[[Deployment], AbstractContextManager[str]]:
    @contextmanager
    def happens(deployment: Deployment) -> Iterator[str]:
        with spoiled(deployment, spoil):
            found = answer(deployment, "drill", environment=(UNASKED, *spoil.environment))
            assert found["state"] in ("failed", "broken")
            assert kinds(found) >= spoil.kinds, found["problems"]
            yield ", ".join(sorted(kinds(found)))

    return happens


@contextmanager
def damaged_index(deployment: Deployment) -> Iterator[str]:
    """A row that was written while an index was not looked after."""
    ready = (
        "UPDATE pg_index SET indisready = {0}, indisvalid = {0}"
        " WHERE indexrelid = 'spoiled'::regclass"
    )
    lost = "INSERT INTO riders (username, email, password_hash) VALUES ('lost', 'lost', 'none')"
    deployment.psql("CREATE INDEX spoiled ON riders (created_at)")
    for statement in (ready.format("false"), lost, ready.format("true")):
        deployment.psql(statement)
    try:
        found = answer(deployment, "now", environment=(UNASKED,))
        assert kinds(found) == {"index_damaged"}, found["problems"]
        yield "index_damaged"
    finally:
        deployment.psql("DROP INDEX spoiled; DELETE FROM riders WHERE username = 'lost'")
    assert answer(deployment, "now", environment=(UNASKED,))["state"] == "proven"


# --- runs that come to nothing


def _killing(words: str, *, is_taken: bool) -> Callable[[Deployment], AbstractContextManager[str]]:
    @contextmanager
    def happens(deployment: Deployment) -> Iterator[str]:
        before = list_sets(deployment)
        with running(deployment):
            kill(deployment, words)
        after = list_sets(deployment)
        assert after[: len(before)] == before
        states = [each["state"] for each in after[len(before) :]]
        assert states == (["unproven"] if is_taken else [])
        yield "a set that is unproven" if is_taken else "no set"
        assert answer(deployment, "now", environment=(UNASKED,))["state"] == "proven"
        half_done = "ls -A throwaway; ls -d sets/.2* 2>/dev/null || true"
        assert run(deployment, f"cd {FOLDER}; {half_done}") == ""

    return happens


@contextmanager
def running(deployment: Deployment, *environment: str) -> Iterator[None]:
    """A backup that somebody asked for, until it ends."""
    work = threading.Thread(
        target=ask, args=(deployment, "now"), kwargs={"environment": (UNASKED, *environment)}
    )
    work.start()
    try:
        yield
    finally:
        work.join()


def kill(deployment: Deployment, words: str) -> None:
    run(deployment, f"python3 - '{words}' <<'PY'\n{KILL}\nPY")


@contextmanager
def full_disk(deployment: Deployment) -> Iterator[str]:
    if not deployment.values.get("BACKUP_FOLDER"):
        pytest.skip("a small disk can be mounted by root only; nobody else's is filled")
    run(deployment, f"cd {FOLDER}; {NARROW}")
    filling = threading.Thread(target=run, args=(deployment, f"cd {FOLDER}; {FILL}"))
    filling.start()
    try:
        said = ask(deployment, "now", environment=(UNASKED,))
        assert said.returncode == 1, said.stdout
        assert "No space left on device" in said.stderr
    finally:
        filling.join()
        run(deployment, f"rm {FOLDER}/filling-*")
    yield "No space left on device"
    assert answer(deployment, "now", environment=(UNASKED,))["state"] == "proven"


@contextmanager
def clock_set_back(deployment: Deployment) -> Iterator[str]:
    """A set of later than now can only come from a clock that was ahead."""
    newest, ahead = list_sets(deployment)[-1]["name"], "20991231T000000Z"
    run(deployment, f"cd {FOLDER}/sets; cp -a {newest} {ahead}")
    try:
        said = ask(deployment, "now", environment=(UNASKED,))
        assert said.returncode == 1
        assert "it was set back" in said.stderr
    finally:
        run(deployment, f"rm -r {FOLDER}/sets/{ahead}")
    yield "refused: the clock was set back"


@contextmanager
def two_at_once(deployment: Deployment) -> Iterator[str]:
    before = len(list_sets(deployment))
    with running(deployment):
        wait_until(lambda: run(deployment, f"cat {FOLDER}/lock"), 20, "it is at work")
        second = ask(deployment, "now")
    assert second.returncode == BUSY
    assert "Another run is at work: a backup, since" in second.stderr
    there = list_sets(deployment)
    assert (len(there), there[-1]["state"]) == (before + 1, "proven")
    yield "the second is refused"


# --- elsewhere


@contextmanager
def killed_upload(deployment: Deployment) -> Iterator[str]:
    """The lock that it leaves is broken, and the next copy is whole."""
    with storage_elsewhere(deployment):
        _ship(deployment)
        with running(deployment, *S3):
            kill(deployment, "restic --retry-lock 10m backup")
        assert list_sets(deployment)[-1]["state"] == "unproven"
        yield "not up to date"
        _ship(deployment)


@contextmanager
def storage_away(deployment: Deployment) -> Iterator[str]:
    with storage_elsewhere(deployment):
        _ship(deployment)
    said = ask(deployment, "now", environment=(UNASKED, *S3))
    assert said.returncode == 0, said.stderr
    assert list_sets(deployment)[-1]["state"] == "proven"
    assert "ERROR: the off-site copy is not up to date: s3:5000 does not answer" in said.stdout
    assert ask(deployment, "ship", environment=S3).returncode == 1
    yield "s3:5000 does not answer"


def _ship(deployment: Deployment) -> None:
    said = ask(deployment, "ship", environment=S3)
    assert said.returncode == 0, said.stdout + said.stderr
