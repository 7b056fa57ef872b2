"""Which nodes there are, read from a manager, and what has to be said of them first."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contravento_ops.kit import compose
from contravento_ops.kit.compose import docker

DATABASE, EDGE, ZONE = (
    "contravento.database",
    "contravento.edge",
    "contravento.zone",
)
NOTICED_LATE_SECONDS = 5
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    is_ready: bool
    is_active: bool
    labels: Mapping[str, str]

    def is_for(self, label: str) -> bool:
        return self.labels.get(label) == "true"


@dataclass(frozen=True, slots=True)
class Swarm:
    """As this engine knows it; without nodes where it manages none."""

    nodes: tuple[Node, ...] = ()
    heartbeat_seconds: float = 0.0


def look() -> Swarm:
    """Raises Refusal (DOCKER) where no engine answers."""
    said = compose.run_well(docker("info", "--format", "{{json .Swarm}}"))
    found: dict[str, Any] = json.loads(said)
    if not found.get("ControlAvailable"):
        return Swarm()
    ids = compose.run_well(docker("node", "ls", "--quiet")).split()
    nodes: list[dict[str, Any]] = json.loads(compose.run_well(docker("node", "inspect", *ids)))
    period = found["Cluster"]["Spec"]["Dispatcher"]["HeartbeatPeriod"]
    return Swarm(tuple(_node(node) for node in nodes), period / NANOSECONDS)


def _node(found: Mapping[str, Any]) -> Node:
    return Node(
        name=found["Description"]["Hostname"],
        is_ready=found["Status"]["State"] == "ready",
        is_active=found["Spec"]["Availability"] == "active",
        labels=found["Spec"].get("Labels") or {},
    )


def refusals(swarm: Swarm, *, has_data: bool) -> Iterator[str]:
    """What to do before anything can be brought there."""
    if not swarm.nodes:
        yield (
            "This engine manages no Swarm; say docker swarm init on one node, let the others join,"
            " and come back to a manager."
        )
        return
    data = [each for each in swarm.nodes if each.is_for(DATABASE)]
    if has_data and len(data) != 1:
        names = ", ".join(each.name for each in data) or "none"
        yield (
            f"One node has to keep the data, and {names} said so; say"
            f" docker node update --label-add {DATABASE}=true NODE for one."
        )
    elif has_data and not (data[0].is_ready and data[0].is_active):
        yield f"{data[0].name}, which keeps the data, takes no work now; bring it back first."
    if not any(node.is_for(EDGE) for node in swarm.nodes):
        yield (
            "No node lets riders in; say"
            f" docker node update --label-add {EDGE}=true NODE for those that they reach."
        )


def warnings(swarm: Swarm) -> Iterator[str]:
    """What is not as it should be, and no reason to wait."""
    for node in swarm.nodes:
        if not node.is_ready:
            yield f"{node.name} does not answer; it gets nothing until it does."
    if swarm.heartbeat_seconds > NOTICED_LATE_SECONDS:
        yield (
            f"Nodes give a sign of life every {swarm.heartbeat_seconds:.0f} s, so a lost one is"
            " noticed late; say docker swarm update --dispatcher-heartbeat 2s."
        )
