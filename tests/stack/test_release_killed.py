"""A deployment that was killed, a backend that dies: the next deployment clears up."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from contravento_ops.kit import compose
from contravento_ops.kit.errors import Exit
from contravento_ops.release import facts
from contravento_ops.release.traffic import Stream
from tests.stack.deployment import wait_until
from tests.stack.docker import ROOT
from tests.stack.releases import DOMAIN, Host, a_serving_host

pytestmark = pytest.mark.stack

# What the console says last before each is killed: ready, switched, watched, the old one gone.
MOMENTS = ("✓ start contravento", "✓ let nginx ask contravento", "✓ watch errors", "✓ wait until")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Host]:
    with a_serving_host(tmp_path_factory.mktemp("host"), images) as host:
        yield host


def kill_at(host: Host, image: str, words: str) -> None:
    """Begin to deploy, and kill it as soon as it says these words."""
    seconds = ("--bake-seconds", "5", "--healthy-seconds", "45")
    running = subprocess.Popen(
        [sys.executable, "-m", "contravento_ops", host.mode, "deploy", "--image", image, *seconds],
        env={
            **os.environ,
            **host.environment,
            "PYTHONPATH": str(ROOT / "src"),
            "PYTHONUNBUFFERED": "1",
        },
        cwd=host.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout
    assert any(words in line for line in running.stdout)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    running.stdout.close()


@pytest.mark.parametrize("words", MOMENTS)
def test_after_a_kill_the_next_deployment_loses_nothing(host: Host, words: str) -> None:
    name = "".join(letter for letter in words if letter.isalpha())
    kill_at(host, host.good(f"killed-{name}"), words)
    told = host.ops("status", "--json").report["evidence"]
    assert "never ended" in next(line["words"] for line in told if line["name"] == "Deploy")
    image = host.good(f"after-{name}")
    visitors = Stream(facts.address_of_site(host.compose, DOMAIN))
    visitors.start()

    done = host.deploy(image)
    visitors.stop()

    assert done.status == Exit.DONE, done.words
    assert (visitors.lost, done.requests["lost"]) == ([], 0)
    assert [serving for _, serving in host.serving()] == [image]
    assert not [
        line
        for line in host.ops("status", "--json").report["evidence"]
        if line["name"] in ("Deploy", "nginx asks")
    ]


def is_restarting(host: Host) -> bool:
    return any(backend.state == "restarting" for backend in host.compose.containers("backend"))


def test_a_backend_that_restarts_again_and_again_does_not_count_as_serving(host: Host) -> None:
    """As after a mistake in the environment file that only the program finds."""
    image = host.with_command("dies", "raise SystemExit(1)")
    dying = host.compose.with_variables(TAG=image.partition(":")[2])
    compose.run_well(dying.call("up", "--detach", "--no-deps", "--no-build", "backend"))
    wait_until(lambda: is_restarting(host), 60, "it restarts")

    done = host.deploy(host.good("mended"))

    assert done.status == Exit.DONE, done.words
