"""Every Prometheus metric."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

disable_created_metrics()  # type: ignore[no-untyped-call]

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where several web processes add up; read by the library

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER_METHOD = "other"
UNMATCHED = "unmatched"

_ANSWER_SECONDS = (0.1, 0.25, 0.5, 1, 2, 3)
_JOB_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300)
_WAIT_SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600)
_WORK_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30)

# Requests. `route` is the template, never what somebody typed.
HTTP_REQUESTS = Counter(
    "http_requests_total", "Requests that were answered.", ("method", "route", "status")
)
HTTP_REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds",
    "From a request's arrival to the end of its answer.",
    ("method", "route"),
    buckets=_ANSWER_SECONDS,
)
HTTP_REQUESTS_IN_PROGRESS = Gauge(
    "http_requests_in_progress",
    "Requests that are being answered now.",
    ("method",),
    multiprocess_mode="livesum",
)

# Jobs, and the queue as the worker sees it in the database.
JOBS = Counter(
    "contravento_jobs_total",
    "Jobs that ended: succeeded, retried (failed, and will be tried again), failed for good.",
    ("job", "outcome"),
)
JOB_SECONDS = Histogram(
    "contravento_job_duration_seconds", "How long jobs ran.", ("job",), buckets=_JOB_SECONDS
)
JOB_WAIT_SECONDS = Histogram(
    "contravento_job_wait_seconds",
    "How long jobs that were due waited before they started.",
    ("job",),
    buckets=_WAIT_SECONDS,
)
JOBS_WAITING = Gauge(
    "contravento_jobs_waiting", "Jobs that are due and have not started.", ("job",), registry=None
)
JOBS_OLDEST_WAITING_SECONDS = Gauge(
    "contravento_jobs_oldest_waiting_seconds",
    "How long the job that waits longest has been due; 0 when none waits.",
    registry=None,
)
JOBS_IN_PROGRESS_OLDEST_SECONDS = Gauge(
    "contravento_jobs_in_progress_oldest_seconds",
    "How long the job that runs longest has been running; 0 when none runs.",
    registry=None,
)

# What riders bring and get.
MAILS = Counter(
    "contravento_mails_total",
    "Mails: sent, failed, or held back by MAIL_ALLOW_LIST.",
    ("outcome",),
)
PHOTOS_PROCESSED = Counter(
    "contravento_photos_processed_total",
    "Photos whose sizes are ready, that could not be read, or whose making failed.",
    ("outcome",),
)
PHOTO_SECONDS = Histogram(
    "contravento_photo_processing_seconds",
    "How long making a photo's sizes took.",
    buckets=_WORK_SECONDS,
)
TRACKS_PROCESSED = Counter(
    "contravento_tracks_processed_total",
    "Tracks that are ready, that could not be read, or whose reading failed.",
    ("outcome",),
)
TRACK_SECONDS = Histogram(
    "contravento_track_processing_seconds",
    "How long reading and measuring a track took.",
    buckets=_WORK_SECONDS,
)
SIGN_INS = Counter(
    "contravento_sign_ins_total",
    "Tries at signing in: succeeded, refused, limited (too often), unconfirmed address.",
    ("outcome",),
)
SIGN_UPS = Counter("contravento_sign_ups_total", "Riders who signed up.")

# Parts of the process.
POOL_CONNECTIONS = Gauge(
    "contravento_database_pool_connections",
    "Connections to the database that are in use or idle.",
    ("state",),
    multiprocess_mode="livesum",
)
POOL_LIMIT = Gauge(
    "contravento_database_pool_limit",
    "How many connections to the database may be open at most.",
    multiprocess_mode="livesum",
)
POOL_TIMEOUTS = Counter(
    "contravento_database_pool_timeouts_total",
    "How often none of the pool's connections was to be had in time.",
)
REPLICA_LAG_SECONDS = Gauge(
    "contravento_database_replica_lag_seconds",
    "How old the replica's state can be at most, as far as is proven.",
    ("server",),
    multiprocess_mode="livemax",
)
REPLICA_IN_USE = Gauge(
    "contravento_database_replica_in_use",
    "1 while the replica is read, 0 while it is late or away and the primary answers all.",
    ("server",),
    multiprocess_mode="livemin",
)
PUBLIC_READS = Counter(
    "contravento_public_reads_total",
    "Reads of what is public, where there is a replica: made there, or by the primary since the"
    " reader had signed in, had just written, or since the replica was late or away.",
    ("outcome",),
)
CACHE_LOOKUPS = Counter(
    "contravento_cache_lookups_total",
    "Questions to what the process keeps: hit or miss.",
    ("cache", "outcome"),
)
BUILD = Gauge(
    "contravento_build_info",
    "1, with the program's version, the newest migration it knows, and its commit.",
    ("version", "revision", "commit"),
    multiprocess_mode="livemax",
)

# What the server holds, counted by the worker.
RIDERS = Gauge("contravento_riders", "Riders who have confirmed their address.", registry=None)
TRIPS = Gauge("contravento_trips", "Trips: drafts and published ones.", ("state",), registry=None)
TRACKS = Gauge("contravento_tracks", "Tracks that are ready.", registry=None)
PHOTOS = Gauge("contravento_photos", "Photos that are ready.", registry=None)
STORAGE_BYTES = Gauge(
    "contravento_storage_bytes",
    "Bytes of what riders uploaded and what was made of it.",
    ("kind",),
    registry=None,
)


_in_progress = {
    method: HTTP_REQUESTS_IN_PROGRESS.labels(method)
    for method in (*sorted(_METHODS), _OTHER_METHOD)
}


def start_from_nothing(
    counter: Counter, outcomes: Iterable[str], labels: tuple[str, ...] = ()
) -> None:
    """Show an outcome as 0 before it first happens, so that its first time is a rise."""
    for outcome in outcomes:
        counter.labels(*labels, outcome)


start_from_nothing(MAILS, ("sent", "failed", "held"))
start_from_nothing(PHOTOS_PROCESSED, ("ready", "refused", "failed"))
start_from_nothing(TRACKS_PROCESSED, ("ready", "refused", "failed"))
start_from_nothing(SIGN_INS, ("succeeded", "refused", "limited", "unconfirmed"))


_answered: dict[tuple[str, str, int], Counter] = {}
_timed: dict[tuple[str, str], Histogram] = {}


@contextmanager
def processing(counter: Counter, seconds: Histogram, *refusals: type[Exception]) -> Iterator[None]:
    """Time the work inside and count how it ends: ready, refused, or failed and raised."""
    started = time.perf_counter()
    outcome = "failed"
    try:
        yield
        outcome = "ready"
    except refusals:
        outcome = "refused"
        raise
    finally:
        counter.labels(outcome).inc()
        seconds.observe(time.perf_counter() - started)


@contextmanager
def mailing() -> Iterator[None]:
    """Count the mail that is handed over inside: sent, or failed and raised."""
    outcome = "failed"
    try:
        yield
        outcome = "sent"
    finally:
        MAILS.labels(outcome).inc()


def known_method(method: str) -> str:
    """The method, or one word for all that nobody knows."""
    return method if method in _METHODS else _OTHER_METHOD


def begin_request(method: str) -> Gauge:
    """Count it as being answered; whoever has answered it calls `dec` on what is returned."""
    gauge = _in_progress[known_method(method)]
    gauge.inc()
    return gauge


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer. Which child of an instrument it falls to is looked up once, then kept:
    there are only so many methods, routes and statuses."""
    if (counter := _answered.get((method, route, status))) is None:
        counter = HTTP_REQUESTS.labels(method, route, str(status))
        _answered[method, route, status] = counter
    if (histogram := _timed.get((method, route))) is None:
        histogram = _timed[method, route] = HTTP_REQUEST_SECONDS.labels(method, route)
    counter.inc()
    histogram.observe(seconds)


# Only the worker looks at the queue and counts rows, so only it tells of them.
STATE = (
    JOBS_WAITING,
    JOBS_OLDEST_WAITING_SECONDS,
    JOBS_IN_PROGRESS_OLDEST_SECONDS,
    RIDERS,
    TRIPS,
    TRACKS,
    PHOTOS,
    STORAGE_BYTES,
)
_STATE_NAMES = frozenset(metric.name for collector in STATE for metric in collector.describe())


class _AllProcesses(Collector):
    """What the web processes wrote into their common folder, added up."""

    def collect(self) -> Iterator[Metric]:
        families = MultiProcessCollector(None).collect()  # type: ignore[no-untyped-call]
        yield from (metric for metric in families if metric.name not in _STATE_NAMES)


def render() -> bytes:
    """All figures as text, of all web processes together where there are several."""
    if FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    together.register(_AllProcesses())
    return generate_latest(together)


def serve_state(host: str, port: int) -> Callable[[], None]:
    """For the worker: answer on this address, the state included. Returns how to stop."""
    for collector in STATE:
        REGISTRY.register(collector)
    server, thread = start_http_server(port, host)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()
        for collector in STATE:
            REGISTRY.unregister(collector)

    return stop


def forget_process(pid: int, folder: Path) -> None:
    """What a process that is gone had counted stays; what it was doing does not."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
