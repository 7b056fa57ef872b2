"""refresh: staging serves what another environment had, without its people."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from contravento_ops.commands.restore import UNDO, confirm
from contravento_ops.context import CommandContext
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Project, docker
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.recovery.restore import Restore, follow
from contravento_ops.recovery.target import RecoveryTarget

KEY = "BACKUP_SOURCE_KEY"
MOUNTED = "/from"


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of this host, or a volume of its Docker engine."""

    place: str
    set: str = ""
    keep_texts: bool = False

    def __str__(self) -> str:
        return f"{self.set or 'the newest proven set'} in {self.place}"

    def call(self, project: Project) -> Call:
        """In a container without a network; the other environment's folder is only read."""
        mount = ("--volume", f"{self.place}:{MOUNTED}:ro")
        key = ("--env", KEY) if os.environ.get(KEY) else ()
        words = ["refresh", MOUNTED, *([self.set] if self.set else [])]
        if self.keep_texts:
            words.append("--keep-texts")
        return project.call("run", "--rm", "--no-deps", "-T", *mount, *key, "restore", *words)


def refresh(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Of the set; else the newest proven one.")] = "",
    from_backup: Annotated[
        str, typer.Option(metavar="PLACE", help="Its backup folder, or the volume that it is.")
    ] = "",
    keep_texts: Annotated[
        bool, typer.Option("--keep-texts", help="Where they name nobody.")
    ] = False,
    yes: Annotated[str, typer.Option(metavar="NAME", help="The environment, unasked.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do all of it but the swap.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Serve another environment's backup, with everybody in it replaced. For staging only."""
    context: CommandContext = ctx.obj
    if context.paths.environment != "staging":
        raise CommandError(
            "refresh is for staging: it replaces all riders there are by people who never were."
            " ./deploy.sh … restore brings back what was kept.",
            status=Exit.USAGE,
        )
    context.refuse_elsewhere("refresh")
    source = Source(_place(from_backup), name, keep_texts)
    context.file()
    if not dry_run:
        confirm(context, yes, f"What is live in staging gives way to {source}, without its people.")
    with context.changing("refresh", source=str(source), dry_run=dry_run) as entry:
        made = follow(context.console, source.call(context.project))
        wanted = RecoveryTarget(refreshed=str(made["words"]))
        found = Restore(context.project, context.console, wanted, is_dry=dry_run).run()
        entry["kept"] = found.get("kept")
    _tell(context, {**found, "people": made["people"]}, dry_run=dry_run)


def _place(given: str) -> str:
    """Raises CommandError where it is neither a backup folder nor a volume."""
    if not given:
        raise CommandError("Say where the backup is: --from-backup PLACE.", status=Exit.USAGE)
    if given.startswith("s3:"):
        raise CommandError(
            "Fetch an off-site copy first, with `restic restore latest --target FOLDER`, and name"
            " that folder.",
            status=Exit.USAGE,
        )
    folder = Path(given)
    if "/" not in given:
        if compose.run(docker("volume", "inspect", given)).ok:
            return given
    elif (folder / "sets").is_dir():
        return str(folder.resolve())
    raise CommandError(
        f"{given} is neither a backup folder, with a folder sets in it, nor a Docker volume.",
        status=Exit.USAGE,
    )


def _tell(context: CommandContext, found: dict[str, Any], *, dry_run: bool) -> None:
    console = context.console
    words = f"{found['words']}: {found['people']} riders, and nobody that there is"
    ending = "It could be live; nothing changed." if dry_run else "Live in staging."
    console.note("ok", f"{words}. {ending} After {found['seconds']} s.")
    if found.get("kept"):
        console.say(
            f"What was live is kept as {found['kept']} until {found['kept_until']}:"
            f" {UNDO.format('staging')}"
        )
    console.answer({**found, "dry_run": dry_run})
