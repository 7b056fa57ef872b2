"""Engines in containers that make a Swarm: three nodes, and S3 beside them."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.stack.deployment import wait_until
from tests.stack.docker import ROOT, docker

ENGINE = "docker:27-dind"
LISTENS = ("--host=unix:///var/run/docker.sock", "--host=tcp://0.0.0.0:2375", "--tls=false")
START_SECONDS = 60
LOAD_SECONDS = 240
ACCESS_KEY, SECRET_KEY = "test-access-key", "test-secret-key"
ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
MAKE_BUCKET = """
import urllib.request as r
r.urlopen(r.Request("http://127.0.0.1:5000/diary", data=b"", method="PUT"), timeout=10)
"""


@dataclass(frozen=True)
class Node:
    """One engine; its name is that of the machine it believes to be."""

    name: str
    container: str
    address: str

    @property
    def engine(self) -> str:
        """For DOCKER_HOST."""
        return f"tcp://{self.address}:2375"

    def docker(self, *words: str, timeout: float = 120) -> str:
        return docker("--host", self.engine, *words, timeout=timeout)

    def answers(self) -> bool:
        asked = ["docker", "--host", self.engine, "info"]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    def containers(self, service: str) -> list[str]:
        return self.docker("ps", "--quiet", "--filter", f"name={service}.").split()

    def inspect(self, *names: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", *names))
        return found


@dataclass(frozen=True)
class Nodes:
    """The first manages, keeps the data and lets riders in; the second lets them in, too."""

    first: Node
    second: Node
    third: Node
    s3: str

    @property
    def all(self) -> tuple[Node, ...]:
        return (self.first, self.second, self.third)

    def load(self, *images: str, nodes: tuple[Node, ...] = ()) -> None:
        """As `docker save | ssh NODE docker load` does, to all at once."""
        loading = []
        for node in nodes or self.all:
            script = f"docker save {' '.join(images)} | docker --host {node.engine} load"
            loading.append(subprocess.Popen(["sh", "-c", script], stdout=subprocess.DEVNULL))
        for process in loading:
            assert process.wait(LOAD_SECONDS) == 0

    def states(self) -> dict[str, str]:
        said = self.first.docker("node", "ls", "--format", "{{.Hostname}} {{.Status}}")
        return dict(line.split()[:2] for line in said.splitlines())


@contextmanager
def three_nodes() -> Iterator[Nodes]:
    """Without a Swarm and without any image yet. Nothing is left of them."""
    own = f"contravento-swarm-{uuid4().hex[:6]}"
    _engine_image()
    docker("build", "--quiet", "--tag", "contravento-test-s3:1", str(ROOT / "tests/stack/s3"))
    docker("network", "create", own)
    try:
        nodes = (_start(own, "node-1"), _start(own, "node-2"), _start(own, "node-3"))
        docker("run", "--detach", "--name", f"{own}-s3", "--network", own, "contravento-test-s3:1")
        for node in nodes:
            wait_until(node.answers, START_SECONDS, f"{node.name} answers")
        wait_until(lambda: _has_bucket(f"{own}-s3"), START_SECONDS, "the bucket is made")
        bucket = docker("inspect", "--format", ADDRESS, f"{own}-s3")
        yield Nodes(*nodes, f"http://{bucket}:5000")
    finally:
        started = docker("ps", "--all", "--quiet", "--filter", f"network={own}").split()
        if started:
            docker("rm", "--force", "--volumes", *started)
        docker("network", "rm", own)


def _engine_image() -> None:
    there = subprocess.run(["docker", "image", "inspect", ENGINE], capture_output=True, check=False)
    stand_ins = ROOT.parent / "shared" / "offline-images" / "build"
    if there.returncode and stand_ins.exists():
        subprocess.run([stand_ins, ENGINE], check=True)


def _start(own: str, name: str) -> Node:
    container = f"{own}-{name}"
    docker(
        "run",
        "--detach",
        "--privileged",
        "--name",
        container,
        "--hostname",
        name,
        "--network",
        own,
        "--volume",
        "/var/lib/docker",
        ENGINE,
        *LISTENS,
    )
    return Node(name, container, docker("inspect", "--format", ADDRESS, container))


def _has_bucket(container: str) -> bool:
    words = ["docker", "exec", container, "python3", "-c", MAKE_BUCKET]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
