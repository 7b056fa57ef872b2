"""Copies files that the new backend lacks, and deletes copied files from the old one."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from contravento.kit.errors import AppError
from contravento.kit.resources import Resources
from contravento.kit.storage.backend import FileMissing, Found, StorageBackend
from contravento.storage_migration import keys

# As files are named: 'photos/3f/…'. What a restore or a killed copy left looks otherwise.
KEY = re.compile(r"[a-z][a-z_-]*/[0-9a-f]{2}/[0-9a-f]{30}(\.[a-z0-9]+)?")
AT_ONCE = 4
MOST_PASSES = 20

type Tell = Callable[[dict[str, int]], None]


@dataclass
class Copied:
    """`gone` are not in the old place: deleted meanwhile, or missing before."""

    files: int = 0
    bytes: int = 0
    there: int = 0
    gone: int = 0
    passes: int = 0

    def told(self) -> dict[str, int]:
        return {"copied": self.files, "bytes": self.bytes, "already_there": self.there}


@dataclass
class Emptied:
    """`left` are files that the new place has not got: nobody names them."""

    files: int = 0
    bytes: int = 0
    left: int = 0


async def copy_all(
    resources: Resources,
    source: StorageBackend,
    target: StorageBackend,
    tell: Tell = lambda counts: None,
) -> Copied:
    """What the database speaks of, pass after pass, until one finds nothing new. Broken off, it
    goes on where it was: a file is there whole or not at all, and never changes.

    Files that nobody names stay where they are: what was deleted is not carried along.
    """
    copied = Copied()
    while copied.passes < MOST_PASSES:
        copied.passes += 1
        before = copied.files
        await _pass(resources, source, target, copied, tell)
        if copied.files == before:
            break
    return copied


async def copy_one(key: str, source: StorageBackend, target: StorageBackend) -> int | None:
    """How many bytes; None where its rider deleted it, before or meanwhile."""
    try:
        chunks = source.stream(key)
        first = await anext(chunks, b"")
    except FileMissing:
        return None
    counted = Counted(first, chunks)
    try:
        await target.put(key, counted.chunks())
    except Exception:
        if counted.problem:
            raise counted.problem from None
        raise
    if await source.find(key) is None:  # else what was deleted would come back
        await target.delete(key)
        return None
    return counted.bytes


async def empty(
    old: StorageBackend, kept_in: StorageBackend, tell: Tell = lambda counts: None
) -> Emptied:
    """Delete in the old place what the other has, in the same length, and nothing else."""
    emptied = Emptied()
    sizes_there = await sizes(kept_in)

    async def remove(stored: Found) -> None:
        if sizes_there.get(stored.key) != stored.bytes:
            emptied.left += 1
            return
        await old.delete(stored.key)
        emptied.files += 1
        emptied.bytes += stored.bytes
        tell({"deleted": emptied.files})

    await each_of(list_stored(old), remove)
    return emptied


async def sizes(place: StorageBackend) -> dict[str, int]:
    return {stored.key: stored.bytes async for stored in list_stored(place)}


async def list_stored(place: StorageBackend) -> AsyncIterator[Found]:
    async for stored in place.list_files():
        if KEY.fullmatch(stored.key):
            yield stored


async def each_of[T](
    items: AsyncIterator[T], act: Callable[[T], Coroutine[Any, Any, None]]
) -> None:
    """A few at once. The first failure ends it; what was done stays done."""
    free = asyncio.Semaphore(AT_ONCE)

    async def run(one: T) -> None:
        try:
            await act(one)
        finally:
            free.release()

    try:
        async with asyncio.TaskGroup() as group:
            async for item in items:
                await free.acquire()
                group.create_task(run(item))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


class Counted:
    """Chunks of a file, how many bytes went by, and why no more came."""

    def __init__(self, first: bytes, rest: AsyncIterator[bytes]) -> None:
        self._first, self._rest = first, rest
        self.bytes = 0
        self.problem: AppError | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        self.bytes = len(self._first)
        yield self._first
        try:
            async for chunk in self._rest:
                self.bytes += len(chunk)
                yield chunk
        except AppError as problem:
            self.problem = problem
            raise


async def _pass(
    resources: Resources, source: StorageBackend, target: StorageBackend, copied: Copied, tell: Tell
) -> None:
    existing = await sizes(target)
    copied.there = copied.gone = 0

    async def copy(key: str) -> None:
        if key in existing:
            copied.there += 1
            return
        outcome = await copy_one(key, source, target)
        if outcome is None:
            copied.gone += 1
            return
        copied.files += 1
        copied.bytes += outcome
        tell(copied.told())

    await each_of(keys.each_known(resources), copy)
