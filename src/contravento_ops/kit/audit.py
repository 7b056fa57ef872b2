"""Who did what to an environment, when, and how it ended: one JSON line for each action."""

import getpass
import json
import os
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contravento_ops.kit.errors import CommandError


class Entry(dict[str, object]):
    """What the action itself adds to its line."""


BEGUN = "begun"


@contextmanager
def recorded(
    file: Path, action: str, facts: Mapping[str, object], *, is_announced: bool = False
) -> Iterator[Entry]:
    """Write the line when the block ends, however it ends; if it is announced, one before as well,
    which is all that there is of a command that was killed."""
    entry = Entry(facts)
    started, began = datetime.now(UTC), time.monotonic()
    outcome = "done"
    if is_announced:
        _write(file, started, action, BEGUN, process=os.getpid(), **facts)
    try:
        yield entry
    except CommandError as refusal:
        outcome = f"refused ({refusal.status.name.lower()}): {refusal.sentences[0]}"
        raise
    except BaseException as error:
        outcome = f"failed: {type(error).__name__}"
        raise
    finally:
        told = entry.pop("outcome", outcome)
        seconds = round(time.monotonic() - began, 1)
        _write(file, started, action, told, seconds=seconds, **entry)


def _write(file: Path, at: datetime, action: str, outcome: object, **facts: object) -> None:
    line = {
        "at": at.isoformat(timespec="seconds"),
        "who": whoever_runs_this(),
        "action": action,
        "outcome": outcome,
        **facts,
    }
    _append(file, json.dumps(line, ensure_ascii=False, default=str))


def never_ended(file: Path, actions: Collection[str]) -> dict[str, Any] | None:
    """The last of these actions, if it began and nothing says how it ended."""
    newest_entry = next(reversed(list(entries(file, actions))), None)
    return newest_entry if newest_entry and newest_entry["outcome"] == BEGUN else None


def entries(file: Path, actions: Collection[str]) -> Iterator[dict[str, Any]]:
    """What was written of these actions, the oldest first."""
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:  # a line that a full disk cut short
            continue
        if entry.get("action") in actions:
            yield entry


def newest(file: Path, at_most: int = 50) -> list[str]:
    return file.read_text().splitlines()[-at_most:] if file.exists() else []


def whoever_runs_this() -> str:
    """The person behind sudo where there is one."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        name = "somebody"
    return f"{name}@{socket.gethostname()}"


def _append(file: Path, line: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w") as opened:
        opened.write(line + "\n")
