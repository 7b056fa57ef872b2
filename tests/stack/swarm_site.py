"""A stack on three nodes, and riders of its site."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from contravento_ops.kit.site import Address
from contravento_ops.release.traffic import Stream
from tests.stack.deployment import wait_until
from tests.stack.nodes import Node, Nodes
from tests.stack.releases import DOMAIN, Answer, Host
from tests.stack.swarm_page import Reader

HTTPS = 443
WITH_SECRETS = "/opt/contravento/with-secrets"
PROBE_EVERY_SECONDS, PROBE_TIMEOUT_SECONDS = 0.25, 12


@dataclass
class Site:
    host: Host
    nodes: Nodes
    reader: Reader
    certificate: Path
    seconds: float
    loading_seconds: float

    def deploy(self, image: str, *words: str) -> Answer:
        seconds = ("--bake-seconds", "5", "--healthy-seconds", "60")
        return self.host.ops(
            "deploy",
            "--swarm",
            "--image",
            image,
            *seconds,
            "--json",
            *words,
            DOCKER_HOST=self.nodes.first.engine,
        )

    def service(self, name: str) -> str:
        return f"{self.host.project}_{name}"

    def on(self, node: Node, service: str) -> list[str]:
        return node.containers(self.service(service))

    def images(self, service: str) -> set[str]:
        """Of tasks that are to run."""
        said = self.nodes.first.docker(
            "service",
            "ps",
            "--filter",
            "desired-state=running",
            "--format",
            "{{.Image}}",
            self.service(service),
        )
        return set(said.split())

    def serves_with(self, service: str, count: int) -> bool:
        """As many tasks as wanted run, each on a node that answers."""
        said = self.nodes.first.docker(
            "service",
            "ps",
            "--filter",
            "desired-state=running",
            "--format",
            "{{.Node}} {{.CurrentState}}",
            self.service(service),
        )
        up = {name for name, state in self.nodes.states().items() if state == "Ready"}
        tasks = [line.split()[:2] for line in said.splitlines()]
        return sum(node in up and state == "Running" for node, state in tasks) == count

    def is_settled(self, service: str) -> bool:
        """The Swarm has ended what it had begun."""
        asked = ("--format", "{{.UpdateStatus.State}}", self.service(service))
        return self.nodes.first.docker("service", "inspect", *asked) == "completed"

    def cache_status(self, node: Node, path: str) -> str:
        """Of an answer to somebody who has not signed in, through this node's nginx."""
        connection = Address(node.address, HTTPS, DOMAIN, is_https=True).open()
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Host": DOMAIN, "Accept": "text/html"})
            return connection.getresponse().getheader("Cache-Status") or ""

    def inside(self, *words: str) -> str:
        """A command of the application, in a backend, as an operator types it there."""
        node, container = next(
            (node, each) for node in self.nodes.all for each in self.on(node, "backend")
        )
        return node.docker("exec", container, WITH_SECRETS, "contravento", *words)


@contextmanager
def riders(site: Site, node: Node) -> Iterator[Stream]:
    """Who come in by this node, read, write and upload."""
    made = json.loads(site.inside("riders", "probe").splitlines()[-1])
    stream = Stream(Address(node.address, HTTPS, DOMAIN, is_https=True), made["token"])
    stream.start()
    wait_until(lambda: len(stream.acknowledged) > 1, 30, "a rider's write is acknowledged")
    try:
        yield stream
    finally:
        stream.stop()


def figures(stream: Stream) -> str:
    return (
        f"{len(stream.sent)} requests sent, {len(stream.lost)} lost, slowest"
        f" {stream.slowest_seconds:.2f} s; {len(stream.acknowledged)} writes and"
        f" {len(stream.uploads)} uploads acknowledged"
    )


def losses(stream: Stream) -> list[str]:
    return [f"{each.kind} {each.answer}" for each in stream.lost]


@dataclass
class Prober:
    """A new rider every quarter of a second, whether those before have their answers or not."""

    stream: Stream
    asked: list[tuple[float, bool]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.over.wait(PROBE_EVERY_SECONDS):
            threading.Thread(target=self._ask, daemon=True).start()

    def _ask(self) -> None:
        began = time.monotonic()
        answer = self.stream.get("/api/v1/feed")
        is_well = answer.status == 200 and answer.seconds < PROBE_TIMEOUT_SECONDS
        self.asked.append((began, is_well))

    def back_after(self, moment: float) -> float:
        """Seconds from then until every later request was answered; 0 where none was lost."""
        failed = [at for at, is_well in self.asked if at >= moment and not is_well]
        return max(failed) + PROBE_EVERY_SECONDS - moment if failed else 0.0

    def count_since(self, moment: float) -> tuple[int, int]:
        since = [is_well for at, is_well in self.asked if at >= moment]
        return len(since), since.count(False)


@contextmanager
def probing(stream: Stream) -> Iterator[Prober]:
    prober = Prober(stream)
    thread = threading.Thread(target=prober.run)
    thread.start()
    try:
        yield prober
    finally:
        prober.over.set()
        thread.join()
        time.sleep(PROBE_TIMEOUT_SECONDS)  # for those that are still waiting
