"""Plans are values: which steps, in which order, with which exact calls; no Docker is asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Project
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.release import plan
from contravento_ops.release.plan import Facts, ReleasePlan
from contravento_ops.release.steps import Kind, Options

PROJECT = Project(EnvironmentPaths(Path("/srv/diary"), "staging"))
FRESH = Facts(PROJECT, "contravento-staging")
RUNNING = Facts(
    PROJECT,
    "contravento-staging",
    backends=("contravento-staging-backend-4",),
    workers=("contravento-staging-worker-2",),
    has_database=True,
)
WATCHED = {"serving": ("postgres", "backend", "nginx"), "watching": ("prometheus", "grafana")}
THREE = Facts(
    PROJECT,
    "contravento-prod",
    backends=tuple(f"contravento-prod-backend-{number}" for number in (1, 2, 3)),
    workers=("contravento-prod-worker-1", "contravento-prod-worker-2"),
    replicas=3,
    worker_replicas=2,
    has_database=True,
)


@pytest.fixture(autouse=True)
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "compose_command", lambda: ("docker", "compose"))


def kinds(made: ReleasePlan) -> list[Kind]:
    return [step.kind for step in made.steps]


def words(made: ReleasePlan, kind: Kind) -> list[str]:
    """What each call of the first such step says after the files."""
    step = next(step for step in made.steps if step.kind is kind)
    return [
        " ".join(call.words[call.words.index("/srv/diary/.env.staging") + 1 :])
        if "--env-file" in call.words
        else " ".join(call.words)
        for call in step.calls
    ]


def test_from_nothing_everything_is_started_in_one_go() -> None:
    made = plan.make(FRESH, Options(tag="1f3c5a7"))

    assert kinds(made) == [
        Kind.HOST,
        Kind.ENVIRONMENT,
        Kind.IMAGE,
        Kind.UP,
        Kind.WAIT,
        Kind.RECORD,
    ]
    assert words(made, Kind.IMAGE) == ["build"]
    assert words(made, Kind.UP) == ["up --detach --remove-orphans"]


def test_monitoring_starts_after_all_that_riders_need() -> None:
    made = plan.make(replace(FRESH, **WATCHED), Options(tag="1f3c5a7"))  # type: ignore[arg-type]

    assert kinds(made)[-3:] == [Kind.WAIT, Kind.RECORD, Kind.WATCH]
    assert words(made, Kind.UP) == ["up --detach --remove-orphans postgres backend nginx"]
    assert words(made, Kind.WATCH) == ["up --detach"]


def test_an_upgrade_of_a_watched_site_brings_monitoring_last() -> None:
    made = plan.make(replace(RUNNING, **WATCHED), Options(tag="1f3c5a7"))  # type: ignore[arg-type]

    assert kinds(made)[-3:] == [Kind.BESIDE, Kind.RECORD, Kind.WATCH]
    assert words(made, Kind.BESIDE)[-1] == "up --detach --remove-orphans postgres nginx"
    assert words(made, Kind.WATCH) == ["up --detach", "restart grafana"]


def test_an_upgrade_touches_nothing_before_it_has_looked() -> None:
    made = plan.make(RUNNING, Options(tag="1f3c5a7"))

    before, after = kinds(made)[:4], kinds(made)[4:]
    assert before == [Kind.HOST, Kind.ENVIRONMENT, Kind.IMAGE, Kind.PREFLIGHT]
    assert after == [
        Kind.PROBE,
        Kind.MIGRATE,
        Kind.PIN,
        Kind.START,
        Kind.REHEARSE,
        Kind.WORKERS,
        Kind.SWITCH,
        Kind.BAKE,
        Kind.STOP,
        Kind.RELEASE_PIN,
        Kind.BESIDE,
        Kind.RECORD,
    ]


def test_the_new_backend_starts_beside_the_old_one_before_nginx_asks_it() -> None:
    made = plan.make(RUNNING, Options(tag="1f3c5a7"))

    assert words(made, Kind.PIN)[0].endswith("upstream use contravento-staging-backend-4")
    assert words(made, Kind.PIN)[1] == "rm --force roles migrate static"
    assert words(made, Kind.START) == [
        "up --detach --no-recreate --no-build --scale backend=2 backend"
    ]
    assert words(made, Kind.SWITCH)[0].endswith("upstream use contravento-staging-backend-5")
    assert words(made, Kind.STOP) == [
        "docker stop --time 45 contravento-staging-backend-4",
        "docker rm --force contravento-staging-backend-4",
    ]
    assert words(made, Kind.RELEASE_PIN)[0].endswith("upstream use backend")


def test_migrations_come_from_the_new_image_in_a_container_of_their_own() -> None:
    made = plan.make(RUNNING, Options(tag="1f3c5a7"))

    (call,) = next(step.calls for step in made.steps if step.kind is Kind.MIGRATE)
    assert call.environment["TAG"] == "1f3c5a7"
    assert words(made, Kind.MIGRATE) == ["run --rm --no-deps -T migrate"]
    assert words(made, Kind.PREFLIGHT)[0].endswith("contravento migrate --plan --json")


def test_the_old_worker_finishes_before_riders_meet_the_new_pages() -> None:
    made = plan.make(RUNNING, Options(tag="1f3c5a7"))

    assert words(made, Kind.WORKERS) == [
        "up --detach --no-recreate --no-build --scale worker=2 worker",
        "docker stop --time 45 contravento-staging-worker-2",
    ]
    assert kinds(made).index(Kind.WORKERS) < kinds(made).index(Kind.SWITCH)


def test_three_backends_are_replaced_one_at_a_time() -> None:
    made = plan.make(THREE, Options(tag="1f3c5a7"))

    switches = [step.subjects for step in made.steps if step.kind is Kind.SWITCH]
    assert [[name[-1] for name in switch] for switch in switches] == [
        ["4", "2", "3"],
        ["4", "5", "3"],
        ["4", "5", "6"],
    ]
    stops = [step.subjects for step in made.steps if step.kind is Kind.STOP]
    assert [name[-1] for stop in stops for name in stop] == ["1", "2", "3"]
    assert kinds(made).count(Kind.WORKERS) == 1
    scales = [
        call.words[-2] for step in made.steps if step.kind is Kind.START for call in step.calls
    ]
    assert scales == ["backend=4"] * 3


def test_what_a_killed_deployment_left_is_drained_and_not_left_to_compose() -> None:
    left = replace(
        RUNNING,
        backends=tuple(f"contravento-staging-backend-{number}" for number in (4, 5, 6)),
        leftovers=("contravento-staging-backend-7",),
    )
    made = plan.make(left, Options(tag="1f3c5a7"))

    assert "docker rm --force contravento-staging-backend-7" in words(made, Kind.PIN)
    switches = [step.subjects for step in made.steps if step.kind is Kind.SWITCH]
    assert [[name[-1] for name in switch] for switch in switches] == [["7", "5", "6"], ["7"]]
    stops = [step.subjects for step in made.steps if step.kind is Kind.STOP]
    assert [name[-1] for stop in stops for name in stop] == ["4", "5", "6"]
    beside = words(made, Kind.BESIDE)[-1].split()
    assert not {"backend", "worker"} & set(beside)


def test_a_rollback_builds_and_migrates_nothing() -> None:
    made = plan.make(RUNNING, Options(tag="0a1b2c3", build=False, going_back=True))

    assert Kind.MIGRATE not in kinds(made)
    assert words(made, Kind.IMAGE) == []


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        (Options(tag="x", build=False), []),
        (
            Options(tag="2", build=False, image="r.test/diary:2"),
            ["docker pull r.test/diary:2", "docker tag r.test/diary:2 contravento:2"],
        ),
        (
            Options(tag="2", build=False, image="diary:2", is_here=True),
            ["docker tag diary:2 contravento:2"],
        ),
    ],
)
def test_an_image_is_built_pulled_or_taken_as_it_is(options: Options, calls: list[str]) -> None:
    assert words(plan.make(FRESH, options), Kind.IMAGE) == calls


def test_going_back_lets_nginx_ask_the_old_one_before_the_new_one_is_stopped() -> None:
    made = plan.make(RUNNING, Options(tag="1f3c5a7"))

    calls = plan.going_back(made, left=RUNNING.backends, new=("contravento-staging-backend-5",))

    said = [str(call) for call in calls]
    assert said[0].endswith("upstream use contravento-staging-backend-4")
    assert said[1] == "docker stop --time 45 contravento-staging-backend-5"
    assert "docker start contravento-staging-worker-2" in said
    assert said[-1].endswith("upstream use backend")


def test_going_back_late_starts_what_was_removed_anew() -> None:
    made = plan.make(THREE, Options(tag="1f3c5a7"))

    calls = plan.going_back(made, left=THREE.backends[1:], new=())

    said = [str(call) for call in calls]
    assert said[0].endswith("use contravento-prod-backend-2 contravento-prod-backend-3")
    assert any("--scale backend=3 backend" in each and "TAG=" not in each for each in said)


def test_what_a_broken_off_deployment_left_is_removed_first() -> None:
    made = plan.make(replace(RUNNING, leftovers=("x-worker-1",)), Options(tag="1f3c5a7"))

    assert "docker rm --force x-worker-1" in words(made, Kind.PIN)


def test_a_container_is_made_as_a_plain_up_would_make_it() -> None:
    """Else the next `docker compose up -d` of a host would replace it, with an outage."""
    calls = [call for step in plan.make(RUNNING, Options(tag="x")).steps for call in step.calls]

    assert not [call for call in calls if "up" in call.words and "--no-deps" in call.words]


def test_every_step_says_how_long_it_takes_and_how_it_is_undone() -> None:
    for facts in (FRESH, RUNNING, THREE):
        for step in plan.make(facts, Options(tag="1f3c5a7")).steps:
            assert step.title
            assert step.usually
            assert step.undo


@pytest.mark.parametrize("facts", [FRESH, RUNNING], ids=["first", "upgrade"])
def test_production_asks_for_a_verdict_before_anything_is_touched(facts: Facts) -> None:
    in_prod = replace(facts, project=Project(EnvironmentPaths(Path("/srv/diary"), "prod")))

    made = kinds(plan.make(in_prod, Options(tag="1f3c5a7")))

    assert made[:4] == [Kind.HOST, Kind.ENVIRONMENT, Kind.IMAGE, Kind.VERDICT]
    assert Kind.VERDICT not in kinds(plan.make(in_prod, Options(tag="1f3c5a7", going_back=True)))
    assert Kind.VERDICT not in kinds(plan.make(facts, Options(tag="1f3c5a7")))
