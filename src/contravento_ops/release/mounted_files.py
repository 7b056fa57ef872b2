"""Which services run on older files than lie in the checkout.

Compose sees no change when the content of a mounted file changes. So the digest of a container's
files is noted when the container is first seen, and compared from then on.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from contravento_ops.kit.compose import Call, Container, Project, docker
from contravento_ops.release.plan import BY_ITSELF

NOTES = "mounted-files.json"
OURS = ("deploy", "monitoring")
NEVER = frozenset({"postgres"})  # its files are run once, beside it

TRY_REDIS = (
    "redis-server /opt/contravento/redis.conf --port 0 --unixsocket /tmp/trial --dir /tmp"
    " --appendonly no & sleep 1; kill $!"
)
# Tried in a container of its own before riders meet them.
TRIALS: Mapping[str, tuple[str, ...]] = {
    "nginx": ("/opt/contravento/bin/render",),
    "redis": ("sh", "-c", TRY_REDIS),
}


def stale(
    project: Project, config: Mapping[str, Any], containers: Sequence[Container]
) -> tuple[str, ...]:
    """The services of which a container runs on other files than lie here now."""
    noted = _read(project)
    digests = _digests(project, config)
    older = {
        container.service
        for container in containers
        if container.id in noted and noted[container.id] != digests.get(container.service)
    }
    return tuple(sorted(older - NEVER))


def note(project: Project, *started: str) -> None:
    """What containers run on that are seen for the first time, and those of `started` services."""
    noted = _read(project)
    digests = _digests(project, project.config())
    fresh = {*started, *BY_ITSELF}
    notes = {}
    for container in project.containers():
        digest = digests.get(container.service, "")
        is_fresh = container.service in fresh
        notes[container.id] = digest if is_fresh else noted.get(container.id, digest)
    file = project.paths.memory / NOTES
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(notes, indent=2) + "\n")


def trial(config: Mapping[str, Any], service: str) -> Call:
    """A container of the service's own image with its files, which tries them and ends."""
    settings = config["services"][service]
    words = ["run", "--rm", "--user", str(settings.get("user") or "0:0")]
    variables = {name: value or "" for name, value in (settings.get("environment") or {}).items()}
    for name in variables:
        words += ["--env", name]  # its value goes along unseen: it may be a secret
    for mount in settings.get("volumes", ()):
        source = mount["source"]
        if mount["type"] == "volume":
            source = config["volumes"][source]["name"]
        mode = ":ro" if mount.get("read_only") else ""
        words += ["--volume", f"{source}:{mount['target']}{mode}"]
    for place in settings.get("tmpfs", ()):
        words += ["--tmpfs", place]
    network = next(iter(settings.get("networks") or {}), "")
    if network:
        words += ["--network", config["networks"][network]["name"]]
    first, *rest = TRIALS[service]
    made = docker(*words, "--entrypoint", first, settings["image"], *rest)
    return Call(made.words, implied=variables)


def _digests(project: Project, config: Mapping[str, Any]) -> dict[str, str]:
    """By service, of every file of the checkout that is mounted into it."""
    return {
        name: _digest(project.paths.root, settings) for name, settings in config["services"].items()
    }


def _digest(root: Path, settings: Mapping[str, Any]) -> str:
    binds = (mount for mount in settings.get("volumes", ()) if mount["type"] == "bind")
    ours = [root / folder for folder in OURS]
    sources = [Path(mount["source"]) for mount in binds]
    files = sorted(
        file
        for source in sources
        if any(source.is_relative_to(folder) for folder in ours)
        for file in _files(source)
    )
    content = hashlib.sha256()
    for file in files:
        content.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes() + b"\0")
    return content.hexdigest()


def _files(source: Path) -> Iterator[Path]:
    paths = [source, *source.rglob("*")]
    return (path for path in paths if path.is_file() and path.suffix != ".pyc")


def _read(project: Project) -> dict[str, str]:
    try:
        noted: dict[str, str] = json.loads((project.paths.memory / NOTES).read_text())
    except (OSError, ValueError):
        return {}
    return noted
