"""What a Swarm keeps for its services: configs and secrets, named by what is in them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

LONGEST_NAME = 64
HASH = 12
ANYBODY_READS, ANYBODY_RUNS = 0o644, 0o755  # a copy of it may be written to
ONLY_READ = 0o444
SECRETS = "/run/secrets"


@dataclass(frozen=True, slots=True)
class VersionedFile:
    """One file in a container. `name` changes with the content, so that no task has another."""

    name: str
    target: str
    content: bytes
    mode: int = ANYBODY_READS
    is_secret: bool = False

    @property
    def reference(self) -> dict[str, object]:
        """As a service asks for it."""
        return {"source": self.name, "target": self.target, "mode": self.mode}


def config(stack: str, file: Path, target: str, content: bytes) -> VersionedFile:
    """A file of ours; one that may be run stays so."""
    mode = ANYBODY_RUNS if file.stat().st_mode & 0o111 else ANYBODY_READS
    return VersionedFile(_name(stack, file.name, content), target, content, mode)


def secret(stack: str, name: str, content: bytes, target: str = "") -> VersionedFile:
    """A value under its variable's name, or a file at its place."""
    place = target or f"{SECRETS}/{name}"
    return VersionedFile(_name(stack, name, content), place, content, ONLY_READ, is_secret=True)


def _name(stack: str, what: str, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()[:HASH]
    plain = "".join(each if each.isalnum() and each.isascii() else "-" for each in what).strip("-")
    room = LONGEST_NAME - len(stack) - HASH - 2
    return f"{stack}_{plain[:room]}_{digest}"
