"""restore: what was kept becomes what is live, with a way back."""

from typing import Annotated, Any

import typer

from contravento_ops.context import CommandContext
from contravento_ops.kit import compose
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.recovery import target
from contravento_ops.recovery.rebuild import Rebuild
from contravento_ops.recovery.restore import Restore
from contravento_ops.recovery.target import RecoveryTarget

UNDO = "./deploy.sh {} restore --undo"


def restore(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(help="A set, or a file of pg_dump -F c.")] = "",
    to: Annotated[str, typer.Option(help="A moment, in UTC or with its zone; or latest.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Back to what was live before.")] = False,
    yes: Annotated[str, typer.Option(metavar="NAME", help="The environment, unasked.")] = "",
    without_missing_files: Annotated[
        bool, typer.Option("--without-missing-files", help="Even if uploaded files are lost.")
    ] = False,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Begin with a new cluster; the old one is kept.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do all of it but the swap.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Bring back a set, a moment or a dump; what is live now is kept for seven days."""
    context: CommandContext = ctx.obj
    if context.paths.environment == "dev":
        raise CommandError("There are no backups in dev.", status=Exit.USAGE)
    context.refuse_elsewhere("restore")
    asked = target.read(what, to, undo=undo, without_missing_files=without_missing_files)
    context.file()
    restoration = Restore(
        context.project, context.console, asked, is_dry=dry_run, sets_aside=set_aside
    )
    _show(context, restoration)
    if not dry_run:
        confirm(context, yes, f"What is live in {context.paths.environment} gives way to {asked}.")
    with context.changing("restore", wanted=str(asked), dry_run=dry_run) as entry:
        found = restoration.run()
        entry["kept"] = found.get("kept")
    _tell(context, asked, found, dry_run=dry_run)


def rebuild(context: CommandContext, backup: str, to: str) -> None:
    """`init --from-backup`: on a host that has nothing."""
    name = context.paths.environment
    if name == "dev":
        raise CommandError("There are no backups in dev.", status=Exit.USAGE)
    is_set = target.NAME_OF_SET.fullmatch(to)
    asked = target.read(to if is_set else "", "" if is_set else to, without_missing_files=True)
    rebuild_of_host = Rebuild(context.paths, context.console, backup, asked)
    with context.changing("init --from-backup", wanted=str(asked)):
        rebuild_of_host.make_environment(_ask)
        context.validate()
        found = rebuild_of_host.run()
    context.console.note(
        "ok",
        f"{context.paths.env_file.name}, database and files are back:"
        f" {found['words']}, after {found['seconds']} s.",
    )
    for each in found["missing"]:
        context.console.note("warning", f"The file {each} is lost.")
    context.console.say(f"./deploy.sh {name} serves them.")
    context.console.answer(found)


def _ask(name: str) -> str:
    if not compose.has_terminal():
        raise CommandError(f"{name} must be set where nobody can be asked.", status=Exit.USAGE)
    answer: str = typer.prompt(name, hide_input=True)
    return answer


def confirm(context: CommandContext, yes: str, sentence: str) -> None:
    """The environment's name must be typed: who has two windows open may be in the wrong one."""
    name = context.paths.environment
    typed = yes
    if not typed and compose.has_terminal() and not context.console.as_json:
        context.console.note("warning", sentence)
        typed = typer.prompt(f"Type {name} to go on", default="", show_default=False)
    if typed != name:
        raise CommandError(
            f"Nothing was changed. Type the environment's name when asked, or say --yes {name}.",
            status=Exit.USAGE,
        )


def _show(context: CommandContext, restoration: Restore) -> None:
    steps = restoration.steps
    context.console.table(
        f"Restore of {context.paths.environment}: {restoration.target}",
        ("", "step", "if it fails, or to go back"),
        [(str(number), each.title, each.undo) for number, each in enumerate(steps, start=1)],
    )


def _tell(
    context: CommandContext, asked: RecoveryTarget, found: dict[str, Any], *, dry_run: bool
) -> None:
    console, name = context.console, context.paths.environment
    if dry_run:
        console.note(
            "ok", f"{found['words']} can be restored: {found['seconds']} s. Nothing changed."
        )
    else:
        console.note("ok", f"Live is now {found['words']}, after {found['seconds']} s.")
    if found.get("kept"):
        console.say(
            f"What was live is kept as {found['kept']} until {found['kept_until']}:"
            f" {UNDO.format(name)}"
        )
    for each in found["missing"]:
        console.note("warning", f"The file {each} is lost.")
    if found.get("ends_sign_ins") and not dry_run:
        console.say("Everybody has to sign in again. The backup service takes a new set now.")
    console.answer({**found, "dry_run": dry_run, "wanted": str(asked)})
