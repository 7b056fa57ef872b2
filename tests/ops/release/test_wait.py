"""Who is well: what Compose says of a container that crashes while it looks is not believed."""

from pathlib import Path
from typing import Any

import pytest

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Container, Done, Project
from contravento_ops.kit.errors import CommandError, Exit, StepFailed
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.release import wait

PROJECT = Project(EnvironmentPaths(Path("/srv/diary"), "staging"))


def shown(
    monkeypatch: pytest.MonkeyPatch, *containers: Container, **states: dict[str, Any]
) -> None:
    """What Compose lists, and what Docker says of each by its id."""

    def inspect(name: str) -> dict[str, Any]:
        if name not in states:
            raise CommandError("There is none.", status=Exit.DOCKER)
        return {"State": states[name]}

    monkeypatch.setattr(Project, "containers", lambda project, *services: list(containers))
    monkeypatch.setattr(compose, "inspect", inspect)
    monkeypatch.setattr(compose, "run", lambda call, **_: Done(0, f"last words of {_of(call)}", ""))


def _of(call: Call) -> str:
    return call.words[-1]


def container(service: str, health: str = "", state: str = "running") -> Container:
    return Container(service, f"x-{service}-1", service, state, health, "image")


def test_those_that_are_well_keep_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    done = container("migrate", state="exited")
    shown(
        monkeypatch,
        container("redis", "healthy"),
        container("plain"),
        done,
        plain={"Status": "running"},
    )

    wait.all_healthy(PROJECT, seconds=0)


def test_one_that_crashed_between_two_looks_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    crashed = {"Status": "restarting", "Health": {"Status": "unhealthy"}}
    shown(monkeypatch, container("grafana"), grafana=crashed)

    with pytest.raises(StepFailed, match="grafana"):
        wait.all_healthy(PROJECT, seconds=0)


def test_one_that_has_not_been_asked_yet_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    starting = {"Status": "running", "Health": {"Status": "starting"}}
    shown(monkeypatch, container("grafana"), grafana=starting)

    with pytest.raises(StepFailed, match="grafana"):
        wait.all_healthy(PROJECT, seconds=0)


def test_one_that_is_gone_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    shown(monkeypatch, container("grafana"))

    with pytest.raises(StepFailed, match="last words of x-grafana-1"):
        wait.all_healthy(PROJECT, seconds=0)


def test_those_that_are_left_out_may_be_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    shown(monkeypatch, container("grafana", "unhealthy"))

    wait.all_healthy(PROJECT, seconds=0, but=("grafana",))
