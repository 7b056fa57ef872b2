"""What follows from what a Swarm says of a service and its tasks."""

from collections.abc import Mapping
from typing import Any

import pytest

from contravento_ops.swarm.nodes import Node
from contravento_ops.swarm.service_state import ServiceState, state_of

EDGE = {"Constraints": ["node.labels.contravento.edge==true"]}
NEW: dict[str, Any] = {"ContainerSpec": {"Image": "two", "DNSConfig": {}}, "Placement": EDGE}
TOLD: dict[str, Any] = {"ContainerSpec": {"Image": "two"}, "Placement": EDGE}
OLD: dict[str, Any] = {"ContainerSpec": {"Image": "one"}, "Placement": EDGE}
NODES = (
    Node("one", is_ready=True, is_active=True, labels={"contravento.edge": "true"}),
    Node("two", is_ready=True, is_active=True, labels={"contravento.edge": "true"}),
    Node("three", is_ready=True, is_active=True, labels={}),
    Node("four", is_ready=False, is_active=True, labels={"contravento.edge": "true"}),
    Node("five", is_ready=True, is_active=False, labels={"contravento.edge": "true"}),
)


def service(update: str = "", replicas: int | None = 2) -> dict[str, Any]:
    mode = {"Global": {}} if replicas is None else {"Replicated": {"Replicas": replicas}}
    status = {"UpdateStatus": {"State": update}} if update else {}
    return {"Spec": {"TaskTemplate": NEW, "Mode": mode}, **status}


def task(spec: Mapping[str, Any], state: str = "running") -> dict[str, Any]:
    return {"Spec": spec, "Status": {"State": state}}


@pytest.mark.parametrize(
    ("said", "tasks", "is_well"),
    [
        (service(), [task(NEW), task(TOLD)], True),
        (service("completed"), [task(NEW), task(NEW)], True),
        (service(), [task(OLD), task(OLD)], False),  # it has not begun yet
        (service("updating"), [task(NEW), task(NEW)], False),  # it still watches
        (service("completed"), [task(NEW), task(NEW), task(OLD)], False),
        (service(), [task(NEW)], False),
        (service(), [task(NEW), task(NEW, "starting")], False),
        (service("rollback_completed"), [task(NEW), task(NEW)], False),
        (service(replicas=None), [], False),
        (service(replicas=None), [task(NEW)], False),  # on one of two nodes
        (service(replicas=None), [task(NEW), task(NEW)], True),
        (service(replicas=None), [task(NEW), task(NEW, "preparing")], False),
    ],
)
def test_well_is_what_runs_as_asked_and_is_not_watched_any_more(
    said: dict[str, Any], tasks: list[Mapping[str, Any]], is_well: bool
) -> None:
    assert state_of(said, tasks, NODES).is_well is is_well


@pytest.mark.parametrize(
    ("update", "is_going_back", "has_given_up"),
    [
        ("updating", False, False),
        ("paused", False, True),
        ("rollback_started", True, False),
        ("rollback_paused", True, True),
        ("rollback_completed", True, True),
    ],
)
def test_going_back_and_giving_up_are_told_apart(
    update: str, is_going_back: bool, has_given_up: bool
) -> None:
    found = ServiceState(2, 0, 2, update)

    assert (found.is_going_back, found.has_given_up) == (is_going_back, has_given_up)
