"""The job process, assembled; the whole schedule in one table."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import procrastinate
import psycopg
import psycopg_pool

from contravento import __version__
from contravento.accounts.service.sign_in import remove_ended_sign_ins
from contravento.accounts.service.sign_up import remove_unconfirmed
from contravento.atlas.drawing import warm_up
from contravento.kit.database.session import libpq_url, report_pool_metrics
from contravento.kit.errors import Unavailable
from contravento.kit.idempotency import forget_old_replies
from contravento.kit.jobs import JOBS, Job
from contravento.kit.process_pool import ProcessPool
from contravento.kit.resources import Resources, open_resources
from contravento.kit.settings import Settings
from contravento.kit.telemetry import metrics
from contravento.kit.telemetry.error_reporting import configure_error_reporting
from contravento.kit.telemetry.job_telemetry import OUTCOMES, Run, cause, told
from contravento.kit.telemetry.logs import start_logs
from contravento.kit.telemetry.memory import limit_malloc_arenas
from contravento.kit.telemetry.tracing import configure_tracing
from contravento.migrations import newest_revision
from contravento.operations.service import forget_mishaps, record_error
from contravento.operations.usage_metrics import count_content, tell_of_queue
from contravento.photos.service import remove_unreadable_photos
from contravento.reactions import REACTIONS
from contravento.storage_migration.orphans import sweep_orphans
from contravento.tracks.service import (
    find_climbs_of_earlier_tracks,
    remove_unreadable_tracks,
    repack_tracks,
)

CONCURRENCY = 4  # jobs at once; the CPU-bound part of each waits for a process of the pool
GRACE_SECONDS = 30
RETRY_FIRST_AFTER_SECONDS = 2
RETRY_WAIT_GROWS_BY = 3
PATIENCE_SECONDS = 120
MAX_ATTEMPTS_OF_PATIENCE = 5000  # about a week
HEARTBEAT_SECONDS = 5.0
STALLED_AFTER_SECONDS = 20.0
TAKE_UP_AFTER_SECONDS = 1.0
AWAY = (
    procrastinate.exceptions.ConnectorException,
    psycopg.Error,
    psycopg_pool.PoolTimeout,
    OSError,
)
KEEP_FINISHED_HOURS = 48
WATCH_EVERY_SECONDS = 5.0
COUNT_EVERY_SECONDS = 60.0
COUNT_AT_MOST_SHARE = 0.01  # of the time: counting all there is takes the longer the more there is

# minute hour day month weekday
SCHEDULE: dict[str, Job[[]]] = {
    "7 * * * *": forget_old_replies,
    "17 * * * *": remove_unconfirmed,
    "37 3 * * *": remove_ended_sign_ins,
    "27 4 * * *": forget_mishaps,
    "57 * * * *": repack_tracks,
    "27 * * * *": find_climbs_of_earlier_tracks,
    "7 5 * * *": sweep_orphans,
    "17 5 * * *": remove_unreadable_tracks,
    "27 5 * * *": remove_unreadable_photos,
}
FORGET_SCHEDULE = "47 4 * * *"

log = logging.getLogger(__name__)


async def run_worker(settings: Settings, *, host: str, port: int) -> None:
    """Take jobs until told to stop; what is running then may finish within its grace.

    Prometheus is answered at `host` and `port`, if it is to be answered at all.
    """
    limit_malloc_arenas()
    start_logs(settings)
    configure_error_reporting(settings)
    configure_tracing(settings, "worker")
    with ProcessPool(settings.worker_processes, partial(start_logs, settings)) as process_pool:
        async with open_resources(
            settings, reactions=REACTIONS, process_pool=process_pool
        ) as resources:
            await _warm_up(resources)
            queue = make_queue(settings, resources)
            async with queue.open_async(), _watched(resources, host, port):
                await _work(queue, resources)


def make_queue(settings: Settings, resources: Resources) -> procrastinate.App:
    """The queue with every job that the program knows, and the schedule."""
    queue = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=libpq_url(settings.database_direct), max_size=6
        )
    )
    for job in JOBS.values():
        _register(queue, job, resources)
    for times, job in SCHEDULE.items():
        queue.periodic(cron=times)(_scheduled(queue, job))
    _register_housekeeping(queue)
    return queue


def _register(queue: procrastinate.App, job: Job[...], resources: Resources) -> None:
    retry = Patience(job.attempts)

    @queue.task(name=job.name, queue="default", priority=job.priority, retry=retry)
    async def run(**arguments: Any) -> None:
        await job.run_queued(resources, arguments)


class Patience(procrastinate.BaseRetryStrategy):
    """So many tries, each later than the one before. A part that does not answer is nobody's fault:
    what needs it is tried until it is there again, for days."""

    def __init__(self, attempts: int) -> None:
        self._usual = procrastinate.RetryStrategy(
            max_attempts=attempts,
            wait=RETRY_FIRST_AFTER_SECONDS,
            exponential_wait=RETRY_WAIT_GROWS_BY,
        )

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        if not isinstance(exception, Unavailable):
            return self._usual.get_retry_decision(exception=exception, job=job)
        if job.attempts >= MAX_ATTEMPTS_OF_PATIENCE:
            return None
        growing = RETRY_FIRST_AFTER_SECONDS + RETRY_WAIT_GROWS_BY ** min(job.attempts, 10)
        return procrastinate.RetryDecision(retry_in={"seconds": min(growing, PATIENCE_SECONDS)})


def _scheduled(queue: procrastinate.App, job: Job[[]]) -> Any:
    @queue.task(name=f"schedule.{job.name}", queue="default")
    async def defer(timestamp: int) -> None:
        await queue.configure_task(job.name).defer_async(**cause())

    return defer


def _register_housekeeping(queue: procrastinate.App) -> None:
    @queue.periodic(cron=FORGET_SCHEDULE)
    @queue.task(name="queue.forget_finished", queue="default")
    async def forget_finished(timestamp: int) -> None:
        await queue.job_manager.delete_old_jobs(nb_hours=KEEP_FINISHED_HOURS, include_failed=False)


@asynccontextmanager
async def _watched(resources: Resources, host: str, port: int) -> AsyncIterator[None]:
    """Tell Prometheus of this process, the queue and what the server holds."""
    if not resources.settings.metrics:
        yield
        return
    metrics.BUILD.labels(__version__, newest_revision(), resources.settings.git_commit).set(1)
    for name in JOBS:
        metrics.start_from_nothing(metrics.JOBS, OUTCOMES, (name,))
    stop = metrics.serve_state(host, port)
    watch = asyncio.create_task(_watch(resources))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.to_thread(stop)


async def _watch(resources: Resources) -> None:
    count_at = 0.0
    while True:
        report_pool_metrics(resources.engine)
        try:
            async with resources.reading() as reader:
                await tell_of_queue(reader)
            if (started := time.monotonic()) >= count_at:
                await count_content(resources)
                count_at = next_count(started, time.monotonic())
        except Exception as error:  # noqa: BLE001  (the database may be away for a while)
            log.warning("the queue could not be looked at: %s", type(error).__name__)
        await asyncio.sleep(WATCH_EVERY_SECONDS)


def next_count(started: float, ended: float) -> float:
    """When to count again what the server holds, in seconds of the same clock."""
    return max(started + (ended - started) / COUNT_AT_MOST_SHARE, ended + COUNT_EVERY_SECONDS)


async def _tell(call_next: Callable[[], Awaitable[Any]], context: Any, worker: Any) -> Any:
    """Around every job that procrastinate runs."""
    job, strategy = context.job, context.task.retry_strategy

    def is_tried_again(error: Exception) -> bool:
        return bool(strategy and strategy.get_retry_decision(exception=error, job=job))

    run = Run(job.task_name, job.task_kwargs, job.attempts + 1, job.scheduled_at)
    with told(run, is_tried_again=is_tried_again):
        return await call_next()


def _noting(resources: Resources) -> Any:
    """Keep why a job failed: the queue does not, and an administrator wants to know."""

    async def note(call_next: Callable[[], Awaitable[Any]], context: Any, worker: Any) -> Any:
        try:
            return await call_next()
        except Exception as error:
            await record_error(resources, error, place=context.job.task_name, job_id=context.job.id)
            raise

    return note


async def _rescue(queue: procrastinate.App) -> None:
    """Again and again take up what a killed worker had begun."""
    manager = queue.job_manager
    while True:
        try:
            for stalled in await manager.get_stalled_jobs(
                seconds_since_heartbeat=STALLED_AFTER_SECONDS
            ):
                log.warning("taking up a stalled job: %s", stalled.task_name)
                await manager.retry_job(stalled)
        except AWAY as error:
            log.warning("stalled jobs could not be looked for: %s", type(error).__name__)
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def _warm_up(resources: Resources) -> None:
    """Start the pool's processes now, not when the first rider waits for one."""
    ready = [
        resources.compute(_warm_up_process) for _ in range(resources.settings.worker_processes)
    ]
    await asyncio.gather(*ready)


def _warm_up_process() -> None:
    """Unpickling this function imports this module, and with it all that jobs compute with."""
    warm_up()


async def _work(queue: procrastinate.App, resources: Resources) -> None:
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()
    work = asyncio.create_task(_work_on(queue, resources, told_to_stop))

    def stop() -> None:
        told_to_stop.set()
        work.cancel()

    rescue = asyncio.create_task(_rescue(queue))
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop)
    log.info("the worker is ready")
    try:
        await work
    except asyncio.CancelledError:
        log.info("the worker has stopped")
    finally:
        rescue.cancel()


async def _work_on(
    queue: procrastinate.App, resources: Resources, told_to_stop: asyncio.Event
) -> None:
    """Also when the database was away: the queue's own worker ends then, and when it is away while
    we are told to stop, it answers that by an error."""
    while not told_to_stop.is_set():
        try:
            await queue.run_worker_async(
                concurrency=CONCURRENCY,
                install_signal_handlers=False,
                shutdown_graceful_timeout=GRACE_SECONDS,
                fetch_job_polling_interval=2.0,
                listen_notify=True,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_AFTER_SECONDS,
                worker_middleware=[_tell, _noting(resources)],
            )
        except AWAY as error:
            log.warning("the queue is away: %s", type(error).__name__)
        else:
            log.warning("the queue let go")
        await asyncio.sleep(TAKE_UP_AFTER_SECONDS)
