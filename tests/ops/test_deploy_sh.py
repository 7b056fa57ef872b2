"""deploy.sh itself: finds a Python, makes its small environment once, hands over."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What deploy.sh needs of a clone, in a folder whose name has a space."""
    folder = tmp_path / "my diary"
    folder.mkdir()
    for file in ("deploy.sh", ".python-version"):
        shutil.copy(ROOT / file, folder)
    shutil.copytree(ROOT / "src" / "contravento_ops", folder / "src" / "contravento_ops")
    return folder


def run(clone: Path, *words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(clone / "deploy.sh"), *words],
        env={**os.environ, "PATH": path or os.environ["PATH"]},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.servers
def test_the_first_use_makes_the_environment_and_the_next_uses_it(clone: Path) -> None:
    first = run(clone, "--help")
    began = time.monotonic()
    second = run(clone, "staging", "status")

    assert first.returncode == 0, first.stderr
    assert "./deploy.sh <dev|staging|prod> [verb] [options]" in first.stdout
    assert "once …" in first.stderr
    assert second.returncode == 3
    assert second.stderr == "There is no .env.staging yet; run ./deploy.sh staging init.\n"
    assert time.monotonic() - began < 15
    installed = {path.name for path in clone.glob("var/ops/python/lib/*/site-packages/*")}
    assert "typer" in installed
    assert not {"fastapi", "numpy", "sqlalchemy"} & installed


def test_without_python_it_says_what_it_needs(clone: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "cmp"):
        (tools / name).symlink_to(str(shutil.which(name)))

    done = run(clone, "staging", path=str(tools))

    assert done.returncode == 1
    assert done.stderr == "Python 3.12 or newer is needed, with its venv module; none was found.\n"
