"""move-storage: riders' files to another place, while they are served; back; and the last step."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Annotated, Any

import typer

from contravento_ops.commands.deploy import Bake, Healthy, Json
from contravento_ops.context import CommandContext
from contravento_ops.environment import validators
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.release import rollout
from contravento_ops.rotation.rotator import Pace
from contravento_ops.storage_migration import checkpoint, plan
from contravento_ops.storage_migration.checkpoint import Remembered
from contravento_ops.storage_migration.migration import StorageMigration, standings
from contravento_ops.storage_migration.plan import FOLDER, MigrationStep, Move, Standing

BAKE_SECONDS = 10

type MakePlan = Callable[[Move, Collection[Standing]], tuple[MigrationStep, ...]]


def move_storage(
    ctx: typer.Context,
    to: Annotated[
        str, typer.Option(metavar="PLACE", help="s3://bucket/prefix; or folder, to come back.")
    ] = "",
    back: Annotated[
        bool, typer.Option("--back", help="Take what was written since back, and switch back.")
    ] = False,
    finish: Annotated[
        bool, typer.Option("--finish", help="Empty the old place. There is no way back from it.")
    ] = False,
    without_versions: Annotated[
        bool, typer.Option("--without-versions", help="Take a bucket that keeps none.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the steps.")] = False,
    bake_seconds: Bake = BAKE_SECONDS,
    healthy_seconds: Healthy = int(rollout.HEALTHY_SECONDS),
    as_json: Json = False,
) -> None:
    """Move photos and tracks to a bucket, or back, while riders are about."""
    context: CommandContext = ctx.obj
    context.validate()
    if sum((bool(to), back, finish)) > 1:
        raise CommandError("Say one of --to, --back and --finish.", status=Exit.USAGE)
    there = _there(context)
    remembered, make = _chosen(context, there, to, back=back, finish=finish)
    steps = make(remembered.move, there)
    _show(context, steps)
    if dry_run:
        context.console.answer([{"kind": step.kind, "title": step.title} for step in steps])
        return
    pace = Pace(bake_seconds, healthy_seconds)
    with context.changing("move-storage", source=remembered.source, target=remembered.target):
        migration = StorageMigration(
            context.project,
            context.console,
            pace,
            remembered,
            asks_for_versions=not (without_versions or remembered.is_turned or finish),
            is_new=checkpoint.read(context.paths.memory) is None,
        )
        found = migration.run(steps)
        context.validate()
    _tell(context, found, is_turned=remembered.is_turned, finish=finish)


def _there(context: CommandContext) -> set[Standing]:
    if "TAG" in context.values and (there := standings(context.project)):
        return there
    raise CommandError(
        "Nothing serves here; set STORAGE_URL in the environment file and deploy.",
        status=Exit.REFUSED,
    )


def _chosen(
    context: CommandContext, there: set[Standing], to: str, *, back: bool, finish: bool
) -> tuple[Remembered, MakePlan]:
    """Which move it is, and what is to be done of it. Raises CommandError."""
    known = checkpoint.read(context.paths.memory)
    if back or finish:
        if known is None:
            raise CommandError("No move was begun here; say --to PLACE.", status=Exit.USAGE)
        chosen = _turned(known) if back else known
        is_there = there <= {known.move.switched, known.move.after}
        if finish and not (known.is_done and is_there):
            raise CommandError(
                "That move is not done: say the command without --finish until it is.",
                status=Exit.REFUSED,
            )
    else:
        chosen = _begun(known, there, to)
    _refuse_strangers(chosen.move, there)
    if finish:
        return chosen, plan.finishing_steps
    return chosen, plan.back_steps if chosen.is_turned else plan.steps


def _turned(known: Remembered) -> Remembered:
    """The move in the other direction, unless it is turned already."""
    if known.is_turned:
        return replace(known, is_done=False)
    return Remembered(known.target, known.source, is_turned=True)


def _begun(known: Remembered | None, there: set[Standing], to: str) -> Remembered:
    if known and (not to or _place(to) == known.target):
        return replace(known, is_done=False)
    if known:
        raise CommandError(
            f"A move from {known.source} to {known.target} is under way; say the command without"
            " --to to go on with it, or --back.",
            status=Exit.REFUSED,
        )
    if not to:
        raise CommandError(
            "Say where to: --to s3://bucket/prefix, or --to folder.", status=Exit.USAGE
        )
    if len(there) > 1 or next(iter(there)).fallback:
        raise CommandError(
            "Processes that run know several places already; bring them to one with ./deploy.sh.",
            status=Exit.REFUSED,
        )
    begun = Remembered(next(iter(there)).url, _place(to))
    if begun.source == begun.target:
        raise CommandError(f"Files are in {begun.target} already.", status=Exit.USAGE)
    return begun


def _place(to: str) -> str:
    """Only this folder is in a volume; what is written elsewhere in a container goes with it."""
    if to in ("folder", FOLDER):
        return FOLDER
    if not to.startswith("s3://") or validators.url("s3")(to):
        raise CommandError(
            f"'{to}' is no place for files; write s3://bucket/prefix, or folder for {FOLDER}.",
            status=Exit.USAGE,
        )
    return to.rstrip("/")


def _refuse_strangers(move: Move, there: set[Standing]) -> None:
    if strange := sorted(each.url for each in there if each not in move.way):
        raise CommandError(
            f"Something runs that is not on the way from {move.source} to {move.target}: it keeps"
            f" files in {strange[0]}. Deploy what the environment file says first.",
            status=Exit.REFUSED,
        )


def _show(context: CommandContext, steps: tuple[MigrationStep, ...]) -> None:
    context.console.table(
        f"What move-storage does in {context.paths.environment}",
        ("", "step", "where it fails"),
        [(str(number), each.title, each.undo) for number, each in enumerate(steps, 1)],
    )


def _tell(context: CommandContext, found: dict[str, Any], *, is_turned: bool, finish: bool) -> None:
    for warning in found["warnings"]:
        context.console.note("warning", warning)
    verified = found["verified"]
    context.console.note(
        "ok",
        f"{verified['files']} files are in {found['to']}: {verified['compared']} compared by their"
        f" hash, {verified['alone']} that came since.",
    )
    if sent := found["requests"]["sent"]:
        lost = found["requests"]["lost"]
        context.console.say(f"Of {sent} requests meanwhile {lost} were lost.")
    if not finish:
        name = context.paths.environment
        undo = "" if is_turned else f" ./deploy.sh {name} move-storage --back goes back;"
        context.console.say(
            f"{found['from']} is as it was.{undo} ./deploy.sh {name} move-storage --finish empties"
            " it, for good."
        )
    context.console.answer(found)
