"""Waiting until containers are well, and saying in words why they are not."""

import time
from collections.abc import Collection
from typing import Any

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Container, Project, docker
from contravento_ops.kit.errors import CommandError, StepFailed
from contravento_ops.kit.services import ONE_OFF

LOOK_EVERY_SECONDS = 0.5
LAST_WORDS = 300


def until_healthy(container: str, *, seconds: float) -> None:
    """Raises StepFailed when it ends, restarts, or is not healthy in time."""
    until = time.monotonic() + seconds
    while True:
        found = compose.inspect(container)
        state: dict[str, Any] = found["State"]
        if found["RestartCount"] or state["Status"] in ("exited", "dead", "restarting"):
            raise StepFailed(
                f"{container} crashes at its start, with exit status {state['ExitCode']}:"
                f" {last_words(container)}"
            )
        if state.get("Health", {"Status": "healthy"})["Status"] == "healthy":
            return
        if time.monotonic() > until:
            raise StepFailed(
                f"{container} is not healthy after {seconds:.0f} s: {_complaint(state)}"
            )
        time.sleep(LOOK_EVERY_SECONDS)


def all_healthy(project: Project, *, seconds: float, but: Collection[str] = ()) -> None:
    """Every service that is to run runs, and the one-off ones ended well; `but` are left out."""
    until = time.monotonic() + seconds
    while True:
        ill = [
            container
            for container in project.containers()
            if container.service not in ONE_OFF
            and container.service not in but
            and not is_well(container)
        ]
        if not ill:
            return
        if time.monotonic() > until:
            names = ", ".join(f"{each.service} ({each.health or each.state})" for each in ill)
            raise StepFailed(
                f"not healthy after {seconds:.0f} s: {names}: {last_words(ill[0].name)}"
            )
        time.sleep(LOOK_EVERY_SECONDS)


def is_well(container: Container) -> bool:
    """Compose looks twice at each, so that one that crashed in between seems to run and to have no
    health check. Docker is asked about those; it looks once."""
    if not container.is_well or container.health:
        return container.is_well
    try:
        state: dict[str, Any] = compose.inspect(container.id)["State"]
    except CommandError:
        return False
    health = state.get("Health") or {"Status": "healthy"}
    return bool(state["Status"] == "running" and health["Status"] == "healthy")


def last_words(container: str) -> str:
    done = compose.run(docker("logs", "--tail", "5", container))
    lines = [line for line in (done.out + done.err).splitlines() if line.strip()]
    return lines[-1][-LAST_WORDS:] if lines else "it said nothing"


def _complaint(state: dict[str, Any]) -> str:
    log = state.get("Health", {}).get("Log") or []
    said = str(log[-1].get("Output", "")).strip().splitlines() if log else []
    return said[-1][-LAST_WORDS:] if said else "its health check has not answered yet"
