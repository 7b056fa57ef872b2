"""One command at a time changes an environment; who comes second is told who is at work."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from contravento_ops.kit.audit import whoever_runs_this
from contravento_ops.kit.errors import CommandError, Exit

if sys.platform == "win32":
    import msvcrt

    def _take(opened: IO[str]) -> None:
        """One byte far behind the text, which others may go on reading."""
        opened.seek(1_000_000)
        msvcrt.locking(opened.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(opened: IO[str]) -> None:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def held(file: Path, action: str) -> Iterator[None]:
    """Raises CommandError (BUSY) while another process holds it; the kernel frees a dead one's."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as opened:
        try:
            _take(opened)
        except OSError:
            raise CommandError(_holder(file), status=Exit.BUSY) from None
        opened.truncate(0)
        opened.write(json.dumps(_card(action)))
        opened.flush()
        yield
        opened.truncate(0)


def is_held(file: Path) -> bool:
    """Whether a command is at work at this moment."""
    if not file.exists():
        return False
    with file.open("a+") as opened:
        try:
            _take(opened)
        except OSError:
            return True
    return False


def _card(action: str) -> dict[str, object]:
    return {
        "who": whoever_runs_this(),
        "process": os.getpid(),
        "action": action,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _holder(file: Path) -> str:
    try:
        card = json.loads(file.read_text())
    except ValueError:
        return "Another command is at work on this environment; try again when it has ended."
    return (
        f"{card['who']} is at work on this environment: {card['action']}, process"
        f" {card['process']}, since {card['since']}. Try again when it has ended."
    )
