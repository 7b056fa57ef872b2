"""backup: what the backup service does by itself, now."""

from enum import StrEnum
from typing import Annotated

import typer

from contravento_ops.context import CommandContext
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Project
from contravento_ops.kit.errors import CommandError, Exit

SERVICE, PROGRAM = "backup", "contravento-backup"
BUSY = 5  # of the program in the container
CHANGES_NOTHING = frozenset({"list"})


class Action(StrEnum):
    NOW = "now"
    LIST = "list"
    DRILL = "drill"
    PRUNE = "prune"
    SHIP = "ship"


def backup(
    ctx: typer.Context,
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.NOW,
    name: Annotated[str, typer.Argument(help="Of the set to drill; else the newest.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the calls and stop.")] = False,
) -> None:
    """Take a set and prove it; or list, drill, prune, ship."""
    context: CommandContext = ctx.obj
    if context.paths.environment == "dev":
        raise CommandError("There are no backups in dev.", status=Exit.USAGE)
    context.refuse_elsewhere("backup")
    if name and action is not Action.DRILL:
        raise CommandError(f"{action} takes no name of a set.", status=Exit.USAGE)
    made = calls(context.project, action, name, as_json=as_json)
    if dry_run:
        for each in made:
            context.console.say(str(each))
        return
    _refuse_without_service(context.project)
    with context.changing_nothing(f"backup {action}", set=name) as entry:
        entry["status"] = status = _carry_out(made)
        if status:
            entry["outcome"] = f"failed ({status.name.lower()})"
    raise typer.Exit(status)


def calls(project: Project, action: Action, name: str, *, as_json: bool) -> tuple[Call, ...]:
    """A set that is taken by hand holds the environment file as it stands now."""
    words = [PROGRAM, action, *([name] if name else [])]
    if as_json and action in (Action.NOW, Action.LIST, Action.DRILL):
        words.append("--json")
    call = project.call("exec", "-T", SERVICE, *words)
    if action is not Action.NOW:
        return (call,)
    return (project.call("run", "--rm", "--no-deps", "-T", "backup-prepare"), call)


def _refuse_without_service(project: Project) -> None:
    if not any(container.state == "running" for container in project.containers(SERVICE)):
        raise CommandError(
            f"The service {SERVICE} does not run; ./deploy.sh … starts it.", status=Exit.DOCKER
        )


def _carry_out(made: tuple[Call, ...]) -> Exit:
    """The container's program tells people and machines itself."""
    *before, last = made
    for each in before:
        compose.run_well(each)
    status = compose.hand_over(last)
    if status == BUSY:
        return Exit.BUSY
    return Exit.FAILED if status else Exit.DONE
