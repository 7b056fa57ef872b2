"""Delete stored files that no row names: a process died before it committed their row."""

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from contravento.kit.jobs import job
from contravento.kit.resources import Resources
from contravento.storage_migration import keys
from contravento.storage_migration.copy import list_stored

OLDER_THAN = timedelta(days=2)  # an upload that takes so long is none
# What a restore replaced stays beside the live database for some days, and its files with it.
_IS_RESTORED = text("""
    SELECT EXISTS (
        SELECT FROM pg_database
        WHERE starts_with(datname, left(current_database(), 40) || '_before_')
           OR starts_with(datname, left(current_database(), 40) || '_restoring')
    )
""")

log = logging.getLogger(__name__)


@job("storage.sweep_orphans")
async def sweep_orphans(resources: Resources) -> None:
    async with resources.sessions() as session:
        if await session.scalar(_IS_RESTORED):
            return
    before, batch, swept = datetime.now(UTC) - OLDER_THAN, list[str](), 0
    async for stored in list_stored(resources.storage.place):
        if stored.changed_at < before:
            batch.append(stored.key)
        if len(batch) >= keys.BATCH:
            swept += await _sweep(resources, batch)
            batch.clear()
    swept += await _sweep(resources, batch)
    if swept:
        log.warning("%d stored files that no row names were deleted", swept)


async def _sweep(resources: Resources, batch: list[str]) -> int:
    known = await keys.known_among(resources, batch) if batch else set()
    orphans = [key for key in batch if key not in known]
    if orphans:
        await resources.storage.delete(*orphans)
    return len(orphans)
