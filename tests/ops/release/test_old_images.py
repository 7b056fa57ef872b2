"""Images of releases that nobody goes back to are removed, and no others."""

import json
from pathlib import Path

import pytest

from contravento_ops.kit import compose, state
from contravento_ops.kit.compose import Call, Done
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.kit.state import EnvironmentState, Release
from contravento_ops.release import old_images


def write_audit(paths: EnvironmentPaths, *entries: tuple[str, str, str]) -> None:
    paths.audit.parent.mkdir(parents=True)
    lines = [
        json.dumps({"action": action, "release": tag, "outcome": outcome})
        for action, tag, outcome in entries
    ]
    paths.audit.write_text("\n".join([*lines, '{"action": "depl']))


def test_the_newest_three_and_the_noted_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = EnvironmentPaths(tmp_path, "staging")
    tags = [("deploy", str(number), "deployed") for number in range(1, 8)]
    write_audit(paths, *tags, ("deploy", "bad", "went back"), ("rollback", "2", "deployed"))
    production = EnvironmentPaths(tmp_path, "prod")
    serving = Release("contravento:3", "sha256:3", "3")
    state.write(production.state, EnvironmentState().after(serving))
    called: list[str] = []

    def run(call: Call) -> Done:
        called.append(call.words[-1])
        return Done(1 if call.words[-1].endswith(":4") else 0, "", "")  # a container uses it

    monkeypatch.setattr(compose, "run", run)

    said = old_images.remove(paths)

    assert called == ["contravento:1", "contravento:4", "contravento:5"]
    assert said is not None
    assert said.endswith("free again: contravento:1, contravento:5.")


def test_where_nothing_was_deployed_nothing_is_removed(tmp_path: Path) -> None:
    assert old_images.remove(EnvironmentPaths(tmp_path, "staging")) is None
