"""Containers for tests. Skipped where no Docker engine answers, except in CI, where that fails."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

ROOT = Path(__file__).parent.parent.parent
IMAGES = (
    *("postgres:18-trixie", "redis:8-trixie", "nginx:1.30-trixie"),
    *("certbot/certbot:v5.5.0", "ghcr.io/letsencrypt/pebble:2.7"),
)
HOW = "start a Docker engine (and see .ci/run for images where no registry can be reached)"


def docker(*arguments: str, timeout: float = 300) -> str:
    """Run docker and return what it printed; the test fails with its words if it fails."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


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
    """The application's image, built from this tree."""
    name = "contravento:test"
    docker("build", "--quiet", "--tag", name, "--file", "deploy/images/contravento.Dockerfile",
           str(ROOT), timeout=900)  # fmt: skip
    return name


@pytest.fixture
def network(engine: None) -> Iterator[str]:
    name = f"contravento-test-{uuid4().hex[:8]}"
    docker("network", "create", name)
    yield name
    docker("network", "rm", name)


@pytest.fixture(scope="session")
def images(image: str) -> str:
    """The application's image, and all others that the compose files name."""
    missing = [name for name in IMAGES if not _is_present(name)]
    stand_ins = ROOT.parent / "shared" / "offline-images" / "build"
    if missing and stand_ins.exists():
        subprocess.run([stand_ins, *missing], check=True)
    docker("build", "--quiet", "--tag", "contravento-mail:1", str(ROOT / "deploy" / "mail"))
    return image


def _is_present(name: str) -> bool:
    done = subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False)
    return done.returncode == 0
