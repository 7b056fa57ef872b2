"""load: many riders at once, what they got, and what follows for this host."""

import json
from dataclasses import replace
from typing import Annotated

import typer

from contravento_ops.context import CommandContext
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.load import results, run, sizing, target
from contravento_ops.load.k6 import Profile, Target
from contravento_ops.load.results import Result


def load(
    ctx: typer.Context,
    profile: Annotated[Profile, typer.Option(help="How many riders, and how they come.")] = (
        Profile.LOAD
    ),
    duration: Annotated[
        str, typer.Option(metavar="30s", help="Of each step; else the profile's own.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the call and stop.")] = False,
) -> None:
    """Send many riders at once; exit status 10 if they waited too long or anything failed."""
    context: CommandContext = ctx.obj
    if duration and not run.is_duration(duration):
        raise CommandError(f"--duration takes 30s or 5m, not '{duration}'.", status=Exit.USAGE)
    if dry_run:
        _show(context, profile, duration)
        return
    console = context.console
    with context.changing("load", profile=profile) as entry:
        with console.step(f"send riders ({profile})"):
            result = run.run(context.project, context.values, profile=profile, duration=duration)
        entry["p95_milliseconds"], entry["failed"] = result.p95_milliseconds, result.failed
        now = target.now(context.project, context.values)
        answer = run.as_json(result, now)
        _leave_word(context.project, result)
    for sentence in results.sentences(result):
        console.note("ok" if result.is_good else "failed", sentence)
    console.table(
        "Riders' journeys",
        ("journey", "95 of 100 within"),
        [(name, f"{p95:.0f} ms") for name, p95 in result.journeys.items()],
    )
    for sentence in sizing.sentences(now):
        console.say(sentence)
    console.answer(answer)
    if not result.is_good:
        raise typer.Exit(Exit.NO_GO)


def _show(context: CommandContext, profile: Profile, duration: str) -> None:
    url = f"https://{context.values.get('DOMAIN', 'localhost')}"
    file = run.results_file(context.project)
    call = run.plan(context.paths.root, Target(url), file, profile, duration)
    context.console.say(str(replace(call, environment={})))


def _leave_word(project: Project, result: Result) -> None:
    """For the operator's page, with the others of their kind."""
    told = results.sentences(result)
    details = {"sentence": " ".join(told), "p95_milliseconds": result.p95_milliseconds}
    outcome = "succeeded" if result.is_good else "failed"
    words = ("operations", "record", "load", "--outcome", outcome)
    compose.run(
        project.call(
            "exec", "-T", "backend", "contravento", *words, "--details", json.dumps(details)
        )
    )
