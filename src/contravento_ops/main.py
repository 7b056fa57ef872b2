"""deploy.sh's program: which environment, which verb; refusals become sentences and statuses."""

import sys
from collections.abc import Sequence

import typer

from contravento_ops.commands import (
    backups,
    checking,
    clustering,
    daily,
    deploying,
    loading,
    moving,
    paralleling,
    refreshing,
    restoring,
    rotating,
)
from contravento_ops.kit.console import Console
from contravento_ops.kit.place import ENVIRONMENTS
from contravento_ops.kit.refusals import Exit, Refusal
from contravento_ops.session import Session, place_of

DEFAULT_VERB = "deploy"

app = typer.Typer(
    help="Deploy and look after one environment. Without a verb: deploy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("deploy")(deploying.deploy)
app.command("rollback")(deploying.rollback)
app.command("init")(deploying.init)
app.command("check-host")(deploying.check_host)
app.command("check-environment")(deploying.check_environment)
app.command("status")(daily.status)
app.command("logs")(daily.logs)
app.command("restart")(daily.restart)
app.command("stop")(daily.stop)
app.command("exec", context_settings={"allow_interspersed_args": False})(daily.run_in)
app.command("renew-certificate")(daily.renew_certificate)
app.command("support")(daily.support)
app.command("backup")(backups.backup)
app.command("restore")(restoring.restore)
app.command("refresh")(refreshing.refresh)
app.command("check")(checking.check)
app.command("load")(loading.load)
app.command("rotate")(rotating.rotate)
app.command("move-storage")(moving.move_storage)
app.command("parity")(paralleling.parity)
app.command("kubernetes")(clustering.kubernetes)


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit status; see kit/refusals.py for what each means."""
    console = Console(
        as_json="--json" in arguments and "exec" not in arguments[1:2],
        answers_plan="--dry-run" in arguments,
    )
    environment = next((each for each in ENVIRONMENTS if [each] == [*arguments[:1]]), None)
    if environment is None:
        return _explain(console, arguments)
    rest = list(arguments[1:])
    if not rest or (rest[0].startswith("-") and rest[0] != "--help"):
        rest.insert(0, DEFAULT_VERB)
    try:
        app(rest, prog_name=f"./deploy.sh {environment}",
            obj=Session(place_of(environment), console))  # fmt: skip
    except Refusal as refusal:
        console.complain(refusal.sentences)
        console.answer({"refused": list(refusal.sentences), "status": refusal.status.name.lower()})
        return refusal.status
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else Exit.FAILED
    return Exit.DONE


def _explain(console: Console, arguments: Sequence[str]) -> int:
    usage = f"./deploy.sh <{'|'.join(ENVIRONMENTS)}> [verb] [options]"
    verbs = ", ".join(command.name or "" for command in app.registered_commands)
    is_asked = bool(arguments) and arguments[0] in ("--help", "-h", "help")
    sentences = (usage, f"Verbs: {verbs}; without one: {DEFAULT_VERB}.")
    if is_asked:
        for sentence in (*sentences, "More: ./deploy.sh staging <verb> --help"):
            console.say(sentence)
        return Exit.DONE
    console.complain(sentences)
    return Exit.USAGE
