"""pgBackRest: base backups and WAL. What it is told stands in the compose file, as PGBACKREST_*."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contravento_backup.kit import programs
from contravento_backup.kit.errors import BackupFailed

DAY_SECONDS = 24 * 3600
FULL_EVERY_SECONDS = 7 * DAY_SECONDS


def ensure() -> None:
    """Make the stanza, without which PostgreSQL can archive nothing. Twice is harmless."""
    programs.run("pgbackrest", "stanza-create")


def adopt() -> None:
    """As `ensure`, also for a cluster that was made anew: WAL of the one before stays beside it."""
    try:
        ensure()
    except programs.ProgramFailed:
        programs.run("pgbackrest", "stanza-upgrade")


def back_up() -> str:
    """The label of the base backup. Pages whose checksums are wrong are refused."""
    programs.run("pgbackrest", f"--type={kind(backups(), time.time())}", "backup")
    newest = backups()[-1]
    if newest.get("error"):
        raise BackupFailed(
            "Pages of the live database have wrong checksums: its disk or memory damages data."
            " The sets before this one are what to restore."
        )
    return str(newest["label"])


def kind(found: list[dict[str, Any]], now: float) -> str:
    """A full one each week, a differential one each day, what has changed in between."""
    ages = {each["type"]: now - each["timestamp"]["stop"] for each in found}
    if ages.get("full", FULL_EVERY_SECONDS) >= FULL_EVERY_SECONDS:
        return "full"
    if min(ages["full"], ages.get("diff", DAY_SECONDS)) >= DAY_SECONDS:
        return "diff"
    return "incr"


def backups() -> list[dict[str, Any]]:
    """Oldest first."""
    said = json.loads(programs.run("pgbackrest", "--output=json", "info"))
    found: list[dict[str, Any]] = said[0]["backup"] if said else []
    return found


def holds_live() -> bool:
    """Whether the newest base backup is of the cluster that runs now."""
    said = json.loads(programs.run("pgbackrest", "--output=json", "info"))
    if not said or not said[0]["backup"]:
        return False
    return bool(said[0]["backup"][-1]["database"]["id"] == said[0]["db"][-1]["id"])


def damages() -> str:
    """What is wrong in the repository by its own checksums, segment by segment; mostly nothing."""
    return " / ".join(programs.run("pgbackrest", "--output=text", "verify").split("\n")).strip(" /")


def restore(folder: Path, *, label: str, restore_point: str) -> None:
    """The cluster into an empty folder; it replays WAL to the restore point when it is started."""
    programs.run(
        "pgbackrest",
        f"--pg1-path={folder}",
        f"--set={label}",
        "--type=name",
        f"--target={restore_point}",
        "--target-action=promote",
        "--archive-mode=off",
        "restore",
    )


def restore_to(folder: Path, *, label: str, at: datetime | None) -> None:
    """As `restore`, to a moment, or to the end of all WAL that there is."""
    target: tuple[str, ...] = ("--type=default",)
    if at:
        moment = at.astimezone(UTC).isoformat(" ", "microseconds")
        target = ("--type=time", f"--target={moment}", "--target-action=promote")
    programs.run(
        "pgbackrest",
        f"--pg1-path={folder}",
        f"--set={label}",
        *target,
        "--archive-mode=off",
        "restore",
    )


def expire() -> None:
    """Let go of base backups and WAL that are older than BACKUP_WAL_DAYS."""
    programs.run("pgbackrest", "expire")
