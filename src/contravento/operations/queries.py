"""Queries for the state of the server."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from contravento.kit.clock import now
from contravento.kit.database.session import Reader, Session
from contravento.kit.telemetry.redaction import redact
from contravento.operations.models import ErrorEvent, OperationReport, Outcome
from contravento.operations.rules import SHOWN_JOBS

LATELY = timedelta(hours=24)
SHOWN_MISHAPS = 5
COUNTED_WHILE_ASKED_SECONDS = 0.5  # longer, and whoever asks gets the last count

# A job that is due waits since it was queued, or since the time for which it was put off.
_JOBS = text("""
    SELECT count(*) FILTER (WHERE status = 'todo' AND is_due) AS waiting,
           count(*) FILTER (WHERE status = 'todo' AND NOT is_due) AS put_off,
           count(*) FILTER (WHERE status = 'doing') AS running,
           count(*) FILTER (WHERE status = 'failed') AS failed,
           coalesce(extract(epoch FROM now() - min(since) FILTER (
               WHERE status = 'todo' AND is_due)), 0)::float AS oldest_waiting_seconds,
           coalesce(extract(epoch FROM now() - min(since) FILTER (
               WHERE status = 'doing')), 0)::float AS longest_running_seconds
    FROM (
        SELECT status, scheduled_at IS NULL OR scheduled_at <= now() AS is_due,
               coalesce(CASE WHEN status = 'todo' THEN scheduled_at END, (
                   SELECT max(at) FROM procrastinate_events
                   WHERE job_id = procrastinate_jobs.id)) AS since
        FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed')
    ) AS jobs
""")
_WORKERS = text("SELECT id, last_heartbeat FROM procrastinate_workers ORDER BY last_heartbeat DESC")
_CONNECTIONS = text("""
    SELECT coalesce(sum(numbackends), 0)::int AS used,
           current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int
           - current_setting('reserved_connections')::int AS most
    FROM pg_stat_database WHERE datid <> 0
""")
_HELD = text("""
    SELECT * FROM (
        SELECT count(confirmed_at) AS riders, count(*) - count(confirmed_at) AS unconfirmed
        FROM riders
    ) AS of_riders, (
        SELECT count(*) AS trips, count(published_at) AS published FROM trips
    ) AS of_trips, (
        SELECT count(*) AS tracks, count(*) FILTER (WHERE state = 'ready') AS tracks_ready,
               coalesce(sum(file_bytes), 0)::bigint AS track_bytes
        FROM tracks
    ) AS of_tracks, (
        SELECT count(*) AS photos, count(*) FILTER (WHERE state = 'ready') AS photos_ready,
               coalesce(sum(file_bytes + coalesce((
                   SELECT sum((size.value ->> 'bytes')::bigint) FROM jsonb_each(sizes) AS size
               ), 0)), 0)::bigint AS photo_bytes
        FROM photos
    ) AS of_photos
""")
_LISTED_JOBS = text("""
    SELECT * FROM (
        SELECT job.id,
               CASE job.status WHEN 'todo' THEN 'waiting' WHEN 'doing' THEN 'running'
                               ELSE 'failed' END AS state,
               job.task_name, job.attempts,
               coalesce((SELECT max(event.at) FROM procrastinate_events AS event
                         WHERE event.job_id = job.id AND event.type <> 'deferred'),
                        job.scheduled_at) AS since,
               job.args,
               (SELECT words FROM mishaps WHERE mishaps.job_id = job.id
                ORDER BY at DESC LIMIT 1) AS error
        FROM procrastinate_jobs AS job
        WHERE job.status IN ('todo', 'doing', 'failed')
    ) AS jobs
    WHERE CAST(:state AS text) IS NULL OR state = :state
    ORDER BY id DESC LIMIT :limit
""")
_KEEP_HELD = text("""
    INSERT INTO holdings (counted_at, seconds, held) VALUES (now(), :seconds, :held)
    ON CONFLICT (id) DO UPDATE SET counted_at = excluded.counted_at,
                                   seconds = excluded.seconds, held = excluded.held
""").bindparams(bindparam("held", type_=JSONB))
_KEPT_HELD = text("SELECT counted_at, held FROM holdings WHERE seconds > :most")
_DATABASE_BYTES = text("SELECT pg_database_size(current_database())")
_SCHEMA = text("""
    SELECT (SELECT version_num FROM alembic_version) AS current,
           obj_description('alembic_version'::regclass) AS note
""")


@dataclass(frozen=True, slots=True)
class FailedJob:
    id: int
    name: str
    attempts: int
    failed_at: datetime | None
    error: str | None  # None where it was not written down, or longer ago than is kept


@dataclass(frozen=True, slots=True)
class ListedJob:
    """`since` is when it began or failed, or when it is to begin; `of` whose row it works on."""

    id: int
    state: str
    name: str
    attempts: int
    since: datetime | None
    of: dict[str, object]
    error: str | None


@dataclass(frozen=True, slots=True)
class Queue:
    waiting: int
    put_off: int
    running: int
    failed: int
    oldest_waiting_seconds: float
    longest_running_seconds: float
    failed_jobs: list[FailedJob]  # the newest


@dataclass(frozen=True, slots=True)
class Worker:
    id: int
    seen_at: datetime
    silent_seconds: float


@dataclass(frozen=True, slots=True)
class Connections:
    """To PostgreSQL, by everybody; `most` leaves out what is kept for its administrators."""

    used: int
    most: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Tracks in bytes as they were sent; photographs as they were sent and as they are shown."""

    riders: int  # who confirmed their address
    unconfirmed: int
    trips: int
    published: int
    tracks: int
    tracks_ready: int
    track_bytes: int
    photos: int
    photos_ready: int
    photo_bytes: int


@dataclass(frozen=True, slots=True)
class Content:
    """`counted_at` is None where it was counted for whoever asks."""

    riders: int
    unconfirmed: int
    trips: int
    published: int
    tracks: int
    photos: int
    counted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stored:
    """Tracks as they were sent; photographs as they were sent and in the sizes that are shown."""

    database_bytes: int
    track_bytes: int
    photo_bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    kind: str
    at: datetime
    outcome: Outcome
    details: dict[str, object]
    succeeded_at: datetime | None  # the last time that it went well


@dataclass(frozen=True, slots=True)
class NotedMishap:
    at: datetime
    place: str
    words: str


@dataclass(frozen=True, slots=True)
class Mishaps:
    last_hour: int
    last_day: int
    newest: list[NotedMishap]


async def get_queue(session: Session) -> Queue:
    counts = (await session.execute(_JOBS)).one()
    failed = await list_jobs(session, state="failed", limit=SHOWN_JOBS)
    failed_jobs = [
        FailedJob(job.id, job.name, job.attempts, job.since, job.error) for job in failed
    ]
    return Queue(**_named(counts), failed_jobs=failed_jobs)


async def list_jobs(session: Session, *, state: str | None, limit: int) -> list[ListedJob]:
    """The newest first; what a job is told besides the ids of rows stays untold."""
    rows = await session.execute(_LISTED_JOBS, {"state": state, "limit": limit})
    return [
        ListedJob(number, state, name, attempts, since, _ids_of(arguments), error)
        for number, state, name, attempts, since, arguments, error in rows
    ]


def _ids_of(arguments: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in arguments.items() if name.endswith("_id")}


async def list_workers(session: Session) -> list[Worker]:
    """Whoever was heard of last comes first; those long silent are removed by the others."""
    at = now()
    rows = await session.execute(_WORKERS)
    return [Worker(row[0], row[1], max(0.0, (at - row[1]).total_seconds())) for row in rows]


async def get_connections(session: Session) -> Connections:
    return Connections(**_named((await session.execute(_CONNECTIONS)).one()))


async def count_held(reader: Reader) -> Usage:
    """Reads every row: the more there is, the longer it takes."""
    return Usage(**_named((await reader.execute(_HELD)).one()))


async def keep_held(session: Session, held: Usage, seconds: float) -> None:
    """For whoever asks when counting takes longer than a page may."""
    await session.execute(_KEEP_HELD, {"seconds": seconds, "held": asdict(held)})


async def _look_at_held(session: Session) -> tuple[Usage, datetime | None]:
    row = (await session.execute(_KEPT_HELD, {"most": COUNTED_WHILE_ASKED_SECONDS})).first()
    return (Usage(**row.held), row.counted_at) if row else (await count_held(session), None)


async def get_content(session: Session) -> Content:
    """Counted now where the last time took no longer than a moment, and else as it was then."""
    held, counted_at = await _look_at_held(session)
    return Content(
        held.riders,
        held.unconfirmed,
        held.trips,
        held.published,
        held.tracks,
        held.photos,
        counted_at=counted_at,
    )


async def get_stored(session: Session) -> Stored:
    """Files as `get_content` counts them, beside the size of the database as it is now."""
    held, _ = await _look_at_held(session)
    database_bytes = (await session.execute(_DATABASE_BYTES)).scalar_one()
    return Stored(database_bytes, held.track_bytes, held.photo_bytes)


async def get_schema(session: Session) -> tuple[str | None, str | None]:
    """The database's revision, and the note about builds that work with it."""
    current, note = (await session.execute(_SCHEMA)).one()
    return current, note


async def get_postgres_version(session: Session) -> str:
    return str(await session.scalar(text("SHOW server_version"))).split()[0]


async def list_newest_reports(session: Session) -> list[Report]:
    """The last of each kind, by kind."""
    newest = (
        select(OperationReport)
        .ext(distinct_on(OperationReport.kind))
        .order_by(OperationReport.kind, OperationReport.at.desc())
    )
    well = (
        select(OperationReport.kind, func.max(OperationReport.at))
        .where(OperationReport.outcome == Outcome.SUCCEEDED)
        .group_by(OperationReport.kind)
    )
    succeeded = {row[0]: row[1] for row in await session.execute(well)}
    return [
        Report(
            report.kind,
            report.at,
            report.outcome,
            redact(report.details),
            succeeded.get(report.kind),
        )
        for report in await session.scalars(newest)
    ]


async def get_mishaps(session: Session) -> Mishaps:
    at = now()
    counts = select(
        func.count().filter(ErrorEvent.at > at - timedelta(hours=1)), func.count()
    ).where(ErrorEvent.at > at - LATELY)
    last_hour, last_day = (await session.execute(counts)).one()
    newest = await session.execute(
        select(ErrorEvent.at, ErrorEvent.place, ErrorEvent.words)
        .where(ErrorEvent.at > at - LATELY)
        .order_by(ErrorEvent.at.desc())
        .limit(SHOWN_MISHAPS)
    )
    return Mishaps(last_hour, last_day, [NotedMishap(*row) for row in newest])


def _named(row: Row[tuple[object, ...]]) -> dict[str, int]:
    return dict(row._mapping)
