"""What somebody answers for: a box that may be red until a day, by name and with a reason."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contravento_ops.acceptance.registry import BY_NAME
from contravento_ops.kit.errors import CommandError, Exit

FILE = "waivers.json"
LONGEST_DAYS = 90
FIELDS = {"box", "reason", "who", "until"}


@dataclass(frozen=True, slots=True)
class Waiver:
    box: str
    reason: str
    who: str
    until: date

    def holds(self, today: date) -> bool:
        return today <= self.until


def read(file: Path, today: date) -> dict[str, Waiver]:
    """Those that hold today, by box. Raises CommandError with a sentence for each mistake."""
    if not file.exists():
        return {}
    try:
        entries = json.loads(file.read_text())
    except ValueError as error:
        raise CommandError(f"{file} is no JSON: {error}.", status=Exit.USAGE) from None
    if not isinstance(entries, list):
        raise CommandError(f"{file} is to hold a list.", status=Exit.USAGE)
    mistakes = [
        f"{file}, entry {number}: {mistake}."
        for number, entry in enumerate(entries, start=1)
        for mistake in _mistakes(entry, today)
    ]
    if mistakes:
        raise CommandError(*mistakes, status=Exit.USAGE)
    found = [_waiver(entry) for entry in entries]
    return {each.box: each for each in found if each.holds(today)}


def _mistakes(entry: object, today: date) -> list[str]:
    if not isinstance(entry, dict) or set(entry) != FIELDS:
        return [f"it is to name {', '.join(sorted(FIELDS))} and nothing besides"]
    if not all(isinstance(value, str) and value.strip() for value in entry.values()):
        return ["each of them is to say something"]
    if entry["box"] not in BY_NAME:
        return [f"there is no box {entry['box']}; check --list names them"]
    try:
        until = date.fromisoformat(entry["until"])
    except ValueError:
        return [f"until is {entry['until']}; write a day as 2026-01-31"]
    if (until - today).days > LONGEST_DAYS:
        return [f"until is more than {LONGEST_DAYS} days away"]
    return []


def _waiver(entry: dict[str, str]) -> Waiver:
    return Waiver(entry["box"], entry["reason"], entry["who"], date.fromisoformat(entry["until"]))
