"""status, logs, restart, stop, exec, renew-certificate, support: the days in between."""

from typing import Annotated

import typer

from contravento_ops.context import CommandContext
from contravento_ops.environment import file as env_files
from contravento_ops.kit import compose
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.operate import certificate, status as looking, support as bundles
from contravento_ops.release import wait
from contravento_ops.release.wait import NotWell

HEALTHY_SECONDS = 120

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def status(context: typer.Context, as_json: Json = False) -> None:
    """Services, certificate, release, and how to reach each part. Exit status 8 if not well."""
    session: CommandContext = context.obj
    found = looking.gather(session.project, session.values)
    show = session.console
    show.table(
        f"Services of {found.environment}",
        ("", "service", "container", "state", "image"),
        [
            ("ok" if each.is_well else "failed", each.service, each.name, each.status, each.image)
            for each in found.services
        ]
        + [("failed", name, "", "does not exist", "") for name in found.missing],
    )
    if found.certificate:
        held = found.certificate
        show.say(f"Certificate: {held.subject}, by {held.issuer}, until {held.not_after}")
        show.say(f"             ({held.days_left} days)")
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


def logs(
    context: typer.Context,
    service: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    tail: Annotated[int, typer.Option(help="How many lines of each.")] = 100,
) -> None:
    """What services said."""
    session: CommandContext = context.obj
    words = ["logs", "--tail", str(tail), *(["--follow"] if follow else [])]
    call = session.project.call(*words, *([service] if service else []))
    raise typer.Exit(compose.hand_over(call))


def restart(
    context: typer.Context,
    service: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the call and stop.")] = False,
) -> None:
    """Restart one service or all of them, and wait until everything is healthy."""
    session: CommandContext = context.obj
    known = session.project.services()
    if service and service not in known:
        raise CommandError(
            f"There is no service {service}; there are {', '.join(known)}.", status=Exit.USAGE
        )
    running = [each for each in known if each not in wait.ONE_OFF]
    call = session.project.call("restart", *([service] if service else running))
    if dry_run:
        session.console.say(str(call))
        return
    with session.changing("restart", service=service or "all"):
        with session.console.step(f"restart {service or 'every service'}"):
            compose.run_well(call)
        try:
            with session.console.step("wait until everything is healthy"):
                wait.all_healthy(session.project, seconds=HEALTHY_SECONDS)
        except NotWell as problem:
            raise CommandError(f"{problem}.", status=Exit.BROKEN) from None


def stop(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the call and stop.")] = False,
) -> None:
    """Stop everything; all data stays, and deploy starts it again."""
    session: CommandContext = context.obj
    call = session.project.call("--profile", "*", "down", "--remove-orphans")
    if dry_run:
        session.console.say(str(call))
        return
    with session.changing("stop"), session.console.step("stop every service"):
        compose.run_well(call)


def run_in(
    context: typer.Context,
    service: Annotated[str, typer.Argument(help="In which service.")],
    command: Annotated[list[str], typer.Argument(help="What to run there.")],
) -> None:
    """Run a command in a service's container; its exit status is ours."""
    session: CommandContext = context.obj
    with session.changing_nothing("exec", service=service, command=command[0]) as entry:
        done = compose.hand_over(session.project.call("exec", *_terminal(), service, *command))
        entry["status"] = done
    raise typer.Exit(done)


def _terminal() -> tuple[str, ...]:
    return () if compose.has_terminal() else ("-T",)


def renew_certificate(
    context: typer.Context,
    force: Annotated[bool, typer.Option(help="Even if it is not due.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the call and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Renew the certificate if it is due, and see that visitors get it."""
    session: CommandContext = context.obj
    if dry_run:
        session.console.say(str(certificate.call(session.project, force=force)))
        return
    with session.changing("renew-certificate", force=force):
        renewal = certificate.renew(session.project, session.values, force=force)
    session.console.note(
        "ok", f"The stored certificate is served, {renewal.seconds_until_served:.0f} s later."
    )
    session.console.answer({"seconds_until_served": renewal.seconds_until_served})


def support(context: typer.Context, as_json: Json = False) -> None:
    """Pack what helpers need, without any secret; the bundle scans itself before it is written."""
    session: CommandContext = context.obj
    places = (session.place, *session.place.others())
    files = [found for each in places if (found := env_files.read(each.env_file))]
    with session.changing_nothing("support"):
        path, names = bundles.make(session.project, files)
    session.console.note("ok", f"{path} holds {len(names)} files and no secret that is known here.")
    session.console.answer({"path": path, "files": names})
