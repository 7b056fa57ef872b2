"""status, logs, restart, stop, exec, renew-certificate, support: the days in between."""

from typing import Annotated, Any

import typer

from contravento_ops.acceptance.signing import Seal
from contravento_ops.context import CommandContext
from contravento_ops.environment import file as env_files
from contravento_ops.kit import compose
from contravento_ops.kit.errors import CommandError, Exit, StepFailed
from contravento_ops.kit.services import ONE_OFF
from contravento_ops.operate import renewal, status as looking, support as bundles
from contravento_ops.release import mounted_files, ownership, wait

HEALTHY_SECONDS = 120

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def status(ctx: typer.Context, as_json: Json = False) -> None:
    """Services, certificate, release, and how to reach each part. Exit status 8 if not well."""
    context: CommandContext = ctx.obj
    found = looking.gather(context.project, context.values, _verdict(context))
    show = context.console
    show.table(
        f"Services of {found.environment} in {found.folder}",
        ("", "service", "container", "state", "image"),
        [
            (
                "ok" if service.is_well else "failed",
                service.service,
                service.name,
                service.status,
                service.image,
            )
            for service in found.services
        ]
        + [("failed", name, "", "does not exist", "") for name in found.missing],
    )
    for line in found.evidence:
        show.note("ok" if line.is_well else "warning", f"{line.name}: {line.words}")
    show.say(f"Release: {found.current.short if found.current else 'none was deployed by us'}")
    if found.previous:
        show.say(f"Before it: {found.previous.short} (./deploy.sh … rollback)")
    show.table(
        "Access points",
        ("", "", ""),
        [(each.name, each.address, each.how) for each in found.access],
    )
    show.answer(found.as_json())
    if not found.is_well:
        raise typer.Exit(Exit.BROKEN)


def _verdict(context: CommandContext) -> dict[str, Any] | None:
    try:
        return Seal(context.paths.shared).read()
    except CommandError:
        return None


def logs(
    ctx: typer.Context,
    service: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    tail: Annotated[int, typer.Option(help="How many lines of each.")] = 100,
) -> None:
    """What services said."""
    context: CommandContext = ctx.obj
    words = ["logs", "--tail", str(tail), *(["--follow"] if follow else [])]
    call = context.project.call(*words, *([service] if service else []))
    raise typer.Exit(compose.hand_over(call))


def restart(
    ctx: typer.Context,
    service: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the call and stop.")] = False,
) -> None:
    """Restart one service or all of them, and wait until everything is healthy."""
    context: CommandContext = ctx.obj
    known = context.project.services()
    if service and service not in known:
        raise CommandError(
            f"There is no service {service}; there are {', '.join(known)}.", status=Exit.USAGE
        )
    restarted = [service] if service else [name for name in known if name not in ONE_OFF]
    call = context.project.call("restart", *restarted)
    if dry_run:
        context.console.say(str(call))
        return
    ownership.refuse_another_checkout(context.project)
    with context.changing("restart", service=service or "all"):
        with context.console.step(f"restart {service or 'every service'}"):
            compose.run_well(call)
        try:
            with context.console.step(f"wait until {service or 'everything'} is healthy"):
                others = set(known) - set(restarted)
                wait.all_healthy(context.project, seconds=HEALTHY_SECONDS, but=others)
        except StepFailed as problem:
            raise CommandError(f"{problem}.", status=Exit.BROKEN) from None
        mounted_files.note(context.project, *restarted)


def stop(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the call and stop.")] = False,
) -> None:
    """Stop everything; all data stays, and deploy starts it again."""
    context: CommandContext = ctx.obj
    call = context.project.call("--profile", "*", "down", "--remove-orphans")
    if dry_run:
        context.console.say(str(call))
        return
    ownership.refuse_another_checkout(context.project)
    with context.changing("stop"), context.console.step("stop every service"):
        compose.run_well(call)


def run_in(
    ctx: typer.Context,
    service: Annotated[str, typer.Argument(help="In which service.")],
    command: Annotated[list[str], typer.Argument(help="What to run there.")],
) -> None:
    """Run a command in a service's container; its exit status is ours."""
    context: CommandContext = ctx.obj
    with context.changing_nothing("exec", service=service, command=command[0]) as entry:
        done = compose.hand_over(context.project.call("exec", *_terminal(), service, *command))
        entry["status"] = done
    raise typer.Exit(done)


def _terminal() -> tuple[str, ...]:
    return () if compose.has_terminal() else ("-T",)


def renew_certificate(
    ctx: typer.Context,
    force: Annotated[bool, typer.Option(help="Even if it is not due.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the call and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Renew the certificate if it is due, and see that visitors get it."""
    context: CommandContext = ctx.obj
    if dry_run:
        context.console.say(str(renewal.call(context.project, force=force)))
        return
    with context.changing("renew-certificate", force=force):
        renewed = renewal.renew(context.project, context.values, force=force)
    context.console.note(
        "ok", f"The stored certificate is served, {renewed.seconds_until_served:.0f} s later."
    )
    context.console.answer({"seconds_until_served": renewed.seconds_until_served})


def support(ctx: typer.Context, as_json: Json = False) -> None:
    """Pack what helpers need, without any secret; the bundle scans itself before it is written."""
    context: CommandContext = ctx.obj
    places = (context.paths, *context.paths.others())
    files = [found for place in places if (found := env_files.read(place.env_file))]
    with context.changing_nothing("support"):
        path, names = bundles.make(context.project, files)
    context.console.note("ok", f"{path} holds {len(names)} files and no secret that is known here.")
    context.console.answer({"path": path, "files": names})
