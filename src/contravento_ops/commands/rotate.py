"""rotate: another value for a secret, taken up without a lost request; and how old each is."""

import sys
import time
from typing import Annotated, Any

import typer

from contravento_ops.commands.deploy import Bake, Healthy, Json
from contravento_ops.context import CommandContext
from contravento_ops.environment import secret_ages, secrets
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.release import facts, rollout
from contravento_ops.rotation import signing
from contravento_ops.rotation.database import OneRole, TwoRoles
from contravento_ops.rotation.rotator import Pace, SecretRotator
from contravento_ops.rotation.services import Backups, Grafana, Mail, Redis
from contravento_ops.rotation.signing import BEFORE, Finishing, Signing
from contravento_ops.rotation.strategy import RotationRequest, RotationStrategy, Typed

BAKE_SECONDS = 10
# A pair is given together, and is good for nothing apart.
TOGETHER = {
    "BACKUP_S3_ACCESS_KEY": ("BACKUP_S3_ACCESS_KEY", "BACKUP_S3_SECRET_KEY"),
    "BACKUP_S3_SECRET_KEY": ("BACKUP_S3_ACCESS_KEY", "BACKUP_S3_SECRET_KEY"),
    "STORAGE_S3_ACCESS_KEY": ("STORAGE_S3_ACCESS_KEY", "STORAGE_S3_SECRET_KEY"),
    "STORAGE_S3_SECRET_KEY": ("STORAGE_S3_ACCESS_KEY", "STORAGE_S3_SECRET_KEY"),
}


def rotate(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Of the secret; --list names them.")] = "",
    list_them: Annotated[bool, typer.Option("--list", help="Name them, with their ages.")] = False,
    from_stdin: Annotated[
        bool, typer.Option("--stdin", help="Read a value that others gave from standard input.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Of SECRET_KEY: forget the old one another time.")
    ] = False,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Of a SECRET_KEY that leaked: forget it at once.")
    ] = False,
    finish: Annotated[
        bool, typer.Option("--finish", help="Of SECRET_KEY: forget the old one now.")
    ] = False,
    bake_seconds: Bake = BAKE_SECONDS,
    healthy_seconds: Healthy = int(rollout.HEALTHY_SECONDS),
    as_json: Json = False,
) -> None:
    """Replace a secret while riders are about, and prove that the old value is refused."""
    context: CommandContext = ctx.obj
    if list_them:
        _list(context)
        return
    _refuse_unknown(context, name)
    pace = Pace(bake_seconds, healthy_seconds)
    with context.changing("rotate", secret=name) as entry:
        context.validate()
        _refuse_unserved(context)
        if name.startswith("POSTGRES_"):
            context.refuse_elsewhere(f"rotate {name}")
        request = _finishing(context) if finish else _request(context, name, from_stdin=from_stdin)
        strategy = (
            Finishing(request)
            if finish
            else strategy_for(request, forgets=not no_wait, waits=not at_once)
        )
        rotator = SecretRotator(request, strategy, context.console, pace, is_made=not finish)
        found = rotator.run()
        entry["proof"] = rotator.proof
        context.validate()
    _tell(context, found)


def strategy_for(
    request: RotationRequest, *, forgets: bool = True, waits: bool = True
) -> RotationStrategy:
    """Raises CommandError where an overlap before is not over."""
    match request.name:
        case signing.NAME:
            if waits:
                _refuse_overlap(request)
            return Signing(request, forgets, waits)
        case "POSTGRES_APP_PASSWORD":
            return TwoRoles(request)
        case "POSTGRES_PASSWORD":
            return OneRole(request, request.values["POSTGRES_USER"])
        case "POSTGRES_OWNER_PASSWORD":
            return OneRole(request, "contravento_owner")
        case "POSTGRES_MONITOR_PASSWORD":
            return OneRole(request, "contravento_monitor")
        case "REDIS_PASSWORD":
            return Redis(request)
        case "GRAFANA_ADMIN_PASSWORD":
            return Grafana(request)
        case "BACKUP_ENCRYPTION_KEY":
            return Backups(request)
        case "SMTP_PASSWORD":
            return Mail(request)
    return Typed(request)


def _request(context: CommandContext, name: str, *, from_stdin: bool) -> RotationRequest:
    variable, values = VARIABLES[name], context.values
    if variable.is_secret:
        new = {name: secrets.make(variable.lengths[context.paths.environment])}
    else:
        names = TOGETHER.get(name, (name,))
        new = {each: _given(each, from_stdin=from_stdin) for each in names}
    return RotationRequest(context.project, values, name, new)


def _given(name: str, *, from_stdin: bool) -> str:
    """One on a line. Raises CommandError where there is none, or it cannot stand in the file."""
    if from_stdin:
        value = sys.stdin.readline().strip()
    else:
        value = typer.prompt(f"The new {name}", hide_input=True).strip()
    wrong = VARIABLES[name].check(value) if value else "nothing was given"
    if wrong or any(each in value for each in "$'\"`\\ \t"):
        why = wrong or "it holds a character that environment files change"
        raise CommandError(f"{name}: {why}.", status=Exit.USAGE)
    return value


def _finishing(context: CommandContext) -> RotationRequest:
    """Raises CommandError where nothing is to be finished, or tokens of the old key are good
    still."""
    values = context.values
    if BEFORE not in values:
        raise CommandError(f"There is no {BEFORE}; nothing is to be finished.", status=Exit.USAGE)
    request = RotationRequest(
        context.project, values, signing.NAME, {signing.NAME: values[signing.NAME]}
    )
    _refuse_overlap(request)
    # what is to be dead is the key before
    old = {**values, signing.NAME: values[BEFORE]}
    return RotationRequest(context.project, old, signing.NAME, request.new)


def _refuse_overlap(request: RotationRequest) -> None:
    if BEFORE not in request.values:
        return
    made = secret_ages.read(request.values).get(signing.NAME, 0)
    left = made + signing.lifetime_seconds(request) - time.time()
    if left > 0:
        raise CommandError(
            f"Tokens of the key before are good for {left / 60:.0f} minutes more; whoever has one"
            " would be signed out. Run this again then.",
            status=Exit.REFUSED,
        )


def _refuse_unknown(context: CommandContext, name: str) -> None:
    there = [secret for secret in secret_ages.SECRETS if secret in context.values]
    if name not in there:
        said = f"'{name}' is no secret of {context.paths.env_file.name}" if name else "Name one"
        raise CommandError(f"{said}; there are {', '.join(there)}.", status=Exit.USAGE)


def _refuse_unserved(context: CommandContext) -> None:
    if "TAG" not in context.values or not facts.gather(context.project).is_serving:
        raise CommandError(
            "Nothing serves here, so nothing could be proven; deploy first.", status=Exit.REFUSED
        )


def _list(context: CommandContext) -> None:
    found = [_known(context, name) for name in secret_ages.SECRETS if name in context.values]
    context.console.table(
        f"Secrets of {context.paths.environment}",
        ("", "secret", "days", "made by"),
        [
            ("warning" if each["is_old"] else "ok", each["name"], _days(each), each["made_by"])
            for each in found
        ],
    )
    context.console.say(f"Older than {secret_ages.OLD_DAYS} days is old: rotate it.")
    context.console.answer(found)


def _known(context: CommandContext, name: str) -> dict[str, Any]:
    made_at = secret_ages.read(context.values).get(name)
    days = None if made_at is None else round(secret_ages.days(made_at), 1)
    return {
        "name": name,
        "made_at": made_at,
        "days": days,
        "is_old": days is not None and days > secret_ages.OLD_DAYS,
        "made_by": "us" if VARIABLES[name].is_secret else "others",
        "protects": VARIABLES[name].meaning,
    }


def _days(known: dict[str, Any]) -> str:
    return "?" if known["days"] is None else f"{known['days']:.0f}"


def _tell(context: CommandContext, found: dict[str, Any]) -> None:
    for warning in found["warnings"]:
        context.console.note("warning", warning)
    context.console.note("ok", found["proof"])
    if sent := found["requests"]["sent"]:
        lost = found["requests"]["lost"]
        context.console.say(f"Of {sent} requests meanwhile {lost} were lost.")
    previous = f"{context.paths.env_file.name}.previous"
    context.console.say(f"The environment file of before is kept as {previous}.")
    context.console.answer(found)
