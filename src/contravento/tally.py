"""What the database says of the queue and of what the server holds, for the worker's figures."""

from sqlalchemy import text

from contravento.kit import metrics
from contravento.kit.db import Reader
from contravento.kit.jobs import JOBS

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
_HELD = text("""
    SELECT (SELECT count(*) FROM riders WHERE confirmed_at IS NOT NULL) AS riders,
           (SELECT count(*) FROM trips WHERE published_at IS NULL) AS drafts,
           (SELECT count(*) FROM trips WHERE published_at IS NOT NULL) AS published,
           (SELECT count(*) FROM tracks WHERE state = 'ready') AS tracks,
           (SELECT count(*) FROM photos WHERE state = 'ready') AS photos,
           (SELECT coalesce(sum(file_bytes), 0) FROM tracks) AS track_bytes,
           (SELECT coalesce(sum(file_bytes), 0) FROM photos)
           + (SELECT coalesce(sum((size.value ->> 'bytes')::bigint), 0)
              FROM photos, jsonb_each(photos.sizes) AS size) AS photo_bytes
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


async def tell_of_content(reader: Reader) -> None:
    """How many riders, trips, tracks and photos there are, and how many bytes they take."""
    held = (await reader.execute(_HELD)).one()
    metrics.RIDERS.set(held.riders)
    metrics.TRIPS.labels("draft").set(held.drafts)
    metrics.TRIPS.labels("published").set(held.published)
    metrics.TRACKS.set(held.tracks)
    metrics.PHOTOS.set(held.photos)
    metrics.STORAGE_BYTES.labels("tracks").set(float(held.track_bytes))
    metrics.STORAGE_BYTES.labels("photos").set(float(held.photo_bytes))
