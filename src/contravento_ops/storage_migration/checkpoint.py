"""What a move under way remembers besides what can be seen: its ends, and a clock."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from contravento_ops.kit.errors import CommandError
from contravento_ops.storage_migration.plan import Move

NAME = "storage-move.json"


@dataclass(frozen=True, slots=True)
class Remembered:
    """`marked_at` is by the new place's own clock, when nobody wrote to it yet but us. `is_done`:
    everything is there; the old place may be emptied, or gone back to. `is_turned`: it is the way
    back."""

    source: str
    target: str
    marked_at: str = ""
    is_done: bool = False
    is_turned: bool = False

    @property
    def move(self) -> Move:
        return Move(self.source, self.target)


def read(folder: Path) -> Remembered | None:
    file = folder / NAME
    if not file.exists():
        return None
    try:
        return Remembered(**json.loads(file.read_text()))
    except (ValueError, TypeError) as error:
        raise CommandError(
            f"{file} cannot be read ({error}); move it away and say --to again."
        ) from error


def write(folder: Path, remembered: Remembered) -> None:
    """Whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{NAME}.new"
    unfinished.write_text(json.dumps(asdict(remembered), indent=2) + "\n")
    unfinished.replace(folder / NAME)


def forget(folder: Path) -> None:
    (folder / NAME).unlink(missing_ok=True)
