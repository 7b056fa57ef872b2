"""Metrics of the queue and of stored content, counted by the worker."""

import time

from sqlalchemy import text

from contravento.kit.database.session import Reader
from contravento.kit.jobs import JOBS
from contravento.kit.resources import Resources
from contravento.kit.telemetry import metrics
from contravento.operations.queries import Usage, count_held, keep_held

# A job is due from when it was queued, or from when it was put off to.
_WAITING = text("""
    SELECT job.task_name, count(*),
           extract(epoch FROM max(now() - coalesce(job.scheduled_at, queued.at)))
    FROM procrastinate_jobs AS job
    LEFT JOIN LATERAL (
        SELECT max(at) AS at FROM procrastinate_events
        WHERE job_id = job.id AND type IN ('deferred', 'deferred_for_retry', 'retried')
    ) AS queued ON true
    WHERE job.status = 'todo' AND coalesce(job.scheduled_at, now()) <= now()
    GROUP BY job.task_name
""")
_RUNNING = text("""
    SELECT extract(epoch FROM max(now() - begun.at))
    FROM procrastinate_jobs AS job
    CROSS JOIN LATERAL (
        SELECT max(at) AS at FROM procrastinate_events WHERE job_id = job.id AND type = 'started'
    ) AS begun
    WHERE job.status = 'doing'
""")


async def tell_of_queue(reader: Reader) -> None:
    """How much is due, and how long the oldest has waited and run."""
    waiting = {name: (count, age) for name, count, age in await reader.execute(_WAITING)}
    for name in JOBS.keys() | waiting.keys():
        metrics.JOBS_WAITING.labels(name).set(waiting.get(name, (0, 0))[0])
    oldest = max((float(age or 0) for _, age in waiting.values()), default=0.0)
    metrics.JOBS_OLDEST_WAITING_SECONDS.set(max(oldest, 0.0))
    running = (await reader.execute(_RUNNING)).scalar()
    metrics.JOBS_IN_PROGRESS_OLDEST_SECONDS.set(max(float(running or 0), 0.0))


async def count_content(resources: Resources) -> None:
    """How much of everything there is, for Prometheus and for the operator's page."""
    started = time.monotonic()
    async with resources.reading() as reader:
        held = await count_held(reader)
    tell_of_content(held)
    async with resources.transaction() as session:
        await keep_held(session, held, time.monotonic() - started)


def tell_of_content(held: Usage) -> None:
    """How many riders, trips, tracks and photos there are, and how many bytes they take."""
    metrics.RIDERS.set(held.riders)
    metrics.TRIPS.labels("draft").set(held.trips - held.published)
    metrics.TRIPS.labels("published").set(held.published)
    metrics.TRACKS.set(held.tracks_ready)
    metrics.PHOTOS.set(held.photos_ready)
    metrics.STORAGE_BYTES.labels("tracks").set(held.track_bytes)
    metrics.STORAGE_BYTES.labels("photos").set(held.photo_bytes)
