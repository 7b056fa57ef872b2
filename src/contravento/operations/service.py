"""Records reports and errors, retries and discards failed jobs."""

import asyncio
import logging
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, text
from sqlalchemy.exc import DBAPIError

from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.jobs import job
from contravento.kit.resources import Resources
from contravento.kit.telemetry.redaction import redact
from contravento.operations.errors import BadReport, JobNotAlive, JobNotFailed
from contravento.operations.models import ErrorEvent, OperationReport, Outcome
from contravento.operations.rules import (
    KEPT_REPORTS_OF_A_KIND,
    KIND,
    MAX_MISHAP_CHARACTERS,
    MISHAPS_KEPT_FOR,
    MOST_MISHAPS_A_MINUTE,
    NOTING_SECONDS,
)

_FAILED = text(
    "SELECT id FROM procrastinate_jobs WHERE status = 'failed'"
    " AND (CAST(:id AS bigint) IS NULL OR id = :id) ORDER BY id FOR UPDATE"
)
_RETRY = text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")
_DISCARD = text("DELETE FROM procrastinate_jobs WHERE id = :id AND status = 'failed'")

_ALIVE = text(
    "UPDATE procrastinate_jobs SET status = 'failed'"
    " WHERE status IN ('todo', 'doing') AND (CAST(:id AS bigint) IS NULL OR id = :id) RETURNING id"
)

log = logging.getLogger(__name__)


async def record_report(
    session: Session,
    kind: str,
    outcome: Outcome,
    *,
    at: datetime | None = None,
    details: dict[str, Any] | None = None,
) -> OperationReport:
    """Write down a backup, a drill, …; of each kind the newest are kept. Raises BadReport."""
    if not KIND.fullmatch(kind):
        raise BadReport
    report = OperationReport(kind=kind, outcome=outcome, at=at or now(), details=details or {})
    session.add(report)
    await session.flush()
    newest = (
        select(OperationReport.id)
        .where(OperationReport.kind == kind)
        .order_by(OperationReport.at.desc(), OperationReport.id.desc())
        .limit(KEPT_REPORTS_OF_A_KIND)
    )
    await session.execute(
        delete(OperationReport)
        .where(OperationReport.kind == kind, OperationReport.id.not_in(newest))
        .execution_options(synchronize_session=False)
    )
    return report


async def retry_failed_jobs(session: Session, job_id: int | None = None) -> int:
    """Put the failed job, or all of them, back into the queue. Raises JobNotFailed."""
    return await _change_failed_jobs(session, job_id, _RETRY)


async def discard_failed_jobs(session: Session, job_id: int | None = None) -> int:
    """Delete the failed job, or all of them. Raises JobNotFailed."""
    return await _change_failed_jobs(session, job_id, _DISCARD)


async def cancel_jobs(session: Session, job_id: int | None = None) -> int:
    """Give up the job that waits or runs, or all of them: they count as failed, and can be tried
    again. What a worker has begun of it still ends. Raises JobNotAlive."""
    given_up = len(list(await session.scalars(_ALIVE, {"id": job_id})))
    if not given_up and job_id is not None:
        raise JobNotAlive
    return given_up


async def _change_failed_jobs(session: Session, job_id: int | None, statement: Any) -> int:
    jobs = list(await session.scalars(_FAILED, {"id": job_id}))
    if not jobs and job_id is not None:
        raise JobNotFailed
    for failed_id in jobs:
        await session.execute(statement, {"id": failed_id})
    return len(jobs)


async def record_error(
    resources: Resources, error: BaseException, *, place: str, job_id: int | None = None
) -> None:
    """Write an unforeseen error down, in a transaction of its own; never the next error."""
    try:
        async with asyncio.timeout(NOTING_SECONDS), resources.transaction() as session:
            await _note(session, place, describe_error(error), job_id)
    except Exception as problem:  # noqa: BLE001  (the database may be what is broken)
        log.warning("a mishap was not written down: %s", type(problem).__name__)


def describe_error(error: BaseException) -> str:
    """Kind and first line of an error, without SQL, its parameters, or anything personal."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    first_line = next(iter(str(cause).splitlines()), "")
    name = type(cause).__name__
    return str(redact(f"{name}: {first_line}" if first_line else name))[:MAX_MISHAP_CHARACTERS]


async def _note(session: Session, place: str, message: str, job_id: int | None) -> None:
    """In a storm of errors only so many a minute."""
    lately = (
        select(func.count())
        .select_from(ErrorEvent)
        .where(ErrorEvent.at > func.now() - text("interval '1 minute'"))
        .scalar_subquery()
    )
    row = select(literal(place), literal(message), literal(job_id, ErrorEvent.job_id.type)).where(
        lately < MOST_MISHAPS_A_MINUTE
    )
    await session.execute(insert(ErrorEvent).from_select(["place", "words", "job_id"], row))


@job("operations.forget_mishaps")
async def forget_mishaps(resources: Resources) -> None:
    async with resources.transaction() as session:
        await session.execute(delete(ErrorEvent).where(ErrorEvent.at < now() - MISHAPS_KEPT_FOR))
