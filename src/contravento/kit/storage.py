"""Files: riders' originals, what we made of them. A folder or S3-compatible storage, by URL."""

import asyncio
import errno
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlparse

from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from contravento.kit.errors import NotFound, OutOfSpace

CHUNK_BYTES = 1024 * 1024


class FileMissing(NotFound):
    """A stored file is gone. The row that names it says which."""


@dataclass(frozen=True, slots=True)
class Room:
    free_bytes: int
    total_bytes: int


def random_key(kind: str, ending: str = "") -> str:
    """A new name that nobody can guess: 'tracks/3f/…'. The first byte spreads the folders."""
    name = secrets.token_hex(16)
    return f"{kind}/{name[:2]}/{name[2:]}{ending}"


class Storage:
    """Puts, gets and deletes whole files by key. A file that `put` returned from is on disk."""

    def __init__(self, url: str) -> None:
        self.folder: Path | None = None
        # obstore's union of stores is wider than what we use of it.
        self._store: Any
        if url.startswith("file://"):
            self.folder = Path(unquote(urlparse(url).path))
            self.folder.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(self.folder)
        else:
            self._store = from_url(url)

    async def put(self, key: str, content: bytes | BinaryIO) -> None:
        """Store under a new key. Raises OutOfSpace when the disk is full; then nothing is kept."""
        try:
            await self._store.put_async(key, content)
            if self.folder:
                await asyncio.to_thread(_flush, self.folder / key)
        except (OSError, BaseError) as error:
            if not _is_full(error):
                raise
            raise OutOfSpace from error

    @asynccontextmanager
    async def putting(self, key: str, content: bytes | BinaryIO) -> AsyncIterator[None]:
        """Put, and take away again if what is then done about it fails."""
        await self.put(key, content)
        try:
            yield
        except BaseException:
            await self.delete(key)
            raise

    async def get(self, key: str) -> bytes:
        try:
            found = await self._store.get_async(key)
            return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            raise FileMissing from error

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The file in chunks; raises FileMissing before the first one."""
        try:
            found = await self._store.get_async(key)
        except FileNotFoundError as error:
            raise FileMissing from error
        async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)

    async def delete(self, *keys: str) -> None:
        """Delete what is there; what is already gone is no error."""
        for key in keys:
            try:
                await self._store.delete_async(key)
            except FileNotFoundError:
                continue

    async def free_bytes(self) -> int | None:
        """Room left where files go; None where the storage does not say."""
        room = await self.room()
        return room.free_bytes if room else None

    async def room(self) -> Room | None:
        """Room where files go, left and altogether; None where the storage does not say."""
        if self.folder is None:
            return None
        found = await asyncio.to_thread(os.statvfs, self.folder)
        return Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def _flush(path: Path) -> None:
    """Make the file, its name and its folder's name survive a power cut."""
    for each in (path, path.parent, path.parent.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    # obstore hands on the system's error only as text
    return any(sign in str(error) for sign in ("StorageFull", "No space left", "QuotaExceeded"))
