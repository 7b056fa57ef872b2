"""Running queued jobs inside a test, in the order in which a worker would take them."""

from sqlalchemy import text

import contravento.worker  # noqa: F401  (importing it is what registers every job)
from contravento.kit.jobs import JOBS
from contravento.kit.resources import Parts

_NEXT = text("""
    UPDATE procrastinate_jobs SET status = 'doing' WHERE id = (
        SELECT id FROM procrastinate_jobs
        WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
        ORDER BY priority DESC, id LIMIT 1
    ) RETURNING id, task_name, args
""")
_DONE = text("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = :id")
_NAMES = text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")


async def run_jobs(parts: Parts) -> list[str]:
    ran: list[str] = []
    while True:
        async with parts.transaction() as session:
            found = (await session.execute(_NEXT)).one_or_none()
        if found is None:
            return ran
        await JOBS[found.task_name].run_queued(parts, found.args)
        async with parts.transaction() as session:
            await session.execute(_DONE, {"id": found.id})
        ran.append(found.task_name)


async def list_queued(parts: Parts) -> list[str]:
    async with parts.transaction() as session:
        return list(await session.scalars(_NAMES))
