"""What is done when a step says no: tried without Docker, each call answered by a table."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Container, Done, Project
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit, StepFailed
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.kit.steps import Failure
from contravento_ops.release import plan, wait
from contravento_ops.release.plan import Facts
from contravento_ops.release.report import Report
from contravento_ops.release.rollout import Rollout
from contravento_ops.release.steps import Kind, Options

PROJECT = Project(EnvironmentPaths(Path("/srv/diary"), "staging"))
RUNNING = Facts(PROJECT, "x", ("x-backend-1",), ("x-worker-1",), has_database=True)


class Docker:
    """Remembers what was called; says no to calls that hold one of these words."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.refuses: tuple[str, ...] = ()
        self.running = ("x-backend-1",)
        self.serves = True

    def run(self, call: Call, *, timeout: float = 0, said_to_it: str | None = None) -> Done:
        said = str(call)
        self.called.append(said)
        if any(word in said for word in self.refuses):
            return Done(1, "", "no")
        return Done(0, "", "")

    def containers(self) -> list[Container]:
        return [Container(name, name, "backend", "running", "", "") for name in self.running]

    def answer(self) -> None:
        if not self.serves:
            raise StepFailed("the site answers 502 at 127.0.0.1")


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Docker:
    made = Docker()
    monkeypatch.setattr(compose, "compose_command", lambda: ("docker", "compose"))
    monkeypatch.setattr(compose, "run", made.run)
    monkeypatch.setattr(wait, "all_healthy", lambda project, seconds, but=(): None)
    monkeypatch.setattr(Project, "containers", lambda project, *services: made.containers())
    monkeypatch.setattr(Rollout, "_ask_the_site", lambda rolling, seconds: made.answer())
    return made


def rollout(*, host: Callable[[], None] = lambda: None) -> Rollout:
    made = plan.make(RUNNING, Options(tag="2", build=False))
    checks = {Kind.HOST: host, Kind.ENVIRONMENT: lambda: None, Kind.RECORD: lambda: None}
    report = Report("staging", "contravento:2", "contravento:1")
    return Rollout(made, Console(as_json=True), report, {}, checks)


def watching(monkeypatch: pytest.MonkeyPatch, *ill: str) -> Rollout:
    """With Grafana to watch, and these services that never get well."""

    def all_healthy(project: Project, *, seconds: float, but: Collection[str] = ()) -> None:
        if left := [each for each in ill if each not in but]:
            raise StepFailed(f"not healthy: {', '.join(left)}")

    monkeypatch.setattr(wait, "all_healthy", all_healthy)
    rolling = rollout()
    watched = replace(RUNNING, serving=("backend",), watching=("grafana",))
    rolling.plan = plan.make(watched, Options(tag="2", build=False))
    return rolling


def carry_out(rolling: Rollout, kind: Kind) -> None:
    rolling.runner().carry_out(next(step for step in rolling.plan.steps if step.kind is kind))


def fail(rolling: Rollout, cause: str) -> None:
    """In the middle of it, when riders are concerned."""
    step = next(step for step in rolling.plan.steps if step.kind is Kind.BAKE)
    rolling.fail(Failure(step, StepFailed(cause), has_impact=True))


def test_monitoring_that_is_not_well_is_told_and_undoes_nothing(
    docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolling = watching(monkeypatch, "grafana")

    for kind in (Kind.BESIDE, Kind.WATCH):
        carry_out(rolling, kind)

    assert rolling.report.warnings == ["monitoring is not well: not healthy: grafana"]
    assert not [each for each in docker.called if " stop " in each]


def test_monitoring_that_cannot_be_started_is_told(
    docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.refuses = ("restart grafana",)
    rolling = watching(monkeypatch)

    carry_out(rolling, Kind.WATCH)

    (warning,) = rolling.report.warnings
    assert warning.startswith("monitoring is not well: ")


def test_what_riders_need_is_waited_for_all_the_same(
    docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolling = watching(monkeypatch, "redis")

    with pytest.raises(StepFailed, match="redis"):
        carry_out(rolling, Kind.BESIDE)


def test_what_is_refused_before_impact_calls_nothing(docker: Docker) -> None:
    def unfit() -> None:
        raise CommandError("The host is not fit.", status=Exit.HOST)

    rolling = rollout(host=unfit)

    with pytest.raises(CommandError, match="not fit"):
        rolling.run()
    assert docker.called == []
    assert rolling.report.outcome == "refused"


def test_while_the_old_one_runs_it_serves_again_before_the_new_one_goes(docker: Docker) -> None:
    rolling = rollout()

    fail(rolling, "it is slow")

    assert rolling.report.outcome == "went back"
    assert rolling.report.cause == "it is slow"
    assert docker.called[0].endswith("upstream use x-backend-1")


def test_nothing_is_removed_when_nginx_cannot_be_told(docker: Docker) -> None:
    docker.refuses = ("upstream",)
    rolling = rollout()

    fail(rolling, "it is slow")

    assert rolling.report.outcome == "broken"
    assert not [each for each in docker.called if " rm " in each or " stop " in each]


def test_where_only_the_new_one_is_left_it_stays(docker: Docker) -> None:
    docker.running = ("x-backend-2",)
    rolling = rollout()

    fail(rolling, "redis did not come up")

    assert rolling.report.outcome == "deployed"
    assert rolling.report.warnings == ["after it had taken over, redis did not come up"]
    assert docker.called == []


def test_nothing_is_called_done_while_the_site_does_not_answer(docker: Docker) -> None:
    docker.running, docker.serves = ("x-backend-2",), False
    rolling = rollout()

    fail(rolling, "redis did not come up")

    assert rolling.report.outcome == "broken"
    assert rolling.report.cause == (
        "after it had taken over, redis did not come up; the site answers 502 at 127.0.0.1"
    )


def test_what_the_old_one_needs_is_put_back_before_anything_else(docker: Docker) -> None:
    rolling = rollout()
    rolling.before_going_back = lambda: docker.called.append("the file is what it was")

    fail(rolling, "it is slow")

    assert docker.called[0] == "the file is what it was"
