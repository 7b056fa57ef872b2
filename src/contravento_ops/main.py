"""deploy.sh's program: which environment, which verb; refusals become sentences and statuses."""

import sys
from collections.abc import Sequence

import typer

from contravento_ops.commands import (
    backup,
    check,
    deploy,
    kubernetes,
    load,
    move_storage,
    operate,
    parity,
    refresh,
    restore,
    rotate,
)
from contravento_ops.context import CommandContext, paths_of
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.paths import ENVIRONMENTS

DEFAULT_VERB = "deploy"

app = typer.Typer(
    help="Deploy and look after one environment. Without a verb: deploy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("deploy")(deploy.deploy)
app.command("rollback")(deploy.rollback)
app.command("init")(deploy.init)
app.command("check-host")(deploy.check_host)
app.command("check-environment")(deploy.check_environment)
app.command("status")(operate.status)
app.command("logs")(operate.logs)
app.command("restart")(operate.restart)
app.command("stop")(operate.stop)
app.command("exec", context_settings={"allow_interspersed_args": False})(operate.run_in)
app.command("renew-certificate")(operate.renew_certificate)
app.command("support")(operate.support)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("refresh")(refresh.refresh)
app.command("check")(check.check)
app.command("load")(load.load)
app.command("rotate")(rotate.rotate)
app.command("move-storage")(move_storage.move_storage)
app.command("parity")(parity.parity)
app.command("kubernetes")(kubernetes.kubernetes)


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
        app(
            rest,
            prog_name=f"./deploy.sh {environment}",
            obj=CommandContext(paths_of(environment), console),
        )
    except CommandError as refusal:
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
