"""What a verdict is about, and whether it speaks for a release that is to go to production."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contravento_ops.acceptance.verdict import Verdict

FRESH = timedelta(hours=24)
AHEAD = timedelta(minutes=5)  # as far as two hosts' clocks may differ
# What containers of staging and production read of this folder alike.
FILES = (
    *("docker-compose.yml", "docker-compose.monitoring.yml", "docker-compose.jobs.yml"),
    *("docker-compose.elsewhere.yml", "docker-compose.pooler.yml"),
)
FOLDERS = ("deploy", "monitoring", "src/contravento_backup")
OWN = "own-"  # a host's own alerts


def statement(verdict: Verdict, root: Path) -> dict[str, Any]:
    """All that the signature covers."""
    waived = sorted(each.box.name for each in verdict.judged if each.waiver)
    return {
        "verdict": verdict.word,
        "environment": verdict.environment,
        "image": verdict.release.get("image"),
        "image_id": verdict.release.get("image_id"),
        "digest": verdict.release.get("digest"),
        "migration": verdict.release.get("migration"),
        "configuration": configuration(root),
        "waived": waived,
        "at": verdict.ended_at.isoformat(timespec="seconds"),
    }


def image_of(statement: Mapping[str, Any]) -> str:
    """What was checked: from its registry where it has one, else by its name here."""
    return str(statement["digest"] or statement["image"])


def configuration(root: Path) -> str:
    """SHA-256 over names and contents of every file that containers read."""
    found = hashlib.sha256()
    for path in sorted(_files(root)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return found.hexdigest()


def _files(root: Path) -> set[Path]:
    inside = {
        path
        for folder in FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(OWN)
    }
    return inside | {root / name for name in FILES if (root / name).exists()}


def why_not(
    statement: Mapping[str, Any], *, image_id: str, root: Path, now: datetime | None = None
) -> str | None:
    """Why this verdict does not let this image into production, or nothing."""
    at, now = datetime.fromisoformat(statement["at"]), now or datetime.now(UTC)
    if statement["verdict"] != "GO":
        return f"the last check of staging said {statement['verdict']}"
    if statement["environment"] != "staging":
        return f"what was checked is {statement['environment']}, not staging"
    if statement["image_id"] != image_id:
        proven, wanted = (_short(each) for each in (statement["image_id"], image_id))
        return f"staging has proven the image {proven}, and this is {wanted}"
    if statement["configuration"] != configuration(root):
        return "files in deploy, monitoring or the Compose files are not those that were checked"
    if now - at > FRESH:
        hours = (now - at).total_seconds() / 3600
        return f"the check is {hours:.0f} hours old; run it again"
    if at - now > AHEAD:
        return "the check lies in the future; set the clocks of both hosts"
    return None


def _short(image_id: object) -> str:
    return str(image_id).removeprefix("sha256:")[:12]
