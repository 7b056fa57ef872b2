"""The steps of a deployment to a Swarm, without one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contravento_ops.kit.compose import Project
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.release.steps import Kind, Options
from contravento_ops.swarm import plan, prune
from contravento_ops.swarm.plan import Facts, SwarmPlan

OPTIONS = Options(tag="1a2b3c4d5e6f")
ALL = frozenset(
    {
        *("prepare", "backup-prepare", "postgres", "redis", "roles", "migrate", "preflight"),
        *("worker", "backend", "nginx", "backup", "drill", "grafana"),
    }
)


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return Facts(
        project=Project(EnvironmentPaths(tmp_path, "staging")),
        stack="diary",
        folder=tmp_path,
        services=ALL,
        rest=("backup", "drill", "grafana"),
    )


def steps(made: SwarmPlan) -> list[tuple[str, ...]]:
    return [step.subjects for step in made.steps if step.subjects]


def test_data_come_first_then_migrations_then_workers_then_backends(facts: Facts) -> None:
    assert steps(plan.make(facts, OPTIONS)) == [
        ("prepare", "backup-prepare"),
        ("postgres", "redis"),
        ("roles",),
        ("migrate",),
        ("worker",),
        ("backend",),
        ("nginx",),
        ("backup", "drill", "grafana"),
    ]


def test_where_there_is_a_database_it_is_asked_before_anything_is_touched(facts: Facts) -> None:
    made = plan.make(replace(facts, has_database=True, there=ALL), OPTIONS)
    kinds = [step.kind for step in made.steps]

    assert kinds.index(Kind.SECRETS) < kinds.index(Kind.PREFLIGHT) < kinds.index(Kind.JOB)


def test_a_job_that_was_there_is_made_anew(facts: Facts) -> None:
    made = plan.make(replace(facts, there=frozenset({"migrate"})), OPTIONS)
    (migrate,) = (each for each in made.steps if each.subjects == ("migrate",))
    (roles,) = (step for step in made.steps if step.subjects == ("roles",))

    assert str(migrate.calls[0]) == "docker service rm diary_migrate"
    assert len(roles.calls) == 1


def test_going_back_migrates_nothing(facts: Facts) -> None:
    made = plan.make(facts, replace(OPTIONS, going_back=True))

    assert ("migrate",) not in steps(made)
    assert ("backend",) in steps(made)


def test_production_takes_what_staging_has_proven(facts: Facts, tmp_path: Path) -> None:
    prod = replace(facts, project=Project(EnvironmentPaths(tmp_path, "prod")))

    assert Kind.VERDICT in [each.kind for each in plan.make(prod, OPTIONS).steps]
    assert Kind.VERDICT not in [step.kind for step in plan.make(facts, OPTIONS).steps]


def test_without_a_registry_nodes_take_the_image_that_they_have(facts: Facts) -> None:
    made = plan.make(facts, OPTIONS)
    calls = [str(call) for step in made.steps for call in step.calls]

    assert any("--resolve-image never" in each for each in calls)
    assert not any("push" in each for each in calls)


def test_a_registry_gets_what_was_built_here_before_anything_is_touched(facts: Facts) -> None:
    here, there = "contravento:1a2b3c4d5e6f", "registry.velo.test/contravento:1a2b3c4d5e6f"
    made = plan.make(replace(facts, built={here: there}), OPTIONS)
    calls = [str(call) for step in made.steps for call in step.calls]

    assert calls.index(f"docker tag {here} {there}") < calls.index(f"docker push {there}")
    assert all("--resolve-image always" in each for each in calls if " stack deploy " in each)


def test_what_a_service_asks_for_now_or_asked_for_before_is_kept() -> None:
    def spec(kind: str, name: str) -> dict[str, object]:
        asked = {f"{kind}s": [{f"{kind}Name": name}]}
        return {"TaskTemplate": {"ContainerSpec": asked}}

    found: list[dict[str, Any]] = [
        {"Spec": spec("Secret", "new"), "PreviousSpec": spec("Config", "old")},
        {"Spec": {}},
    ]

    assert list(prune.asked_for(found)) == ["new", "old"]
