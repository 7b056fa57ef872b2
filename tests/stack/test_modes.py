"""What the compose files say in each mode, and that dev and prod really start."""

import json
import os
import subprocess
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit.services import MONITORING
from tests.stack.deployment import (
    DOMAIN,
    Deployment,
    deployed,
    in_a_hurry,
    planned,
    tell,
    wait_until,
)
from tests.stack.docker import PATIENT_SECONDS, ROOT, docker

pytestmark = pytest.mark.stack

DEV_PROMISED_SECONDS = 20
BUSY_SECONDS = 120
MODES = ("dev", "staging", "prod")
LIMIT_KEYS = ("cpus", "memory", "pids")


def rendered(mode: str, folder: Path, *options: str) -> dict[str, Any]:
    """As a host gets it: without what the tests add."""
    values = planned(mode, folder, "local", {}).values
    env = folder / "env-plain"
    ours = ("TEST_", "COMPOSE_PROJECT", "NETWORK_PREFIX")
    kept = {name: value for name, value in values.items() if not name.startswith(ours)}
    if mode == "dev":
        kept["NETWORK_PREFIX"] = VARIABLES["NETWORK_PREFIX"].values["dev"]
    env.write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
    names = ("docker-compose.yml", f"docker-compose.{mode}.yml", "docker-compose.jobs.yml")
    files = tuple(part for name in names for part in ("-f", str(ROOT / name)))
    said = docker("compose", *files, "--env-file", str(env), *options, "config", "--format", "json")
    found: dict[str, Any] = json.loads(said)
    return found


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_renders_hardened_and_pinned(mode: str, tmp_path: Path) -> None:
    found = rendered(mode, tmp_path, "--profile", "*")
    for name, service in found["services"].items():
        limits = service["deploy"]["resources"]["limits"]
        assert all(limits.get(key) for key in LIMIT_KEYS), name
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert ":" in service["image"], name
        assert not service["image"].endswith(":latest"), name
        assert service["logging"]["options"]["max-size"], name
        replicas = service["deploy"].get("replicas", 1)
        assert replicas == 1 or "container_name" not in service, name


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("dev", {"rounds": "10", "level": "INFO", "backends": 1, "workers": 1}),
        ("staging", {"rounds": "12", "level": "INFO", "backends": 1, "workers": 1}),
        ("prod", {"rounds": "14", "level": "WARNING", "backends": 3, "workers": 2}),
    ],
)
def test_the_modes_differ_as_declared(mode: str, expected: dict[str, Any], tmp_path: Path) -> None:
    services = rendered(mode, tmp_path)["services"]
    environment = services["backend"]["environment"]
    assert environment == services["worker"]["environment"]
    assert {
        "rounds": environment["BCRYPT_ROUNDS"],
        "level": environment["LOG_LEVEL"],
        "backends": services["backend"]["deploy"].get("replicas", 1),
        "workers": services["worker"]["deploy"].get("replicas", 1),
    } == expected
    assert environment["DEBUG"] == "false"
    assert services["postgres"]["container_name"] == f"contravento-db-{mode}"


def test_all_networks_of_an_environment_lie_in_one_range_of_its_own(tmp_path: Path) -> None:
    """The engine has some thirty ranges to hand out; environments that took theirs ran out."""
    ranges = {mode: networks(rendered(mode, tmp_path / mode)) for mode in MODES}
    for found in ranges.values():
        (whole,) = {each.supernet(new_prefix=24) for each in found}
        assert not any(a.overlaps(b) for a, b in combinations(found, 2)), whole
    assert not any(a.overlaps(b) for a in ranges["dev"] for b in ranges["staging"] + ranges["prod"])


def networks(found: dict[str, Any]) -> list[IPv4Network]:
    return [IPv4Network(each["ipam"]["config"][0]["subnet"]) for each in found["networks"].values()]


def test_staging_has_the_names_that_hosts_know(tmp_path: Path) -> None:
    found = rendered("staging", tmp_path)
    assert {"postgres", "redis", "backend", "worker", "nginx", "certbot"} <= set(found["services"])
    assert found["networks"]["application"]["name"] == "contravento-network"
    assert found["networks"]["data"]["internal"]
    ports = [
        (port.get("host_ip", ""), port["published"], name)
        for name, service in found["services"].items()
        for port in service.get("ports", [])
    ]
    assert sorted(set(ports)) == [
        ("", "443", "nginx"),
        ("", "80", "nginx"),
        ("127.0.0.1", "3000", "grafana"),
        ("127.0.0.1", "9090", "prometheus"),
        ("127.0.0.1", "9093", "alertmanager"),
    ]


@pytest.mark.parametrize("mode", ["staging", "prod"])
def test_monitoring_is_there_and_takes_less_than_a_gigabyte(mode: str, tmp_path: Path) -> None:
    services = rendered(mode, tmp_path)["services"]
    assert set(services) >= MONITORING
    assert services["prometheus"]["environment"]["ENVIRONMENT"] == mode
    limits = [services[name]["deploy"]["resources"]["limits"]["memory"] for name in MONITORING]
    assert sum(int(limit) for limit in limits) <= 2**30


def test_restoring_reaches_the_repository_that_postgresql_writes_to(tmp_path: Path) -> None:
    services = rendered("staging", tmp_path, "--profile", "*")["services"]
    repository = {
        name: value
        for name, value in services["postgres"]["environment"].items()
        if name.startswith("PGBACKREST_")
    }
    assert repository
    for name in ("restore", "restore-files"):
        assert repository.items() <= services[name]["environment"].items(), name


def test_dev_is_not_watched(tmp_path: Path) -> None:
    assert not set(rendered("dev", tmp_path)["services"]) & MONITORING


def test_the_file_of_monitoring_and_deploy_sh_know_the_same_services() -> None:
    written = yaml.safe_load((ROOT / "docker-compose.monitoring.yml").read_text())
    assert set(written["services"]) == MONITORING


def test_dev_listens_on_this_machine_only_and_without_tls(tmp_path: Path) -> None:
    services = rendered("dev", tmp_path)["services"]
    assert "certbot" not in services
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", name


def test_connections_stay_within_what_postgresql_takes(tmp_path: Path) -> None:
    for mode in MODES:
        backend = rendered(mode, tmp_path / mode)["services"]["backend"]
        pool = int(backend["environment"]["DATABASE_POOL_SIZE"]) + 10
        processes = int(backend["environment"]["WEB_CONCURRENCY"])
        replicas = backend["deploy"].get("replicas", 1)
        assert pool * processes * (replicas + 1) <= 100 - 10, mode


def test_a_missing_secret_is_one_sentence(tmp_path: Path) -> None:
    env = tmp_path / "env"
    env.write_text(f"DOMAIN={DOMAIN}\nSECRET_KEY=x\n")
    files = ("-f", str(ROOT / "docker-compose.yml"), "-f", str(ROOT / "docker-compose.staging.yml"))
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root")}
    done = subprocess.run(
        ["docker", "compose", *files, "--env-file", str(env), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        env=clean,
    )
    assert done.returncode != 0
    assert "set it in the env file; ./deploy.sh makes one" in done.stderr


def test_dev_answers_soon_by_http_and_catches_mail(
    images: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"DOMAIN": "localhost", "APP_ENV": "development"}
    with deployed("dev", tmp_path, images, settings=settings) as dev:
        address = f"http://localhost:{dev.port('HTTP')}"
        site = httpx.Client(base_url=address, timeout=PATIENT_SECONDS)
        account = {"username": "ana", "email": "ana@example.org", "password": "Wind-from-west-7"}
        with site:
            page = site.get("/")
            created = site.post("/api/v1/accounts", json=account)
        mailbox = f"http://127.0.0.1:{dev.port('MAIL')}/mails.json"
        link = f"http://localhost:{dev.port('HTTP')}/confirm/"
        wait_for_mail(mailbox, link)
        times = dict(dev.times)

    assert page.status_code == 200
    assert "Strict-Transport-Security" not in page.headers
    assert created.status_code == 201
    tell(capsys, f"dev from nothing: answering {times['answering']:.1f} s")
    assert times["answering"] < (BUSY_SECONDS if in_a_hurry() else DEV_PROMISED_SECONDS)


def test_prod_starts_three_backends_behind_nginx(
    images: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with deployed("prod", tmp_path, images, settings={"ACME_DIRECTORY": "off"}) as prod:
        containers = prod.containers()
        backends = [name for name in containers if name.startswith("backend-")]
        workers = [name for name in containers if name.startswith("worker-")]
        with prod.client(certified=False) as client:
            answers = [client.get("/health") for _ in range(60)]
        addresses = {
            f"{each['IPAddress']}:8000"
            for name in backends
            for network, each in containers[name]["NetworkSettings"]["Networks"].items()
            if network.endswith("-application")
        }
        wait_until(
            lambda: len(up(prod, "backend")) == 3, 60, "Prometheus has heard of three backends"
        )
        assert up(prod, "backend") == dict.fromkeys(addresses, 1.0)
        wait_until(lambda: len(up(prod, "worker")) == 2, 30, "Prometheus has heard of two workers")
        answered = [
            line
            for line in prod.access_log()
            if line["path"] == "/health" and str(line["status"]) == "200"  # not deploy.sh's waiting
        ]
        times = dict(prod.times)

    assert (len(backends), len(workers)) == (3, 2)
    assert {answer.status_code for answer in answers} == {200}
    assert {line["upstream"] for line in answered} == addresses
    assert "X-Robots-Tag" not in answers[0].headers
    tell(capsys, f"prod from nothing: answering {times['answering']:.1f} s")


def up(deployment: Deployment, job: str) -> dict[str, float]:
    """Whether each target answered Prometheus last time."""
    found = deployment.figures(f'up{{job="{job}"}}')
    return {labels["instance"]: value for labels, value in found}


def wait_for_mail(mailbox: str, link: str) -> None:
    wait_until(
        lambda: any(
            link in mail["text"] for mail in httpx.get(mailbox, timeout=PATIENT_SECONDS).json()
        ),
        30,
        "the confirmation mail arrives",
    )
