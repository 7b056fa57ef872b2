"""Every file key in the database."""

from collections.abc import AsyncIterator, Collection

from sqlalchemy import text

from contravento.kit.resources import Resources

BATCH = 500
# A portrait is known to its job alone until its sizes are made.
_KNOWN = """
    SELECT file_key AS key FROM tracks
    UNION ALL SELECT points_key FROM tracks WHERE points_key IS NOT NULL
    UNION ALL SELECT file_key FROM photos
    UNION ALL SELECT size.value ->> 'key' FROM photos, jsonb_each(sizes) AS size
    UNION ALL SELECT size.value ->> 'key' FROM riders, jsonb_each(portrait) AS size
    UNION ALL SELECT args ->> 'file_key' FROM procrastinate_jobs
        WHERE status IN ('todo', 'doing', 'failed') AND args ? 'file_key'
"""
_ALL = text(_KNOWN)
_AMONG = text(f"SELECT DISTINCT key FROM ({_KNOWN}) AS known WHERE key = ANY(:keys)")  # noqa: S608


async def each_known(resources: Resources) -> AsyncIterator[str]:
    """As they are now."""
    async with resources.sessions() as session:
        rows = list(await session.scalars(_ALL))
    for key in rows:
        yield key


async def known_among(resources: Resources, keys: Collection[str]) -> set[str]:
    async with resources.sessions() as session:
        return set(await session.scalars(_AMONG, {"keys": list(keys)}))
