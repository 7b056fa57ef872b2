"""Sets as they lie on disk: manifest, parts, and what the last drill said."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from contravento_backup.kit.errors import BackupFailed
from contravento_backup.postgres.fingerprint import Content
from contravento_backup.sets.retention import DatedSet

FORMAT = 1
NAMED = "%Y%m%dT%H%M%SZ"
DUMP, GLOBALS, FINGERPRINT = "database.dump", "globals.sql", "fingerprint.json"
FILES, ENVIRONMENT, MANIFEST, PROOF = (
    "files.jsonl",
    "environment.enc",
    "manifest.json",
    "proof.json",
)
PARTS = (DUMP, GLOBALS, FINGERPRINT, FILES, ENVIRONMENT)


class SetState(StrEnum):
    PROVEN = "proven"
    FAILED = "failed"
    UNPROVEN = "unproven"
    BROKEN = "broken"  # its manifest cannot be read


@dataclass(frozen=True, slots=True)
class BackupSet:
    folder: Path
    manifest: dict[str, Any] | None
    proof: dict[str, Any] | None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def globals_file(self) -> Path:
        return self.folder / GLOBALS

    @property
    def dump(self) -> Path:
        return self.folder / DUMP

    @property
    def at(self) -> datetime:
        return datetime.strptime(self.name, NAMED).replace(tzinfo=UTC)

    @property
    def state(self) -> SetState:
        if self.manifest is None:
            return SetState.BROKEN
        if self.proof is None:
            return SetState.UNPROVEN
        return SetState.PROVEN if self.proof.get("outcome") == "proven" else SetState.FAILED

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())

    def kept(self) -> DatedSet:
        return DatedSet(self.name, self.at, self.state is SetState.PROVEN)

    def fingerprint(self) -> dict[str, Content]:
        """Raises BackupFailed where it cannot be read."""
        try:
            found = json.loads((self.folder / FINGERPRINT).read_text())["tables"]
            return {name: Content(each["rows"], each["hash"]) for name, each in found.items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackupFailed(f"{FINGERPRINT} cannot be read.") from error

    def as_json(self) -> dict[str, Any]:
        manifest, proof = self.manifest or {}, self.proof or {}
        return {
            "name": self.name,
            "state": self.state,
            "snapshot_at": manifest.get("snapshot_at"),
            "bytes": self.bytes,
            "files": manifest.get("files"),
            "tables": manifest.get("tables"),
            "rows": manifest.get("rows"),
            "application": manifest.get("application"),
            "postgres": manifest.get("postgres"),
            "proven_at": proof.get("at"),
            "drill_seconds": proof.get("seconds"),
            "problems": proof.get("problems", []),
        }


def name_of(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(NAMED)


def list_all(folder: Path) -> list[BackupSet]:
    """Oldest first; unfinished ones are none."""
    return sorted(_read_all(folder), key=lambda each: each.name)


def _read_all(folder: Path) -> Iterator[BackupSet]:
    for path in folder.glob("[0-9]*Z"):
        yield BackupSet(path, _json(path / MANIFEST), _json(path / PROOF))


def find(folder: Path, name: str = "") -> BackupSet:
    """The newest one, or the one that is named. Raises BackupFailed."""
    found = [each for each in list_all(folder) if name in ("", each.name)]
    if not found:
        raise BackupFailed(f"There is no set {name}." if name else "There is no set yet.")
    return found[-1]


def remove(each: BackupSet) -> None:
    """The manifest first: half a set is none."""
    going = each.folder.rename(each.folder.with_name(f".{each.name}.going"))
    shutil.rmtree(going)


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
