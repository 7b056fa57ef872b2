"""The command line, put together: each verb's module is imported when the verb is asked for."""

import sys
from importlib import import_module  # noqa: TID251  (the one place: verbs, when they are asked for)

import typer
from typer.core import TyperGroup
from typer.main import get_group

from contravento.kit.settings import SettingsError

# Where each verb is. Most of them need the database, whose libraries take a second or two to
# import; what reads a file or prints settings must not wait for that.
VERBS = {
    "run": "contravento.cli.run:run",
    "web": "contravento.cli.serve:web",
    "worker": "contravento.cli.serve:worker",
    "migrate": "contravento.cli.database:migrate",
    "settings": "contravento.cli.settings:settings",
    "test-report": "contravento.cli.reports:test_report",
    "files": "contravento.cli.files:app",
    "jobs": "contravento.cli.jobs:app",
    "operations": "contravento.cli.operations:app",
    "riders": "contravento.cli.riders:app",
    "tracks": "contravento.cli.tracks:app",
}


class LazyGroup(TyperGroup):
    """Knows its verbs by name; this is the one place that imports by name."""

    def list_commands(self, ctx: object) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: object, cmd_name: str):  # type: ignore[no-untyped-def]  # Click's
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name].partition(":")
        verb = getattr(import_module(module), attribute)
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        if isinstance(verb, typer.Typer):
            alone.add_typer(verb, name=cmd_name)
        else:
            alone.command(cmd_name)(verb)
        return get_group(alone).commands[cmd_name]


app = typer.Typer(
    name="contravento",
    cls=LazyGroup,
    help="Run and look after a ContraVento server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def contravento() -> None:
    """Typer makes a group of what has a callback."""


def main() -> None:
    """Exit status 2 and one sentence on stderr for each setting that is wrong."""
    try:
        app()
    except SettingsError as error:
        for sentence in error.sentences:
            print(sentence, file=sys.stderr)  # noqa: T201
        sys.exit(2)
