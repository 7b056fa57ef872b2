"""What is deployed now and what was before it, as the host remembers it."""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from contravento_ops.kit.errors import CommandError


@dataclass(frozen=True, slots=True)
class Release:
    """An image that was, or is to be, in service."""

    image: str
    image_id: str
    commit: str
    migration: str | None = None
    digest: str | None = None
    deployed_at: str | None = None

    @property
    def short(self) -> str:
        return f"{self.image} ({self.image_id.removeprefix('sha256:')[:12]})"


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    current: Release | None = None
    previous: Release | None = None

    def after(self, release: Release) -> "EnvironmentState":
        """Deploying the same image again does not make it its own predecessor."""
        if self.current and self.current.image_id == release.image_id:
            return replace(self, current=release)
        return EnvironmentState(current=release, previous=self.current)


def read(file: Path) -> EnvironmentState:
    if not file.exists():
        return EnvironmentState()
    try:
        found = json.loads(file.read_text())
        return EnvironmentState(*(_release(found.get(which)) for which in ("current", "previous")))
    except (ValueError, TypeError, AttributeError) as error:
        raise CommandError(
            f"{file} cannot be read ({error}); move it away and deploy again."
        ) from error


def write(file: Path, state: EnvironmentState) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(state), indent=2) + "\n")
    with unfinished.open() as opened:
        os.fsync(opened.fileno())
    unfinished.replace(file)


def _release(found: dict[str, str] | None) -> Release | None:
    return Release(**found) if found else None
