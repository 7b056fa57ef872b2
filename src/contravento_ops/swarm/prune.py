"""What a stack has in the Swarm by its label, and removing what nothing asks for any more."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from contravento_ops.kit import compose
from contravento_ops.kit.compose import docker
from contravento_ops.swarm.placement import JOBS

LABEL = "com.docker.stack.namespace"  # `docker stack rm` takes all that bears it
STAYING_JOBS = frozenset({"prepare"})  # a new node's volumes are prepared when it joins


def names(kind: str, stack: str) -> list[str]:
    """Of services, secrets or configs."""
    said = docker(kind, "ls", "--filter", f"label={LABEL}={stack}", "--format", "{{.Name}}")
    return compose.run_well(said).split()


def services(stack: str) -> frozenset[str]:
    return frozenset(name.removeprefix(f"{stack}_") for name in names("service", stack))


def tidy(stack: str, wanted: frozenset[str]) -> None:
    """Jobs that ended, services that are not wanted, and then what none of the others asks for."""
    staying = wanted - (JOBS - STAYING_JOBS)
    gone = [f"{stack}_{service}" for service in services(stack) - staying]
    if gone:
        compose.run_well(docker("service", "rm", *sorted(gone)))
    left = names("service", stack)
    found: list[dict[str, Any]] = (
        json.loads(compose.run_well(docker("service", "inspect", *left))) if left else []
    )
    asked = set(asked_for(found))
    for kind in ("secret", "config"):
        for name in names(kind, stack):
            if name not in asked:
                compose.run(docker(kind, "rm", name))  # a task that still ends may hold it


def asked_for(found: list[dict[str, Any]]) -> Iterator[str]:
    """By what runs, and by what the Swarm would go back to."""
    for service in found:
        for which in ("Spec", "PreviousSpec"):
            spec: Mapping[str, Any] = service.get(which) or {}
            container = spec.get("TaskTemplate", {}).get("ContainerSpec", {})
            for each in (*(container.get("Secrets") or ()), *(container.get("Configs") or ())):
                yield each.get("SecretName") or each["ConfigName"]
