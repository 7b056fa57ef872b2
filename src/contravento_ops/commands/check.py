"""check: the whole checklist before a release, and one answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from contravento_ops.acceptance import promotion, report_page, runner, waivers
from contravento_ops.acceptance.registry import BOXES, BY_NAME, Box
from contravento_ops.acceptance.signing import Seal
from contravento_ops.acceptance.verdict import Judged, Verdict
from contravento_ops.context import CommandContext
from contravento_ops.kit.console import Board, Console, Mark
from contravento_ops.kit.errors import CommandError, Exit

MARKS: dict[str, Mark] = {"green": "ok", "red": "failed", "unknown": "failed"}
COLUMNS = ("", "box", "what was found", "s")


def check(
    ctx: typer.Context,
    only: Annotated[
        list[str], typer.Option("--only", metavar="NAME", help="Judge this box; may be repeated.")
    ] = [],  # noqa: B006  (Typer copies it)
    list_them: Annotated[bool, typer.Option("--list", help="Name the boxes and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Judge the running environment as its riders would; GO or NO-GO, with evidence."""
    context: CommandContext = ctx.obj
    if context.paths.environment == "dev":
        raise CommandError("There is no checklist in dev.", status=Exit.USAGE)
    boxes = _chosen(only)
    if list_them:
        _list(context.console, boxes)
        return
    excused = waivers.read(context.paths.memory / waivers.FILE, datetime.now(UTC).date())
    with context.changing("check", boxes=[each.name for each in boxes]) as entry:
        with _live(context.console, boxes) as board:
            verdict = runner.judge_all(
                context.project,
                context.values,
                boxes,
                excused,
                hear=lambda judged: board.put(judged.box.name, _row(judged)),
                begin=lambda box: board.put(box.name, ("", box.name, f"{box.title} …", "")),
            )
        entry["outcome"] = verdict.word
        _keep(context, verdict)
    context.console.answer(verdict.as_json())
    if any(each.is_in_the_way for each in verdict.judged):
        raise typer.Exit(Exit.NO_GO)


def _chosen(names: list[str]) -> tuple[Box, ...]:
    for name in names:
        if name not in BY_NAME:
            known = ", ".join(BY_NAME)
            raise CommandError(f"There is no box '{name}'; there are {known}.", status=Exit.USAGE)
    return tuple(box for box in BOXES if not names or box.name in names)


def _list(console: Console, boxes: tuple[Box, ...]) -> None:
    console.table(
        f"{len(boxes)} boxes",
        ("group", "box", "green if"),
        [(each.group, each.name, each.title) for each in boxes],
    )
    console.answer([{"name": box.name, "group": box.group, "title": box.title} for box in boxes])


@contextmanager
def _live(console: Console, boxes: tuple[Box, ...]) -> Iterator[Board]:
    rows = {box.name: ("", box.name, "", "") for box in boxes}
    with console.board("The checklist", COLUMNS, rows) as board:
        yield board


def _row(judged: Judged) -> tuple[str, ...]:
    mark = "warning" if judged.waiver else MARKS[judged.outcome]
    said = judged.evidence.sentence
    if judged.outcome == "unknown":
        said = f"cannot be judged: {said}"
    if judged.waiver:
        said += f" (waived by {judged.waiver.who} until {judged.waiver.until})"
    return mark, judged.box.name, said, f"{judged.seconds:.1f}"


def _keep(context: CommandContext, verdict: Verdict) -> None:
    """The report, for people and for machines; and the last word."""
    folder = runner.folder_for(context.paths.memory)
    (folder / "report.json").write_text(json.dumps(verdict.as_json(), indent=2) + "\n")
    (folder / "report.html").write_text(report_page.write(verdict, context.paths.root))
    if verdict.is_whole and verdict.environment == "staging":
        Seal(context.paths.shared).sign(promotion.statement(verdict, context.paths.root))
    red = [each for each in verdict.judged if each.is_in_the_way]
    console = context.console
    for each in red:
        console.note("failed", f"{each.box.name}: {each.evidence.sentence}")
        for name, value in each.evidence.facts.items():
            console.say(f"    {name}: {value}")
    console.note(
        "failed" if red else "ok",
        f"{verdict.word} after {verdict.seconds:.0f} s: {len(verdict.judged) - len(red)}"
        f" of {len(verdict.judged)} boxes are not in the way.",
    )
    console.say(f"The report is {folder / 'report.html'}.")
