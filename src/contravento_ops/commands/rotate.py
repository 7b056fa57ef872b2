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
    context: typer.Context,
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
    session: CommandContext = context.obj
    if list_them:
        _list(session)
        return
    _refuse_unknown(session, name)
    pace = Pace(bake_seconds, healthy_seconds)
    with session.changing("rotate", secret=name) as entry:
        session.validate()
        _refuse_unserved(session)
        if name.startswith("POSTGRES_"):
            session.refuse_elsewhere(f"rotate {name}")
        turn = _finishing(session) if finish else _turn(session, name, from_stdin=from_stdin)
        way = Finishing(turn) if finish else way_of(turn, forgets=not no_wait, waits=not at_once)
        turning = SecretRotator(turn, way, session.console, pace, is_made=not finish)
        found = turning.run()
        entry["proof"] = turning.proof
        session.validate()
    _tell(session, found)


def way_of(turn: RotationRequest, *, forgets: bool = True, waits: bool = True) -> RotationStrategy:
    """Raises CommandError where an overlap before is not over."""
    match turn.name:
        case signing.NAME:
            if waits:
                _refuse_overlap(turn)
            return Signing(turn, forgets, waits)
        case "POSTGRES_APP_PASSWORD":
            return TwoRoles(turn)
        case "POSTGRES_PASSWORD":
            return OneRole(turn, turn.values["POSTGRES_USER"])
        case "POSTGRES_OWNER_PASSWORD":
            return OneRole(turn, "contravento_owner")
        case "POSTGRES_MONITOR_PASSWORD":
            return OneRole(turn, "contravento_monitor")
        case "REDIS_PASSWORD":
            return Redis(turn)
        case "GRAFANA_ADMIN_PASSWORD":
            return Grafana(turn)
        case "BACKUP_ENCRYPTION_KEY":
            return Backups(turn)
        case "SMTP_PASSWORD":
            return Mail(turn)
    return Typed(turn)


def _turn(session: CommandContext, name: str, *, from_stdin: bool) -> RotationRequest:
    variable, values = VARIABLES[name], session.values
    if variable.is_secret:
        new = {name: secrets.make(variable.lengths[session.place.environment])}
    else:
        names = TOGETHER.get(name, (name,))
        new = {each: _given(each, from_stdin=from_stdin) for each in names}
    return RotationRequest(session.project, values, name, new)


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


def _finishing(session: CommandContext) -> RotationRequest:
    """Raises CommandError where nothing is to be finished, or tokens of the old key are good
    still."""
    values = session.values
    if BEFORE not in values:
        raise CommandError(f"There is no {BEFORE}; nothing is to be finished.", status=Exit.USAGE)
    turn = RotationRequest(
        session.project, values, signing.NAME, {signing.NAME: values[signing.NAME]}
    )
    _refuse_overlap(turn)
    # what is to be dead is the key before
    old = {**values, signing.NAME: values[BEFORE]}
    return RotationRequest(session.project, old, signing.NAME, turn.new)


def _refuse_overlap(turn: RotationRequest) -> None:
    if BEFORE not in turn.values:
        return
    made = secret_ages.read(turn.values).get(signing.NAME, 0)
    left = made + signing.lifetime_seconds(turn) - time.time()
    if left > 0:
        raise CommandError(
            f"Tokens of the key before are good for {left / 60:.0f} minutes more; whoever has one"
            " would be signed out. Run this again then.",
            status=Exit.REFUSED,
        )


def _refuse_unknown(session: CommandContext, name: str) -> None:
    there = [each for each in secret_ages.SECRETS if each in session.values]
    if name not in there:
        said = f"'{name}' is no secret of {session.place.env_file.name}" if name else "Name one"
        raise CommandError(f"{said}; there are {', '.join(there)}.", status=Exit.USAGE)


def _refuse_unserved(session: CommandContext) -> None:
    if "TAG" not in session.values or not facts.gather(session.project).is_serving:
        raise CommandError(
            "Nothing serves here, so nothing could be proven; deploy first.", status=Exit.REFUSED
        )


def _list(session: CommandContext) -> None:
    found = [_known(session, name) for name in secret_ages.SECRETS if name in session.values]
    session.console.table(
        f"Secrets of {session.place.environment}",
        ("", "secret", "days", "made by"),
        [
            ("warning" if each["is_old"] else "ok", each["name"], _days(each), each["made_by"])
            for each in found
        ],
    )
    session.console.say(f"Older than {secret_ages.OLD_DAYS} days is old: rotate it.")
    session.console.answer(found)


def _known(session: CommandContext, name: str) -> dict[str, Any]:
    made_at = secret_ages.read(session.values).get(name)
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


def _tell(session: CommandContext, found: dict[str, Any]) -> None:
    for each in found["warnings"]:
        session.console.note("warning", each)
    session.console.note("ok", found["proof"])
    if sent := found["requests"]["sent"]:
        lost = found["requests"]["lost"]
        session.console.say(f"Of {sent} requests meanwhile {lost} were lost.")
    previous = f"{session.place.env_file.name}.previous"
    session.console.say(f"The environment file of before is kept as {previous}.")
    session.console.answer(found)
