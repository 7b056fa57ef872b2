"""A stack as `./deploy.sh prod --swarm` makes it, of this folder's Compose files."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contravento_ops.environment import file
from contravento_ops.kit.compose import Project
from contravento_ops.kit.paths import EnvironmentName, EnvironmentPaths
from contravento_ops.swarm import stack
from contravento_ops.swarm.service import Around, Start
from contravento_ops.swarm.stack import Stack
from tests.ops.making import make_file
from tests.stack.docker import ROOT

S3 = {
    "STORAGE_URL": "s3://diary-files",
    "STORAGE_S3_ACCESS_KEY": "Kz4-mWq8-Rt6x",
    "STORAGE_S3_SECRET_KEY": "pV7_tXs3-Lq9wRk2",
    "ACME_DIRECTORY": "off",
}
COPIED = ("deploy", "monitoring", "src/contravento_backup")
STARTS = {"contravento": Start((), ("contravento", "web"))}
OTHERS = Start(("start-of-the-image",), ())
WATCHED_SECONDS = 30


def a_folder(folder: Path) -> Path:
    """With all that Compose files name."""
    if not shutil.which("docker"):
        sentence = "there is no docker with compose; install both"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    for path in ROOT.glob("docker-compose*.yml"):
        shutil.copy(path, folder)
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
    return folder


def a_stack(folder: Path, environment: EnvironmentName = "prod", **changes: str) -> Stack:
    make_file(folder, environment, **{**S3, **changes})
    paths = EnvironmentPaths(folder, environment)
    found = file.read(paths.env_file)
    assert found
    config = Project(paths, {"TAG": "1a2b3c4d5e6f"}).config()
    around = Around(
        stack=config["name"],
        root=folder,
        values=found.values,
        subnet=stack.subnet_of(config),
        start_of=lambda image: STARTS.get(image.partition(":")[0], OTHERS),
        images={},
        watched_seconds=WATCHED_SECONDS,
    )
    return stack.make(config, around)


def service(made: Stack, name: str) -> dict[str, Any]:
    found: dict[str, Any] = made.document["services"][name]
    return found


def as_docker_reads_it(made: Stack, folder: Path) -> subprocess.CompletedProcess[str]:
    """What `docker stack deploy` would refuse is refused here, too."""
    stack.write(made, folder)
    file = folder / "all.json"
    file.write_text(stack.as_json(made.part(tuple(sorted(made.services)))))
    return subprocess.run(
        ["docker", "stack", "config", "--compose-file", str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
