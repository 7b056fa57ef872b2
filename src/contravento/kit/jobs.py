"""Background jobs.

A job is a service function with a name. Call it and it runs now; `await job.later(session, …)`
puts it into the queue with the session's own transaction, so it is queued exactly if what caused
it is committed. Jobs may run twice without harm: a worker that was killed is no answer.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from inspect import get_annotations
from typing import Any, Concatenate
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text

from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.resources import Resources
from contravento.kit.telemetry.job_telemetry import CAUSE, cause

_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        :queue, :name, :priority, :turn, NULL, CAST(:arguments AS jsonb), :at
    )::procrastinate_job_to_defer_v1])
""")


class Job[**P]:
    def __init__(
        self,
        name: str,
        run: Callable[Concatenate[Resources, P], Awaitable[None]],
        *,
        attempts: int,
        priority: int,
    ) -> None:
        self.name = name
        self.attempts = attempts
        self.priority = priority
        self._run = run

    async def __call__(self, resources: Resources, *args: P.args, **kwargs: P.kwargs) -> None:
        await self._run(resources, *args, **kwargs)

    async def run_queued(self, resources: Resources, arguments: dict[str, Any]) -> None:
        """Run with arguments as they came back from the queue's JSON."""
        kinds = get_annotations(self._run)
        typed = {
            name: TypeAdapter(kinds[name]).validate_python(value)
            for name, value in arguments.items()
            if name != CAUSE
        }
        run: Any = self._run  # which arguments it takes is known only now
        await run(resources, **typed)

    async def later(self, session: Session, *args: P.args, **kwargs: P.kwargs) -> None:
        await self._defer(session, None, args, kwargs)

    async def later_in_turn(
        self, turn: str, session: Session, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Queue it so that of all jobs with the same `turn` one runs at a time, in order."""
        await self._defer(session, None, args, kwargs, turn)

    async def later_by(
        self, delay: timedelta, session: Session, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        await self._defer(session, now() + delay, args, kwargs)

    async def _defer(
        self,
        session: Session,
        at: datetime | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        turn: str | None = None,
    ) -> None:
        if args:
            raise TypeError(f"{self.name} is queued with its arguments by name")
        await session.execute(
            _DEFER,
            {
                "queue": "default",
                "name": self.name,
                "priority": self.priority,
                "turn": turn,
                "arguments": json.dumps({**kwargs, **cause(at)}, default=_as_json),
                "at": at,
            },
        )


JOBS: dict[str, Job[...]] = {}


def job[**P](
    name: str, *, attempts: int = 5, priority: int = 0
) -> Callable[[Callable[Concatenate[Resources, P], Awaitable[None]]], Job[P]]:
    """Name a service function so that it can be queued; more `priority` goes first."""

    def register(run: Callable[Concatenate[Resources, P], Awaitable[None]]) -> Job[P]:
        JOBS[name] = created = Job(name, run, attempts=attempts, priority=priority)
        return created

    return register


def _as_json(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be queued")
