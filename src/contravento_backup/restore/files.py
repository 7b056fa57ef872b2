"""Uploaded files of what is restored: together in a side folder, then each to its place."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from contravento_backup.kit.errors import BackupFailed
from contravento_backup.storage.file_pool import IS_KEY, Entry, Pool
from contravento_backup.storage.folder import CHUNK_BYTES, sha256_of

SIDE = ".restoring"
APPLICATION_ID = 10001  # of the application's image
OPEN, READABLE = 0o755, 0o644
NAMED_FILES = 20  # of a thousand that are missing


@dataclass
class Gathered:
    """How many were there already, how many came from the backup, which are nowhere."""

    there: int = 0
    brought: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)

    def refuse_missing(self) -> None:
        """Raises BackupFailed with a sentence that names the first."""
        if not self.missing:
            return
        named = ", ".join(self.missing[:NAMED_FILES])
        raise BackupFailed(
            f"{len(self.missing)} uploaded files are neither in the storage nor whole in the"
            f" backup: {named}. With --without-missing-files the rest is restored."
        )


@dataclass(frozen=True, slots=True)
class Storage:
    """The application's folder. A file there never changes, so one that is there can be shared."""

    root: Path

    @property
    def side(self) -> Path:
        return self.root / SIDE

    def gather(self, entries: Iterable[Entry], pool: Pool) -> Gathered:
        """Every file in the side folder, each read whole and compared with its SHA-256."""
        self.tidy()
        self._make(self.side)
        found = Gathered()
        for entry in entries:
            if not IS_KEY.fullmatch(entry.key):
                raise BackupFailed(f"{entry.key!r} is no name of a stored file.")
            target = self.side / entry.key
            self._make(target.parent)
            if self._share(entry, target):
                found.there += 1
            elif self._copy(pool.path(entry.sha256), entry, target):
                found.brought += 1
            else:
                found.missing.append(entry.key)
                continue
            found.bytes += entry.bytes
        return found

    def _share(self, entry: Entry, target: Path) -> bool:
        live = self.root / entry.key
        if not live.exists() or sha256_of(live) != entry.sha256:
            return False
        os.link(live, target)
        return True

    def _copy(self, source: Path, entry: Entry, target: Path) -> bool:
        if not source.exists():
            return False
        digest = hashlib.sha256()
        with source.open("rb") as reading, target.open("wb") as writing:
            while chunk := reading.read(CHUNK_BYTES):
                digest.update(chunk)
                writing.write(chunk)
            writing.flush()
            os.fsync(writing.fileno())
        if digest.hexdigest() != entry.sha256:
            target.unlink()
            return False
        self._hand_over(target, READABLE)
        return True

    def put_in_place(self) -> int:
        """What the storage lacks, or has damaged; nothing else changes. How many.

        Done before the swap: until then no row speaks of these files, and names are never reused.
        """
        count = 0
        for source in _files(self.side):
            live = self.root / source.relative_to(self.side)
            if live.exists() and live.samefile(source):
                continue
            self._make(live.parent)
            unfinished = live.with_name(f".{live.name}.restoring")
            unfinished.unlink(missing_ok=True)
            os.link(source, unfinished)
            unfinished.replace(live)
            count += 1
        os.sync()
        return count

    def tidy(self) -> None:
        shutil.rmtree(self.side, ignore_errors=True)

    def _make(self, folder: Path) -> None:
        """With those above it, as the application would have made them."""
        if folder in (self.root, self.root.parent):
            return
        self._make(folder.parent)
        if not folder.exists():
            folder.mkdir()
            self._hand_over(folder, OPEN)

    def hand_over_root(self) -> None:
        """A volume that Docker made just now belongs to root."""
        if self.root.stat().st_uid == 0:
            self._hand_over(self.root, OPEN)

    def _hand_over(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        if os.geteuid() == 0:
            os.chown(path, APPLICATION_ID, APPLICATION_ID)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
