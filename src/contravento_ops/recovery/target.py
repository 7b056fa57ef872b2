"""What somebody wants to have back, read from the words of a command line. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contravento_ops.kit.errors import CommandError, Exit

LATEST = "latest"
NAME_OF_SET = re.compile(r"\d{8}T\d{6}Z")


@dataclass(frozen=True, slots=True)
class RecoveryTarget:
    """One of the first five; none of them is the newest proven set."""

    set: str = ""
    at: datetime | None = None
    is_latest: bool = False
    dump: Path | None = None
    refreshed: str = ""  # which set of which other environment
    undo: bool = False
    without_missing_files: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """For the program in the container."""
        words: list[str] = []
        if self.set:
            words = ["--set", self.set]
        elif self.is_latest:
            words = ["--to", LATEST]
        elif self.at:
            words = ["--to", self.at.isoformat()]
        elif self.dump:
            words = ["--dump", self.dump.name]
        elif self.refreshed:
            words = ["--refreshed"]
        elif self.undo:
            words = ["--undo"]
        return (*words, *self.leniency)

    @property
    def leniency(self) -> tuple[str, ...]:
        return ("--without-missing-files",) if self.without_missing_files else ()

    def __str__(self) -> str:
        if self.set:
            return f"the set {self.set}"
        if self.is_latest:
            return "the last moment that the WAL leads to"
        if self.at:
            here = self.at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
            return f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC ({here} on this host)"
        if self.dump:
            return f"the dump {self.dump}"
        if self.refreshed:
            return f"{self.refreshed}, without its people"
        return "what was live before the last restore" if self.undo else "the newest proven set"


def read(
    what: str, to: str, *, undo: bool = False, without_missing_files: bool = False
) -> RecoveryTarget:
    """Raises CommandError (USAGE) where the words are too many, or name nothing."""
    if sum(map(bool, (what, to, undo))) > 1:
        raise CommandError(
            "Name a set or a file, or --to, or --undo: one of them.", status=Exit.USAGE
        )
    lenient = without_missing_files
    if undo:
        return RecoveryTarget(undo=True, without_missing_files=lenient)
    if to:
        is_latest = to.strip() == LATEST
        at = None if is_latest else moment(to)
        return RecoveryTarget(at=at, is_latest=is_latest, without_missing_files=lenient)
    if not what or NAME_OF_SET.fullmatch(what):
        return RecoveryTarget(set=what, without_missing_files=lenient)
    dump = Path(what)
    if not dump.is_file():
        raise CommandError(
            f"{what} is neither the name of a set (./deploy.sh … backup list) nor a file here.",
            status=Exit.USAGE,
        )
    return RecoveryTarget(dump=dump, without_missing_files=lenient)


def moment(written: str) -> datetime:
    """`2026-11-23 10:15`, in UTC or with a zone behind: `+01:00`, `Z`, `Europe/Madrid`."""
    plain, _, zone = written.strip().rpartition(" ")
    try:
        if "/" in zone:
            return datetime.fromisoformat(plain).replace(tzinfo=ZoneInfo(zone))
        text = f"{plain}{zone}" if zone.startswith(("+", "-")) or zone == "UTC" else written.strip()
        found = datetime.fromisoformat(text.replace("UTC", "Z"))
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise CommandError(
            f"'{written}' is no moment; write it as 2026-11-23 10:15, which is in UTC, or with a"
            " zone behind it: 2026-11-23 10:15 Europe/Madrid, 2026-11-23 10:15 +01:00.",
            status=Exit.USAGE,
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
