"""Stored files, on one backend or, during a migration, on two."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from contravento.kit.settings import Settings
from contravento.kit.storage.backend import Access, FileMissing, Span, StorageAway, StorageBackend

__all__ = [
    "FileMissing",
    "Room",
    "Storage",
    "StorageAway",
    "access_of",
    "make_storage",
    "random_key",
]


@dataclass(frozen=True, slots=True)
class Room:
    free_bytes: int
    total_bytes: int


def random_key(kind: str, ending: str = "") -> str:
    """A new name that nobody can guess: 'tracks/3f/…'. The first byte spreads the folders."""
    name = secrets.token_hex(16)
    return f"{kind}/{name[:2]}/{name[2:]}{ending}"


class Storage:
    """Puts into `place` only. What is not there, or cannot be reached, is looked for in `fallback`:
    where files were before they moved, or will be afterwards."""

    def __init__(
        self, url: str, access: Access | None = None, fallback_url: str | None = None
    ) -> None:
        self.place = StorageBackend(url, access)
        self.fallback = StorageBackend(fallback_url, access) if fallback_url else None
        self.has_answered = False

    @property
    def folder(self) -> Path | None:
        return self.place.folder

    async def put(self, key: str, content: bytes | BinaryIO) -> None:
        """Store under a new key. Raises OutOfSpace and StorageAway; then nothing is kept."""
        await self.place.put(key, content)

    @asynccontextmanager
    async def putting(self, key: str, content: bytes | BinaryIO) -> AsyncIterator[None]:
        """Put, and take away again if what is then done about it fails."""
        await self.put(key, content)
        try:
            yield
        except BaseException:
            with suppress(StorageAway):  # what went wrong first is what is to be told
                await self.place.delete(key)
            raise

    async def get(self, key: str) -> bytes:
        try:
            return await self.place.get(key)
        except (FileMissing, StorageAway) as problem:
            if self.fallback is None:
                raise
            return await _get_instead(self.fallback, key, problem)

    async def stream(self, key: str, span: Span | None = None) -> AsyncIterator[bytes]:
        """The file, or a part of it, in chunks; raises FileMissing before the first one."""
        has_begun = False
        try:
            async for chunk in self.place.stream(key, span):
                has_begun = True
                yield chunk
        except (FileMissing, StorageAway) as problem:
            if self.fallback is None or has_begun:
                raise
            whole = await _get_instead(self.fallback, key, problem)
            yield whole[slice(*span)] if span else whole

    async def delete(self, *keys: str) -> None:
        """In both places; what is already gone is no error.

        First where they come from: who copies a file looks there once more when it has.
        """
        if self.fallback:
            await self.fallback.delete(*keys)
        await self.place.delete(*keys)

    async def look(self) -> None:
        """Raises StorageAway while the place has never answered. A later outage is told to who
        asks for a file: pages without pictures are better than none."""
        if not self.has_answered:
            await self.place.look()
            self.has_answered = True

    async def free_bytes(self) -> int | None:
        """Room left where files go; None where the storage does not say."""
        room = await self.room()
        return room.free_bytes if room else None

    async def room(self) -> Room | None:
        """Room where files go, left and altogether; None where the storage does not say."""
        if self.folder is None:
            return None
        usage = await asyncio.to_thread(os.statvfs, self.folder)
        return Room(usage.f_bavail * usage.f_frsize, usage.f_blocks * usage.f_frsize)


async def _get_instead(
    fallback: StorageBackend, key: str, problem: FileMissing | StorageAway
) -> bytes:
    """Where it is in neither, the place itself says why: it may only be away."""
    try:
        return await fallback.get(key)
    except FileMissing:
        raise problem from None


def make_storage(settings: Settings) -> Storage:
    return Storage(settings.storage_url, access_of(settings), settings.storage_fallback_url)


def access_of(settings: Settings) -> Access:
    """The same for both places: who moves between two services does it in two steps."""
    access, secret = settings.storage_s3_access_key, settings.storage_s3_secret_key
    return Access(
        endpoint=settings.storage_s3_endpoint,
        region=settings.storage_s3_region,
        access_key=access.get_secret_value() if access else None,
        secret_key=secret.get_secret_value() if secret else None,
    )
