"""The backup folder: where what is, writing whole files, and who may be at work in it."""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contravento_backup.kit.errors import BackupFailed, Busy

CHUNK_BYTES = 1024 * 1024
LOOK_EVERY_SECONDS = 0.5
PRIVATE, PASSABLE = 0o700, 0o711  # the drill's application passes through to what it is shown


@dataclass(frozen=True, slots=True)
class Store:
    root: Path

    @property
    def sets(self) -> Path:
        return self.root / "sets"

    @property
    def files(self) -> Path:
        return self.root / "files"

    @property
    def repository(self) -> Path:
        return self.root / "repository"

    @property
    def environment(self) -> Path:
        return self.root / "environment" / "environment.enc"

    @property
    def throwaway(self) -> Path:
        return self.root / "throwaway"

    @property
    def restore(self) -> Path:
        """What a restore is about to swap in; empty otherwise."""
        return self.root / "restore"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    def make(self) -> None:
        """The folders, with their modes. Twice is harmless."""
        self.root.mkdir(parents=True, exist_ok=True)
        for folder, mode in {
            self.root: PASSABLE,
            self.sets: PRIVATE,
            self.files: PASSABLE,
            self.repository: PRIVATE,
            self.environment.parent: PRIVATE,
            self.throwaway: PASSABLE,
        }.items():
            folder.mkdir(exist_ok=True)
            folder.chmod(mode)

    def sweep(self) -> None:
        """Remove what a run that was killed left behind."""
        for each in (*self.sets.glob(".*"), *self.throwaway.glob("*")):
            shutil.rmtree(each) if each.is_dir() else each.unlink()

    def free_bytes(self) -> int:
        room = os.statvfs(self.root)
        return room.f_bavail * room.f_frsize

    @contextmanager
    def alone(self, doing: str, *, wait_seconds: float = 0) -> Iterator[None]:
        """Raises Busy while another process makes, proves, restores or removes sets."""
        until = time.monotonic() + wait_seconds
        with (self.root / "lock").open("a+") as opened:
            while True:
                try:
                    fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() < until:
                        time.sleep(LOOK_EVERY_SECONDS)
                        continue
                    opened.seek(0)
                    words = f"Another run is at work: {opened.read() or 'just begun'}."
                    raise Busy(words) from None
            opened.truncate(0)
            opened.write(f"{doing}, since {iso(datetime.now(UTC))}")
            opened.flush()
            try:
                yield
            finally:
                opened.truncate(0)

    # --- what is remembered of runs

    def remembered(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.state.read_text())
        except (OSError, ValueError):
            found = {}
        return found

    def remember(self, **facts: Any) -> None:
        with self.state.with_suffix(".lock").open("a") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            write_json(self.state, {**self.remembered(), **facts})


def write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all, and on disk when this returns. Raises BackupFailed."""
    unfinished = path.with_name(f".{path.name}.new")
    try:
        with unfinished.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        raise BackupFailed(f"{path} cannot be written: {error.strerror}.") from error


def write_json(path: Path, content: Any) -> None:
    write_whole(path, (json.dumps(content, indent=2) + "\n").encode())


def flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def bytes_under(path: Path) -> int:
    """Of all files in a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_size
            except OSError:
                continue
    return total


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
