"""Removes images of releases that nobody will go back to, if they were deployed from here."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from contravento_ops.kit import audit, compose, state
from contravento_ops.kit.compose import docker
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.kit.state import EnvironmentState

KEPT = 3
ACTIONS = ("deploy", "rollback")


def deployed_tags(file: Path) -> list[str]:
    """Of every release that served, the newest last."""
    tags: dict[str, None] = {}
    for entry in audit.entries(file, ACTIONS):
        if entry["outcome"] == "deployed":
            tag = str(entry.get("release"))
            tags.pop(tag, None)
            tags[tag] = None
    return list(tags)


def superfluous(tags: Sequence[str], noted: Iterable[str]) -> list[str]:
    """All but the newest few and those that some environment's notes name, as images."""
    kept = {*(f"contravento:{tag}" for tag in tags[-KEPT:]), *noted}
    images = [f"contravento:{tag}" for tag in tags]
    return [image for image in images if image not in kept]


def noted_images(paths: EnvironmentPaths) -> set[str]:
    """What serves and what served before it, here and in the environments beside."""
    states = [state.read(each.state) for each in (paths, *paths.others())]
    return {release.image for one in states for release in _releases(one)}


def remove(paths: EnvironmentPaths) -> str | None:
    """A sentence on what is gone. An image that a container still uses stays."""
    before = shutil.disk_usage(paths.root).free
    gone = [
        image
        for image in superfluous(deployed_tags(paths.audit), noted_images(paths))
        if compose.run(docker("rmi", image)).ok
    ]
    if not gone:
        return None
    megabytes = max(0, shutil.disk_usage(paths.root).free - before) // 10**6
    return f"Old releases were removed, {megabytes} MB are free again: {', '.join(gone)}."


def _releases(one: EnvironmentState) -> list[state.Release]:
    return [release for release in (one.current, one.previous) if release]
