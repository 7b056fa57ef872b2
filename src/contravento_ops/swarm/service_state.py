"""What a Swarm says of a service: whether it is as asked, going back, or in trouble."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contravento_ops.kit import compose
from contravento_ops.kit.compose import docker
from contravento_ops.kit.errors import StepFailed
from contravento_ops.release.wait import LAST_WORDS
from contravento_ops.swarm import nodes
from contravento_ops.swarm.nodes import Node

LOOK_EVERY_SECONDS = 1.0
GOING_BACK_SECONDS = 240
LABEL = "node.labels."
COMPARED = ("ContainerSpec", "Resources", "Placement")
WENT_WRONG = ("failed", "rejected")
TRIES = 4  # of as many tasks as a Swarm remembers, five


@dataclass(frozen=True, slots=True)
class ServiceState:
    """`well` tasks run what is wanted now; `update` is what the Swarm calls its own doing."""

    wanted: int
    well: int
    others: int
    update: str

    @property
    def is_well(self) -> bool:
        return self.update in ("", "completed") and self.well >= self.wanted and not self.others

    @property
    def is_going_back(self) -> bool:
        return self.update.startswith("rollback")

    @property
    def has_given_up(self) -> bool:
        return self.update.endswith(("paused", "rollback_completed"))


def state_of(
    service: Mapping[str, Any], tasks: list[Mapping[str, Any]], there: Sequence[Node]
) -> ServiceState:
    """Of what `docker inspect` says of a service and of its tasks that are to run."""
    template = service["Spec"]["TaskTemplate"]
    current = [task for task in tasks if _is_of(task["Spec"], template)]
    running = [each for each in current if each["Status"]["State"] == "running"]
    replicated = service["Spec"]["Mode"].get("Replicated")
    return ServiceState(
        wanted=int(replicated["Replicas"]) if replicated else _places(template, there),
        well=len(running),
        others=len(tasks) - len(running),
        update=(service.get("UpdateStatus") or {}).get("State") or "",
    )


def _places(template: Mapping[str, Any], there: Sequence[Node]) -> int:
    """How many nodes have the labels that it asks for."""
    asked = template.get("Placement", {}).get("Constraints") or ()
    labels = [each.removeprefix(LABEL).partition("==")[::2] for each in asked]
    return sum(
        each.is_ready
        and each.is_active
        and all(each.labels.get(label) == value for label, value in labels)
        for each in there
    )


def _is_of(task: Mapping[str, Any], template: Mapping[str, Any]) -> bool:
    return all(_said(task.get(each)) == _said(template.get(each)) for each in COMPARED)


def _said(found: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is empty is there in one and missing in the other."""
    return {name: value for name, value in (found or {}).items() if value}


def look(service: str) -> ServiceState:
    tasks = _tasks(service, "desired-state=running")
    return state_of(_inspect("service", service)[0], tasks, nodes.look().nodes)


def until_well(service: str, *, seconds: float) -> None:
    """Raises StepFailed with the cause where the Swarm goes back or the time is over."""
    until = time.monotonic() + seconds
    while not (found := look(service)).is_well:
        if found.is_going_back or found.has_given_up:
            raise StepFailed(f"{service}: {complaint(service)}")
        if not found.update and found.well == 0 and _failures(service) >= TRIES:
            raise StepFailed(f"{service} ends again and again: {complaint(service)}")
        if time.monotonic() > until:
            raise StepFailed(f"{service} is not well after {seconds:.0f} s: {complaint(service)}")
        time.sleep(LOOK_EVERY_SECONDS)


def _failures(service: str) -> int:
    """Of tasks as they are wanted now."""
    template = _inspect("service", service)[0]["Spec"]["TaskTemplate"]
    return sum(
        task["Status"]["State"] in WENT_WRONG and _is_of(task["Spec"], template)
        for task in _tasks(service)
    )


def until_back(service: str) -> bool:
    """Whether the Swarm has brought what was there before back."""
    until = time.monotonic() + GOING_BACK_SECONDS
    while time.monotonic() < until:
        found = look(service)
        if found.update == "rollback_completed" and found.well >= found.wanted:
            return True
        if found.update in ("rollback_paused", "paused"):
            return False
        time.sleep(LOOK_EVERY_SECONDS)
    return False


def until_done(job: str, *, seconds: float) -> None:
    """Raises StepFailed where a task of it fails, or the time is over."""
    until = time.monotonic() + seconds
    while True:
        states = [str(task["Status"]["State"]) for task in _tasks(job)]
        if any(each in WENT_WRONG for each in states):
            raise StepFailed(f"{job} failed: {complaint(job)}")
        if states and all(state == "complete" for state in states):
            return
        if time.monotonic() > until:
            raise StepFailed(f"{job} has not ended after {seconds:.0f} s: {complaint(job)}")
        time.sleep(LOOK_EVERY_SECONDS / 2)


def complaint(service: str) -> str:
    """What the Swarm says of the newest task that failed, and the last that it said itself."""
    failed = [task for task in _tasks(service) if task["Status"].get("Err")]
    if not failed:
        return "its tasks have not come up yet"
    newest = max(failed, key=lambda each: str(each["Status"]["Timestamp"]))
    words = (str(newest["Status"]["Err"]), *said(str(newest["ID"]))[-1:])
    return "; ".join(each[-LAST_WORDS:] for each in words)


def said(name: str) -> list[str]:
    """The last lines of a task or of all tasks of a service, on whatever node."""
    done = compose.run(docker("service", "logs", "--raw", "--tail", "20", name), timeout=20)
    return [line for line in (done.out + done.err).splitlines() if line.strip()]


def _tasks(service: str, wanted: str = "") -> list[Mapping[str, Any]]:
    only = ("--filter", wanted) if wanted else ()
    listed = docker("service", "ps", "--quiet", "--no-trunc", *only, service)
    ids = compose.run_well(listed).split()
    return _inspect("task", *ids) if ids else []


def _inspect(kind: str, *names: str) -> list[Mapping[str, Any]]:
    """Tasks come and go: those that went in between are left out."""
    done = compose.run(docker("inspect", "--type", kind, *names))
    found: list[Mapping[str, Any]] = json.loads(done.out or "[]")
    return found
