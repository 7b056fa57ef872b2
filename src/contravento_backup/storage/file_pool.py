"""Uploaded files, each copied once under its SHA-256 and shared by all sets."""

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from contravento_backup.kit.errors import BackupFailed
from contravento_backup.storage.folder import CHUNK_BYTES, PASSABLE, flush_folder, sha256_of

# As the application names what it stores: 'photos/3f/…'. Unfinished files look otherwise.
KEY = r"[a-z][a-z_-]*/[0-9a-f]{2}/[0-9a-f]{30}(\.[a-z0-9]+)?"
IS_KEY = re.compile(KEY)
FORGET_AFTER_SECONDS = 8 * 24 * 3600  # a day longer than WAL is kept by default


@dataclass(frozen=True, slots=True)
class Entry:
    """What a key held; files never change under a key."""

    key: str
    bytes: int
    sha256: str


class Pool:
    """`folder` is the backup's, `storage` the application's, which is only read."""

    def __init__(self, folder: Path, storage: Path | None) -> None:
        self.folder = folder
        self.storage = storage
        self._entries: dict[str, Entry] = {}
        self._read_bytes = 0

    @property
    def index(self) -> Path:
        return self.folder / "index.jsonl"

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def collect(self) -> set[str]:
        """Copy what is new; every key that the storage holds now. Raises BackupFailed."""
        if self.storage is None:
            return set()
        seen = set()
        with self._alone():
            self._catch_up()
            for key, path, size in _walk(self.storage):
                if self._has(key, size) or self._take(key, path):
                    seen.add(key)
        return seen

    def adopt(self, key: str, path: Path, expected: Entry | None = None) -> None:
        """A file from elsewhere, under a key of ours. Raises BackupFailed where it is damaged."""
        if expected is not None and (not path.exists() or sha256_of(path) != expected.sha256):
            raise BackupFailed(f"The content of {expected.key} is missing or damaged there.")
        with self._alone():
            self._catch_up()
            is_here = expected is not None and self._has(key, expected.bytes)
            if not is_here and not (IS_KEY.fullmatch(key) and self._take(key, path)):
                raise BackupFailed(f"{key} is no name of a stored file.")

    def entries(self) -> Mapping[str, Entry]:
        """By key, of everything that was ever collected and is still kept."""
        with self._alone():
            self._catch_up()
        return self._entries

    def _has(self, key: str, size: int) -> bool:
        known = self._entries.get(key)
        return known is not None and known.bytes == size and self.path(known.sha256).exists()

    def _take(self, key: str, path: Path) -> bool:
        """False where the rider deleted it just now."""
        unfinished = self.folder / ".new"
        digest, size = hashlib.sha256(), 0
        try:
            with path.open("rb") as source, unfinished.open("wb") as target:
                while chunk := source.read(CHUNK_BYTES):
                    digest.update(chunk)
                    target.write(chunk)
                    size += len(chunk)
                target.flush()
                os.fsync(target.fileno())
        except FileNotFoundError:
            return False
        except OSError as error:
            raise BackupFailed(f"The file {key} cannot be copied: {error.strerror}.") from error
        self._place(unfinished, Entry(key, size, digest.hexdigest()))
        return True

    def _place(self, unfinished: Path, entry: Entry) -> None:
        final = self.path(entry.sha256)
        final.parent.mkdir(mode=PASSABLE, exist_ok=True)
        final.parent.chmod(PASSABLE)
        unfinished.chmod(0o644)
        unfinished.replace(final)
        flush_folder(final.parent)
        with self.index.open("ab") as opened:
            opened.write((json.dumps(asdict(entry)) + "\n").encode())
        self._entries[entry.key] = entry
        self._read_bytes = self.index.stat().st_size

    # --- the index

    def _catch_up(self) -> None:
        """Read what another process has written since; drop half a line that a killed one left."""
        if not self.index.exists() or self.index.stat().st_size < self._read_bytes:
            self._entries, self._read_bytes = {}, 0
        if not self.index.exists():
            return
        with self.index.open("r+b") as opened:
            opened.seek(self._read_bytes)
            rest = opened.read()
            whole = rest[: rest.rfind(b"\n") + 1]
            if len(whole) < len(rest):
                opened.truncate(self._read_bytes + len(whole))
        for entry in parse(whole.decode(errors="replace").splitlines()):
            self._entries[entry.key] = entry
        self._read_bytes += len(whole)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / ".lock").open("a") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield

    # --- letting go

    def forget(self, wanted: set[str], *, now: float | None = None) -> int:
        """Remove contents that no set lists and that have not come lately; how many."""
        before = (now if now is not None else time.time()) - FORGET_AFTER_SECONDS
        with self._alone():
            self._catch_up()
            live = {key for key, _, _ in _walk(self.storage)} if self.storage else set()
            live_contents = {self._entries[key].sha256 for key in live if key in self._entries}
            gone = [
                path
                for path in self.folder.glob("??/*")
                if path.name not in wanted | live_contents and path.stat().st_mtime < before
            ]
            for path in gone:
                path.unlink()
            if gone:
                self._rewrite({path.name for path in gone})
        return len(gone)

    def _rewrite(self, gone: set[str]) -> None:
        kept = [entry for entry in self._entries.values() if entry.sha256 not in gone]
        unfinished = self.folder / ".index"
        unfinished.write_text(written(kept))
        unfinished.replace(self.index)
        self._entries = {entry.key: entry for entry in kept}
        self._read_bytes = self.index.stat().st_size

    def drop(self, sha256: str) -> None:
        """A content that is not what its name says: the next run copies it anew."""
        self.path(sha256).unlink(missing_ok=True)


def parse(lines: Iterable[str]) -> Iterator[Entry]:
    """Raises BackupFailed where a line is none of ours."""
    for number, line in enumerate(lines, start=1):
        try:
            found = json.loads(line)
            yield Entry(str(found["key"]), int(found["bytes"]), str(found["sha256"]))
        except (ValueError, TypeError, KeyError) as error:
            raise BackupFailed(f"Line {number} of the list of files cannot be read.") from error


def written(entries: Iterable[Entry]) -> str:
    return "".join(json.dumps(asdict(entry)) + "\n" for entry in entries)


def _walk(storage: Path) -> Iterator[tuple[str, Path, int]]:
    """Key, place and size of each finished file."""
    for folder, _, names in os.walk(storage):
        for name in names:
            path = Path(folder) / name
            key = path.relative_to(storage).as_posix()
            if not IS_KEY.fullmatch(key):
                continue
            try:
                yield key, path, path.stat().st_size
            except FileNotFoundError:
                continue
