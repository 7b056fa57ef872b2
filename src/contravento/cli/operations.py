"""Records what programs around the application did, for the operator's page."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from contravento.cli.bootstrap import begin
from contravento.kit.errors import AppError
from contravento.kit.resources import open_resources
from contravento.operations.models import Outcome
from contravento.operations.service import record_report
from contravento.reactions import REACTIONS

app = typer.Typer(help="Write down what was done to this server.", no_args_is_help=True)


@app.callback()
def operations() -> None:
    """Write down what was done to this server."""


@app.command("record")
def record(
    kind: Annotated[str, typer.Argument(help="What it was: backup, drill, …")],
    outcome: Annotated[Outcome, typer.Option(help="How it ended.")] = Outcome.SUCCEEDED,
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"],
            help="When it ended, in UTC if it names no zone; else now.",
        ),
    ] = None,
    details: Annotated[
        str, typer.Option(help='More about it, a JSON object: {"sentence": "…", "bytes": 1}')
    ] = "{}",
) -> None:
    """Record a backup, a drill or the like; the operator's page shows the last of each kind."""
    try:
        asyncio.run(_record(kind, outcome, _with_zone(at), _object(details)))
    except AppError as refusal:
        raise typer.BadParameter(str(refusal)) from None
    typer.echo(f"Recorded: {kind} {outcome}.")


def _with_zone(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


def _object(details: str) -> dict[str, Any]:
    try:
        parsed = json.loads(details)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise typer.BadParameter("--details takes a JSON object.")
    return parsed


async def _record(
    kind: str, outcome: Outcome, at: datetime | None, details: dict[str, Any]
) -> None:
    async with (
        open_resources(begin(), reactions=REACTIONS) as resources,
        resources.transaction() as session,
    ):
        await record_report(session, kind, outcome, at=at, details=details)
