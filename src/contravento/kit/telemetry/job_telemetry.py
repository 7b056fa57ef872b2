"""Log line, metrics and trace of each job's run."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from contravento.kit.clock import now
from contravento.kit.telemetry import metrics
from contravento.kit.telemetry.tracing import current_traceparent, job_span

OUTCOMES = ("succeeded", "retried", "failed")

log = logging.getLogger("contravento.job")
CAUSE = "_cause"  # travels beside a job's own arguments


def cause(due_at: datetime | None = None) -> dict[str, Any]:
    """When the job is due, and the id of the request or job that queues it."""
    cause: dict[str, str] = {"due_at": (due_at or now()).isoformat()}
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        cause["request_id"] = request_id
    if origin := current_traceparent():
        cause["origin"] = origin
    return {CAUSE: cause}


@dataclass(frozen=True, slots=True)
class Run:
    """One try at a job. `arguments` are as the queue has them, with what caused the job."""

    job: str
    arguments: Mapping[str, Any]
    attempt: int
    scheduled_at: datetime | None = None

    @property
    def request_id(self) -> str | None:
        """Of the request that queued the job, directly or by another job."""
        request_id: str | None = self.arguments.get(CAUSE, {}).get("request_id")
        return request_id

    @property
    def due_at(self) -> datetime | None:
        """A job that failed before is due when it was put off to."""
        due_at = self.arguments.get(CAUSE, {}).get("due_at")
        moments = [datetime.fromisoformat(due_at)] if due_at else []
        return max([*moments, *([self.scheduled_at] if self.scheduled_at else [])], default=None)


@contextmanager
def told(run: Run, *, is_tried_again: Callable[[Exception], bool]) -> Iterator[None]:
    """Around a job's work. What it raises goes on to the queue."""
    bound = {"job": run.job, "attempt": run.attempt}
    if run.request_id:
        bound["request_id"] = run.request_id
    waited = max((now() - run.due_at).total_seconds(), 0.0) if run.due_at else None
    with (
        structlog.contextvars.bound_contextvars(**bound),
        job_span(run.job, attempt=run.attempt, origin=run.arguments.get(CAUSE, {}).get("origin")),
    ):
        started = time.perf_counter()
        try:
            yield
        except Exception as error:
            outcome = "retried" if is_tried_again(error) else "failed"
            _tell(run, outcome, time.perf_counter() - started, waited, error)
            raise
        _tell(run, "succeeded", time.perf_counter() - started, waited)


def _tell(
    run: Run, outcome: str, seconds: float, waited: float | None, error: Exception | None = None
) -> None:
    metrics.JOBS.labels(run.job, outcome).inc()
    metrics.JOB_SECONDS.labels(run.job).observe(seconds)
    if waited is not None:
        metrics.JOB_WAIT_SECONDS.labels(run.job).observe(waited)
    level = {"succeeded": logging.INFO, "retried": logging.WARNING, "failed": logging.ERROR}
    figures = {"outcome": outcome, "milliseconds": round(seconds * 1000, 1)}
    if waited is not None:
        figures["waited_milliseconds"] = round(waited * 1000, 1)
    log.log(level[outcome], "job", extra=figures, exc_info=error)
