"""parity: whether staging is set as production is, where it is to be."""

from pathlib import Path
from typing import Annotated, Any

import typer

from contravento_ops.commands.deploy import Json
from contravento_ops.context import CommandContext
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.parity import sources
from contravento_ops.parity.diff import Difference


def parity(
    ctx: typer.Context,
    write: Annotated[
        str, typer.Option(metavar="FILE", help="Write down how this environment is set, and stop.")
    ] = "",
    with_file: Annotated[
        str, typer.Option("--with", metavar="FILE", help="What --write wrote on production's host.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Compare what staging and production are really set to; changes nothing."""
    context: CommandContext = ctx.obj
    if write:
        sources.look_at(context.paths).write(Path(write))
        context.console.note("ok", f"{write} holds how {context.paths.environment} is set.")
        context.console.answer({"written": write})
        return
    if context.paths.environment != "staging":
        raise CommandError(
            "It is staging that is compared: ./deploy.sh staging parity.", status=Exit.USAGE
        )
    found = sources.differences(context.paths, with_file)
    if found is None:
        raise CommandError(
            "No production is known here. Where it has a host of its own, run ./deploy.sh prod"
            " parity --write prod.json there, and name that file with --with.",
            status=Exit.USAGE,
        )
    _tell(context, found)
    if not all(each.is_allowed for each in found):
        raise typer.Exit(Exit.NO_GO)


def _tell(context: CommandContext, found: list[Difference]) -> None:
    console = context.console
    rows = [
        (
            "ok" if each.is_allowed else "failed",
            each.key,
            each.staging,
            each.production,
            each.reason or "nobody allows it",
        )
        for each in found
    ]
    console.table(f"{len(found)} differences", ("", "what", "staging", "production", "why"), rows)
    unknown = [each for each in found if not each.is_allowed]
    for each in unknown:
        console.note("failed", str(each))
    console.note(
        "failed" if unknown else "ok",
        f"{len(unknown)} differences that nobody allows, {len(found) - len(unknown)}"
        " that are meant.",
    )
    console.answer(_answer(found))


def _answer(found: list[Difference]) -> dict[str, Any]:
    return {
        "is_alike": all(each.is_allowed for each in found),
        "differences": [each.as_json() for each in found],
    }
