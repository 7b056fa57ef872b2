"""How a backup is told no, and what a drill finds."""

from dataclasses import dataclass


class BackupFailed(Exception):
    """One sentence that says what happened and, where we know, what to do."""


class Busy(BackupFailed):
    """Another run is at work on the same folder."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a set: `kind` for programs, `sentence` for people."""

    kind: str
    sentence: str
