"""Containers for tests. Skipped where no Docker engine answers, except in CI, where that fails."""

import os
import shutil
import subprocess
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from tests.stack import container_logs
from tests.stack.backups import answer, proven, riders_write
from tests.stack.deployment import Deployment, deployed, wait_until
from tests.stack.docker import ROOT, docker
from tests.stack.hurry import hurry
from tests.stack.troubles import small_disk

IMAGES = (
    *("postgres:18-trixie", "redis:8-trixie", "nginx:1.30-trixie"),
    *("certbot/certbot:v5.5.0", "ghcr.io/letsencrypt/pebble:2.7"),
    *("prom/prometheus:v3.5.3", "prom/alertmanager:v0.33.0", "grafana/grafana:12.3.0"),
    *("prom/node-exporter:v1.10.2", "prom/blackbox-exporter:v0.28.0"),
    *("prometheuscommunity/postgres-exporter:v0.19.0", "oliver006/redis_exporter:v1.86.0-alpine"),
    "nginx/nginx-prometheus-exporter:1.5.1",
)
CERTIFICATE_SECONDS = 90
FIRST_SET_SECONDS = 120
DISK_MEGABYTES = 900
HOW = "start a Docker engine (and see .ci/run for images where no registry can be reached)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed is shown with what containers have said since it began: those of the
    environments that it was given or brought up."""
    report = yield
    if report.failed:
        given = {project_of(each) for each in getattr(item, "funcargs", {}).values()}
        began = container_logs.running
        used = [each for each in began if each in given or began[each] >= call.start]
        for project in used or began:
            lines = container_logs.last_lines(project, since=call.start)
            report.sections.append((f"containers of {project}", lines))
    return report


def project_of(given: object) -> object:
    """Of a deployment, a host, or what stands on one."""
    for each in (given, getattr(given, "host", None), getattr(given, "deployment", None)):
        if project := getattr(each, "project", None):
            return project
    return None


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    answers = shutil.which("docker") and subprocess.run(
        ["docker", "info", "--format", "{{.ServerVersion}}"], capture_output=True, check=False
    )
    if answers and answers.returncode == 0:
        return
    if os.environ.get("CI"):
        pytest.fail(f"no Docker engine answers in CI; {HOW}")
    pytest.skip(f"no Docker engine answers: {HOW}")


@pytest.fixture(scope="session")
def image(engine: None) -> str:
    """The application's image, built from this tree; another tree's tests have one of their own."""
    name = f"contravento:test-{sha256(str(ROOT).encode()).hexdigest()[:8]}"
    docker(
        "build",
        "--quiet",
        "--tag",
        name,
        "--file",
        "deploy/images/contravento.Dockerfile",
        str(ROOT),
        timeout=900,
    )
    return name


@pytest.fixture
def network(engine: None) -> Iterator[str]:
    name = f"contravento-test-{uuid4().hex[:8]}"
    docker("network", "create", name)
    yield name
    docker("network", "rm", name)


@pytest.fixture(scope="session")
def images(image: str) -> str:
    """The tag of the application's image, with all others that the compose files name at hand."""
    missing = [name for name in IMAGES if not _is_present(name)]
    stand_ins = ROOT.parent / "shared" / "offline-images" / "build"
    if missing and stand_ins.exists():
        subprocess.run([stand_ins, *missing], check=True)
    docker("build", "--quiet", "--tag", "contravento-mail:1", str(ROOT / "deploy" / "mail"))
    folder = ROOT / "deploy" / "images"
    docker(
        "build",
        "--quiet",
        "--tag",
        "contravento-postgres:18",
        "--file",
        str(folder / "postgres.Dockerfile"),
        str(folder),
    )
    return image.partition(":")[2]


def _is_present(name: str) -> bool:
    done = subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture(scope="session")
def staging(images: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Staging from nothing, certified by Pebble. Shared: who breaks it waits until it is well."""
    with deployed("staging", tmp_path_factory.mktemp("staging"), images) as deployment:
        await_certificate(deployment)
        yield deployment


@pytest.fixture(scope="session")
def backed_up(images: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Staging that has proven a set that it took by itself, and one with pictures."""
    folder = tmp_path_factory.mktemp("backed-up")
    overlays = ("tests/stack/backups.test.yml",)
    with ExitStack() as until_the_end:
        disk = None
        if os.geteuid() == 0:  # nobody else can mount one
            disk = until_the_end.enter_context(small_disk(folder, DISK_MEGABYTES))
        deployment = until_the_end.enter_context(
            deployed(
                "staging",
                folder,
                images,
                overlays=overlays,
                prepare=_hurry_prometheus,
                settings={"BACKUP_FOLDER": str(disk)} if disk else {},
            )
        )
        await_certificate(deployment, is_visited=False)
        await_first_set(deployment)
        yield deployment


def _hurry_prometheus(folder: Path) -> None:
    hurry(ROOT / "monitoring" / "prometheus", folder / "hurried" / "prometheus")


def await_first_set(deployment: Deployment) -> None:
    wait_until(
        lambda: proven(deployment),
        FIRST_SET_SECONDS,
        f"the first set is proven:\n{deployment.logs('backup')}",
    )
    with riders_write(deployment):
        pass
    assert answer(deployment, "now")["state"] == "proven"


def await_certificate(deployment: Deployment, *, is_visited: bool = True) -> None:
    try:
        wait_until(deployment.is_certified, CERTIFICATE_SECONDS, "nginx serves the certificate")
    except AssertionError as error:
        error.add_note(deployment.logs("certbot"))
        raise
    if is_visited:
        deployment.trust_at_home()
