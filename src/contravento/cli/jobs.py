"""Look at jobs, try failed ones again, and give up stuck ones, without SQL by hand."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from contravento.cli.bootstrap import begin
from contravento.kit.database.session import Session
from contravento.kit.errors import AppError
from contravento.kit.resources import open_resources
from contravento.operations import queries, service
from contravento.reactions import REACTIONS

app = typer.Typer(help="Look at jobs and put them right.", no_args_is_help=True)

EVERY = "all"
Which = Annotated[str, typer.Argument(help="The job's number, or all.", metavar="JOB|all")]


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"


@app.callback()
def jobs() -> None:
    """Look at jobs and put them right."""


@app.command("list")
def list_jobs(
    state: Annotated[JobState | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Jobs that wait, run or have failed, the newest first."""
    found = asyncio.run(
        _with_session(lambda session: queries.list_jobs(session, state=state, limit=limit))
    )
    if as_json:
        typer.echo(json.dumps([asdict(job) for job in found], default=_written))
        return
    for job in found:
        since = f"{job.since:%Y-%m-%d %H:%M:%S}" if job.since else "–"
        error = f"  {job.error}" if job.error else ""
        typer.echo(f"{job.id:>8}  {job.state:<8}{since}  {job.attempts} tries  {job.name}{error}")
    if not found:
        typer.echo("There is no such job.")


@app.command()
def retry(job: Which) -> None:
    """Put a failed job, or all of them, back into the queue."""
    count = _change(job, service.retry_failed_jobs)
    typer.echo(f"Put back: {count}.")


@app.command()
def cancel(job: Which) -> None:
    """Give up a job that waits or runs, so that it counts as failed. What is begun still ends."""
    count = _change(job, service.cancel_jobs)
    typer.echo(f"Given up: {count}.")


def _change(which: str, change: Callable[[Session, int | None], Awaitable[int]]) -> int:
    if which != EVERY and not (which.isascii() and which.isdigit()):
        raise typer.BadParameter(f"'{which}' is neither a job's number nor {EVERY}.")
    job_id = None if which == EVERY else int(which)
    try:
        return asyncio.run(_with_session(lambda session: change(session, job_id)))
    except AppError as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None


async def _with_session[T](work: Callable[[Session], Awaitable[T]]) -> T:
    async with (
        open_resources(begin(), reactions=REACTIONS) as resources,
        resources.transaction() as session,
    ):
        return await work(session)


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
