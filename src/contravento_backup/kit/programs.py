"""Calling other programs: PostgreSQL's, pgBackRest, restic, openssl."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from contravento_backup.kit.errors import BackupFailed

LAST_LINES = 6
POLITE = ("nice", "-n", "10")  # riders come first
MORTAL = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()  # ends when we do


class ProgramFailed(BackupFailed):
    """The program's name, its status, its last words."""

    def __init__(self, program: str, status: int, said: str) -> None:
        lines = [line for line in said.splitlines() if line.strip()][-LAST_LINES:]
        super().__init__(f"{program} failed with status {status}: {' / '.join(lines)}")
        self.status = status
        self.said = said


def run(
    *words: str,
    environment: Mapping[str, str] | None = None,
    said_to_it: str | None = None,
    folder: Path | None = None,
    passed: tuple[int, ...] = (),
) -> str:
    """What it printed. Raises ProgramFailed with its last words."""
    done = subprocess.run(  # noqa: S603
        (*MORTAL, *POLITE, *words),
        env={**os.environ, **(environment or {})},
        input=said_to_it,
        stdin=subprocess.DEVNULL if said_to_it is None else None,
        capture_output=True,
        text=True,
        errors="replace",
        cwd=folder,
        pass_fds=passed,
        check=False,
    )
    if done.returncode:
        raise ProgramFailed(words[0], done.returncode, done.stdout + done.stderr)
    return done.stdout
