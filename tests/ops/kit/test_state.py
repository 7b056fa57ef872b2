"""The lock, the audit and the state: what the host remembers."""

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from contravento_ops.kit import audit, lock, state
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.state import EnvironmentState, Release


def _hold(file: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with lock.held(file, "deploy 1f3c5a7"):
        ready.set()
        multiprocessing.Event().wait()


def test_a_second_command_is_told_who_is_at_work(tmp_path: Path) -> None:
    file, ready = tmp_path / "lock", multiprocessing.Event()
    other = multiprocessing.Process(target=_hold, args=(file, ready))
    other.start()
    try:
        assert ready.wait(20)
        with pytest.raises(CommandError) as refused, lock.held(file, "stop"):
            pass
    finally:
        other.kill()
        other.join()

    assert refused.value.status is Exit.BUSY
    assert f"deploy 1f3c5a7, process {other.pid}" in str(refused.value)
    with lock.held(file, "stop"):  # a killed process holds nothing
        assert '"action": "stop"' in file.read_text()


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in audit.newest(file)]


def test_every_action_leaves_a_line_however_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"

    with audit.recorded(file, "deploy", {"release": "1f3c5a7"}, is_announced=True) as entry:
        entry["outcome"] = "went back"
    with pytest.raises(CommandError), audit.recorded(file, "deploy", {}):
        raise CommandError("The host is not fit.", status=Exit.HOST)
    with pytest.raises(KeyboardInterrupt), audit.recorded(file, "restart", {}):
        raise KeyboardInterrupt

    announced, *found = lines(file)
    assert (announced["outcome"], announced["release"]) == ("begun", "1f3c5a7")
    assert [entry["outcome"] for entry in found] == [
        "went back",
        "refused (host): The host is not fit.",
        "failed: KeyboardInterrupt",
    ]
    assert {"at", "who", "action", "outcome", "seconds"} <= set(found[0])
    assert found[0]["release"] == "1f3c5a7"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_command_that_was_killed_has_begun_and_never_ended(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    assert audit.never_ended(file, ["deploy"]) is None
    with audit.recorded(file, "deploy", {}, is_announced=True):
        unfinished = audit.never_ended(file, ["deploy"])
    assert unfinished is not None
    assert unfinished["process"] == os.getpid()
    assert audit.never_ended(file, ["deploy"]) is None


ONE = Release("contravento:1", "sha256:1", "1")
TWO = Release("contravento:2", "sha256:2", "2")


def test_the_release_before_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.json"

    state.write(file, EnvironmentState().after(ONE).after(TWO))

    assert state.read(file) == EnvironmentState(current=TWO, previous=ONE)


def test_deploying_the_same_again_keeps_the_one_before() -> None:
    assert EnvironmentState().after(ONE).after(TWO).after(TWO) == EnvironmentState(
        current=TWO, previous=ONE
    )


def test_a_state_that_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    assert state.read(file) == EnvironmentState()
    file.write_text("{")

    with pytest.raises(CommandError, match="cannot be read"):
        state.read(file)
