"""Running queued jobs inside a test, in the order in which a worker would take them."""

from sqlalchemy import text

import contravento.worker  # noqa: F401  (importing it is what registers every job)
from contravento.kit.jobs import JOBS
from contravento.kit.resources import Resources

_NEXT = text("""
    UPDATE procrastinate_jobs SET status = 'doing' WHERE id = (
        SELECT id FROM procrastinate_jobs
        WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
        ORDER BY priority DESC, id LIMIT 1
    ) RETURNING id, task_name, args
""")
_DONE = text("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = :id")
_NAMES = text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")


async def run_jobs(resources: Resources) -> list[str]:
    ran: list[str] = []
    while True:
        async with resources.transaction() as session:
            row = (await session.execute(_NEXT)).one_or_none()
        if row is None:
            return ran
        await JOBS[row.task_name].run_queued(resources, row.args)
        async with resources.transaction() as session:
            await session.execute(_DONE, {"id": row.id})
        ran.append(row.task_name)


async def list_queued(resources: Resources) -> list[str]:
    async with resources.transaction() as session:
        return list(await session.scalars(_NAMES))
