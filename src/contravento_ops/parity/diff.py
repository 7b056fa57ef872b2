"""What differs, and whether it may: pure, over two flat lists of names and values."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from contravento_ops.kit.errors import CommandError, Exit

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A name, with * for anything, and why the two may differ there."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    key: str
    staging: str
    production: str
    reason: str | None

    @property
    def is_allowed(self) -> bool:
        return self.reason is not None

    def __str__(self) -> str:
        return f"{self.key}: staging has {self.staging}, production {self.production}"

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "staging": self.staging,
            "production": self.production,
            "allowed": self.is_allowed,
            "reason": self.reason,
        }


def read_allowed(file: Path) -> tuple[Allowed, ...]:
    """Raises CommandError where an entry has no reason, or the list cannot be read."""
    try:
        found = tomllib.loads(file.read_text())["allowed"]
        entries = tuple(Allowed(each["key"], each["reason"]) for each in found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{file} cannot be read: {error}.", status=Exit.FAILED) from error
    for entry in entries:
        if not entry.reason.strip():
            raise CommandError(
                f"{file}: {entry.key} is allowed without a reason.", status=Exit.FAILED
            )
    return entries


def compare(
    staging: Mapping[str, str], production: Mapping[str, str], allowed: Sequence[Allowed]
) -> list[Difference]:
    return list(_differences(staging, production, allowed))


def _differences(
    staging: Mapping[str, str], production: Mapping[str, str], allowed: Sequence[Allowed]
) -> Iterator[Difference]:
    for key in sorted(staging.keys() | production.keys()):
        one, other = staging.get(key, NOTHING), production.get(key, NOTHING)
        if one != other:
            reason = next((each.reason for each in allowed if fnmatchcase(key, each.key)), None)
            yield Difference(key, one, other, reason)


def flat(found: object, under: str) -> Iterator[tuple[str, str]]:
    """Each leaf of a tree by its path."""
    if isinstance(found, dict):
        for name, each in found.items():
            yield from flat(each, f"{under}/{name}")
    elif isinstance(found, list):
        for number, each in enumerate(found):
            yield from flat(each, f"{under}/{number}")
    elif found is not None:
        yield under, str(found)
