"""Compares every file that the database refers to, byte for byte."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from contravento.kit.resources import Resources
from contravento.kit.storage.backend import FileMissing, StorageBackend
from contravento.storage_migration import keys
from contravento.storage_migration.copy import Tell, copy_one, each_of, list_stored

MOST_NAMED = 20


@dataclass
class Verified:
    """`compared` are in both places and have the same hash; `alone` are in the new place only, as
    all that came since. `late` were still to be copied, `mended` were copied anew, `damaged` differ
    still. `lost` are in neither place: they were missing before. `orphans` went: nobody names them.
    """

    files: int = 0
    compared: int = 0
    alone: int = 0
    late: int = 0
    mended: int = 0
    orphans: int = 0
    damaged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.damaged


async def verify(
    resources: Resources, old: StorageBackend, new: StorageBackend, tell: Tell = lambda counts: None
) -> Verified:
    """Raises StorageAway where a place does not answer; nothing is then said of it."""
    result = Verified()

    async def look(key: str) -> None:
        await _look(key, old, new, result)
        result.files += 1
        tell({"verified": result.files})

    missing = result.lost
    await each_of(keys.each_known(resources), look)
    still = await keys.known_among(resources, missing) if missing else set()
    result.lost = sorted(still)  # the others were deleted while we looked
    return result


async def sweep(
    resources: Resources, old: StorageBackend, new: StorageBackend, before: datetime
) -> int:
    """Delete from the new place what was copied and is wanted no more: its rider deleted it in the
    old one only, before anybody knew of the new. How many.

    Only what stood there `before`, by that place's own clock, anybody wrote to it but us.
    """
    count, batch = 0, list[str]()
    async for stored in list_stored(new):
        if stored.changed_at < before:
            batch.append(stored.key)
        if len(batch) >= keys.BATCH:
            count += await _sweep(resources, old, new, batch)
            batch.clear()
    return count + await _sweep(resources, old, new, batch)


async def sha256_of(key: str, place: StorageBackend) -> str | None:
    digest = hashlib.sha256()
    try:
        async for chunk in place.stream(key):
            digest.update(chunk)
    except FileMissing:
        return None
    return digest.hexdigest()


async def _look(key: str, old: StorageBackend, new: StorageBackend, result: Verified) -> None:
    expected, actual = await sha256_of(key, old), await sha256_of(key, new)
    if expected is None:
        if actual is None:
            result.lost.append(key)
        else:
            result.alone += 1
        return
    if actual == expected:
        result.compared += 1
        return
    if await copy_one(key, old, new) is None:
        return  # deleted just now
    if await sha256_of(key, new) != expected:
        result.damaged.append(key)
    elif actual is None:
        result.late += 1
    else:
        result.mended += 1


async def _sweep(
    resources: Resources, old: StorageBackend, new: StorageBackend, batch: list[str]
) -> int:
    referenced = await keys.known_among(resources, batch) if batch else set()
    unknown = [key for key in batch if key not in referenced and await old.find(key) is None]
    await new.delete(*unknown)
    return len(unknown)


def named(keys_of: list[str]) -> list[str]:
    """As many as somebody reads."""
    rest = len(keys_of) - MOST_NAMED
    return list(chain(keys_of[:MOST_NAMED], [f"and {rest} more"] if rest > 0 else []))
