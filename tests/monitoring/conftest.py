"""promtool, from the PATH or from Prometheus' image."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.monitoring.rules import PROMETHEUS, ROOT

IMAGE = "prom/prometheus:v3.5.3"
PROMTOOL_SECONDS = 240
Promtool = Callable[..., str]


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Runs promtool beside Prometheus' configuration; the test fails with its words if it fails."""
    return promtool_in(PROMETHEUS)


def promtool_in(folder: Path) -> Promtool:
    """The same in another folder."""
    line = _line(folder)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*line, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PROMTOOL_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def _line(folder: Path) -> list[str]:
    if found := shutil.which("promtool"):
        return [found]
    if not _is_at_hand():
        words = f"there is neither promtool nor a Docker engine with the image {IMAGE}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(words)
    mount = f"{folder}:/etc/prometheus:ro"
    box = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "promtool"]
    return [*box, "--volume", mount, "--workdir", "/etc/prometheus", IMAGE]


def _is_at_hand() -> bool:
    if not shutil.which("docker"):
        return False
    stand_ins: Path = ROOT.parent / "shared" / "offline-images" / "build"
    get = [str(stand_ins), IMAGE] if stand_ins.exists() else ["docker", "pull", "--quiet", IMAGE]
    looks = ["docker", "image", "inspect", IMAGE]
    return any(
        subprocess.run(each, capture_output=True, check=False).returncode == 0
        for each in (looks, get)
    )
