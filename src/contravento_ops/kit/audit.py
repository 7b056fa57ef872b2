"""Who did what to an environment, when, and how it ended: one JSON line for each action."""

import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from contravento_ops.kit.errors import CommandError


class Entry(dict[str, object]):
    """What the action itself adds to its line."""


@contextmanager
def recorded(file: Path, action: str, **facts: object) -> Iterator[Entry]:
    """Write the line when the block ends, however it ends."""
    entry = Entry(facts)
    started, began = datetime.now(UTC), time.monotonic()
    outcome = "done"
    try:
        yield entry
    except CommandError as refusal:
        outcome = f"refused ({refusal.status.name.lower()}): {refusal.sentences[0]}"
        raise
    except BaseException as error:
        outcome = f"failed: {type(error).__name__}"
        raise
    finally:
        line = {
            "at": started.isoformat(timespec="seconds"),
            "who": whoever_runs_this(),
            "action": action,
            "outcome": entry.pop("outcome", outcome),
            "seconds": round(time.monotonic() - began, 1),
            **entry,
        }
        _append(file, json.dumps(line, ensure_ascii=False, default=str))


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
