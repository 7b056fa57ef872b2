"""deploy, rollback, init, check-host: what changes which release or which host it is."""

from typing import Annotated

import typer

from contravento_ops.acceptance import promotion
from contravento_ops.acceptance.signing import UNPROVEN, Seal
from contravento_ops.commands import restore, swarm as swarm_releases
from contravento_ops.context import CommandContext
from contravento_ops.environment import file as env_files, initialise, secret_ages
from contravento_ops.environment.variables.table import Variable
from contravento_ops.host import checks, facts as host_facts
from contravento_ops.host.checks import CHECKS, Verdict
from contravento_ops.kit import state
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.recovery import target
from contravento_ops.release import (
    facts,
    mounted_files,
    old_images,
    ownership,
    plan,
    rollout,
    source,
)
from contravento_ops.release.plan import ReleasePlan
from contravento_ops.release.report import Report
from contravento_ops.release.steps import Kind, Options
from contravento_ops.swarm.plan import SwarmPlan

DEFAULT_BAKE_SECONDS = 30

Skip = Annotated[
    list[str],
    typer.Option("--skip", metavar="NAME", help="Leave out a check of the host: see check-host."),
]
EXITS = {"deployed": Exit.LOST, "went back": Exit.WENT_BACK}
KEY = "BACKUP_ENCRYPTION_KEY"
LOST = "without it the off-site copy of a lost server is worth nothing"

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")]
Bake = Annotated[int, typer.Option(min=1, help="Seconds to watch before the old one goes.")]
Healthy = Annotated[int, typer.Option(min=5, help="Seconds that a start may take.")]


ToSwarm = Annotated[bool, typer.Option("--swarm", help="To this manager's Swarm, not to one host.")]
Registry = Annotated[
    str, typer.Option(metavar="NAME", help="Where a Swarm's nodes get what was built here.")
]


def deploy(
    ctx: typer.Context,
    image: Annotated[str | None, typer.Option(help="Take this image; build none.")] = None,
    bake_seconds: Bake = DEFAULT_BAKE_SECONDS,
    healthy_seconds: Healthy = int(rollout.HEALTHY_SECONDS),
    skip: Skip = [],  # noqa: B006  (Typer copies it)
    swarm: ToSwarm = False,
    registry: Registry = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring this release into service, beside the one that serves where one does."""
    context: CommandContext = ctx.obj
    if image is None and context.paths.environment == "prod":
        image = promotion.image_of(Seal(context.paths.shared).read())
    options = source.choose(context.paths.root, image, bake_seconds=bake_seconds)
    if swarm:
        _deploy_to_swarm(context, options, registry, dry_run=dry_run, seconds=healthy_seconds)
        return
    _deploy(context, options, skip, dry_run=dry_run, healthy_seconds=healthy_seconds)


def rollback(
    ctx: typer.Context,
    bake_seconds: Bake = DEFAULT_BAKE_SECONDS,
    healthy_seconds: Healthy = int(rollout.HEALTHY_SECONDS),
    skip: Skip = [],  # noqa: B006  (Typer copies it)
    swarm: ToSwarm = False,
    registry: Registry = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Go back to the release before, in the same careful way."""
    context: CommandContext = ctx.obj
    previous = state.read(context.paths.state).previous
    if previous is None:
        raise CommandError(
            "There is no release before this one to go back to.", status=Exit.REFUSED
        )
    options = Options(
        tag=source.tag_of(previous.image),
        build=False,
        bake_seconds=bake_seconds,
        going_back=True,
    )
    if swarm:
        _deploy_to_swarm(context, options, registry, dry_run=dry_run, seconds=healthy_seconds)
        return
    _deploy(context, options, skip, dry_run=dry_run, healthy_seconds=healthy_seconds)


def _deploy(
    context: CommandContext,
    options: Options,
    skip: list[str],
    *,
    dry_run: bool,
    healthy_seconds: int,
) -> None:
    _refuse_unknown(skip)
    context.file()
    action = "rollback" if options.going_back else "deploy"
    if dry_run:
        _show(context, plan.make(facts.gather(context.project), options))
        return
    with context.changing(action, release=options.tag, skipped=skip) as entry:
        context.validate()
        ownership.refuse_what_is_not_ours(context.project, context.values)
        made = plan.make(facts.gather(context.project), options)
        _show(context, made)
        report = _carry_out(context, made, skip, healthy_seconds)
        entry["outcome"] = report.outcome
        entry["cause"] = report.cause
    if report.outcome == "deployed" and (sentence := old_images.remove(context.paths)):
        context.console.say(sentence)
    _tell(context, report)


def _deploy_to_swarm(
    context: CommandContext, options: Options, registry: str, *, dry_run: bool, seconds: int
) -> None:
    context.file()
    tag = options.tag
    action = "rollback" if options.going_back else "deploy"
    if dry_run:
        _show(context, swarm_releases.make(context, options, registry))
        return
    with context.changing(action, release=tag, swarm=True) as entry:
        context.validate()
        made = swarm_releases.make(context, options, registry)
        _show(context, made)
        report = swarm_releases.carry_out(
            context,
            made,
            seconds,
            check_verdict=lambda: _check_verdict(context, tag),
            remember=lambda migration: _note(context, source.describe(tag, migration)),
        )
        entry["outcome"] = report.outcome
        entry["cause"] = report.cause
    _tell(context, report)


def _carry_out(
    context: CommandContext, made: ReleasePlan, skip: list[str], healthy_seconds: int
) -> Report:
    before = state.read(context.paths.state).current
    tag = made.options.tag
    report = Report(
        context.paths.environment, f"contravento:{tag}", before.image if before else None
    )
    rolling = rollout.Rollout(
        plan=made,
        console=context.console,
        report=report,
        values=context.values,
        checks={
            Kind.HOST: lambda: _check_host(context, skip),
            Kind.ENVIRONMENT: context.validate,
            Kind.VERDICT: lambda: _check_verdict(context, tag),
            Kind.RECORD: lambda: _remember(context, tag),
        },
        healthy_seconds=healthy_seconds,
    )
    try:
        rolling.run()
    finally:
        report.write(context.paths.reports)
    if report.outcome == "deployed":
        mounted_files.note(context.project)
    return report


def _check_verdict(context: CommandContext, tag: str) -> None:
    """Raises CommandError where staging has not proven this image, as it is, lately."""
    release = source.describe(tag, None)
    statement = Seal(context.paths.shared).read()
    if why := promotion.why_not(statement, image_id=release.image_id, root=context.paths.root):
        raise CommandError(f"{UNPROVEN}: {why}.", status=Exit.REFUSED)


def _remember(context: CommandContext, tag: str) -> None:
    """In the state, and in the environment file, so that plain Compose starts the same release."""
    _note(context, source.describe(tag, facts.migration_of(context.project)))


def _note(context: CommandContext, release: state.Release) -> None:
    state.write(context.paths.state, state.read(context.paths.state).after(release))
    env_files.put(context.paths.env_file, "TAG", source.tag_of(release.image))
    secret_ages.note(context.paths.env_file)


def _show(context: CommandContext, made: ReleasePlan | SwarmPlan) -> None:
    steps = made.steps
    context.console.table(
        f"Plan for {context.paths.environment}: contravento:{made.options.tag}",
        ("", "step", "usually", "if it fails"),
        [
            (str(number), step.title, step.usually, step.undo)
            for number, step in enumerate(steps, start=1)
        ],
    )
    shown = [
        {"kind": step.kind, "title": step.title, "calls": [str(call) for call in step.calls]}
        for step in steps
    ]
    if context.console.as_json and context.console.answers_plan:
        context.console.answer({"release": made.options.tag, "steps": shown})


def _tell(context: CommandContext, report: Report) -> None:
    is_good = report.outcome == "deployed" and not report.has_losses
    mark = "ok" if is_good else {"went back": "warning"}.get(report.outcome, "failed")
    for sentence in report.sentences():
        context.console.note(mark, sentence)  # type: ignore[arg-type]
    context.console.answer(report.as_json())
    if not is_good:
        raise typer.Exit(EXITS.get(report.outcome, Exit.BROKEN))


def check_host(
    ctx: typer.Context,
    skip: Skip = [],  # noqa: B006  (Typer copies it)
    rules: Annotated[bool, typer.Option(help="Show firewall rules that fit.")] = False,
    as_json: Json = False,
) -> None:
    """See whether this host is fit; changes nothing."""
    context: CommandContext = ctx.obj
    _refuse_unknown(skip)
    if rules:
        context.console.say(checks.rules_for())
    verdicts = _verdicts(context, skip)
    context.console.answer(
        {"is_fit": _is_fit(verdicts), "checks": [_as_json(verdict) for verdict in verdicts]}
    )
    if not _is_fit(verdicts):
        raise typer.Exit(Exit.HOST)


def _check_host(context: CommandContext, skip: list[str]) -> None:
    """Raises CommandError with a sentence for each check that fails."""
    failed = [verdict for verdict in _verdicts(context, skip) if verdict.mark == "failed"]
    if failed:
        raise CommandError(
            *(f"{each.name}: {each.found}; {each.mend}." for each in failed), status=Exit.HOST
        )


def _verdicts(context: CommandContext, skip: list[str]) -> list[Verdict]:
    verdicts = list(checks.judge(host_facts.gather(context.project, context.values), skip))
    context.console.table(
        "This host",
        ("", "check", "found", "mend"),
        [
            (
                verdict.mark,
                verdict.name,
                verdict.found,
                verdict.mend if verdict.mark == "failed" else "",
            )
            for verdict in verdicts
        ],
    )
    fit = "The host is fit." if _is_fit(verdicts) else "The host is not fit."
    context.console.say(fit)
    return verdicts


def _is_fit(verdicts: list[Verdict]) -> bool:
    return all(verdict.mark != "failed" for verdict in verdicts)


def _as_json(verdict: Verdict) -> dict[str, str]:
    return {
        "name": verdict.name,
        "verdict": verdict.mark,
        "found": verdict.found,
        "mend": verdict.mend,
    }


def _refuse_unknown(skip: list[str]) -> None:
    for name in skip:
        if name not in CHECKS:
            known = ", ".join(CHECKS)
            raise CommandError(f"There is no check '{name}'; there are {known}.", status=Exit.USAGE)


def init(
    ctx: typer.Context,
    given: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="A value, instead of asking.")
    ] = [],  # noqa: B006  (Typer copies it)
    no_questions: Annotated[bool, typer.Option(help="Take what the example suggests.")] = False,
    from_backup: Annotated[
        str, typer.Option(metavar="PLACE", help="Rebuild all of it from a backup folder, or S3.")
    ] = "",
    to: Annotated[
        str, typer.Option(help="What of the backup: a set, a moment, or latest.")
    ] = target.LATEST,
    as_json: Json = False,
) -> None:
    """Make the environment file with every secret, or add what is missing; never overwrite."""
    context: CommandContext = ctx.obj
    if from_backup:
        restore.rebuild(context, from_backup, to)
        return
    values = dict(_pair(each) for each in given)

    def ask(variable: Variable, suggestion: str) -> str:
        if no_questions:
            return suggestion
        answer: str = typer.prompt(
            variable.asked, default=suggestion, hide_input=variable.is_sensitive
        )
        return answer

    with context.changing("init"):
        outcome = initialise.initialise(context.paths, values, ask)
        if context.paths.environment == "staging":
            Seal(context.paths.shared).make_key()  # verdicts are signed with it
    name = context.paths.env_file.name
    if outcome.created:
        context.console.say(f"{name} is made, for your eyes only (mode 0600).")
    elif outcome.added:
        context.console.say(f"{name} got {', '.join(outcome.added)}; nothing else changed.")
    else:
        context.console.say(f"{name} is as it was.")
    if KEY in outcome.added:
        context.console.note("warning", f"Keep {KEY} on another machine or on paper, too: {LOST}.")
    context.console.answer({"created": outcome.created, "added": outcome.added})
    context.validate()
    if outcome.created and ownership.stored_before(context.project):
        raise CommandError(
            f"{name} is new, but a database is stored here already, which its passwords do not"
            f" open: {ownership.WAY_BACK}.",
            status=Exit.REFUSED,
        )
    context.console.note("ok", f"{name} has no mistake that can be seen.")


def _pair(written: str) -> tuple[str, str]:
    name, separator, value = written.partition("=")
    if not separator:
        raise CommandError(f"--set takes NAME=VALUE, not '{written}'.", status=Exit.USAGE)
    return name, value


def check_environment(ctx: typer.Context, as_json: Json = False) -> None:
    """Look for mistakes in the environment file; changes nothing."""
    context: CommandContext = ctx.obj
    context.validate()
    context.console.note("ok", f"{context.paths.env_file.name} has no mistake that can be seen.")
    context.console.answer({"problems": []})
