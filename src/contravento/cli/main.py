"""The command line, put together."""

import sys

import typer

from contravento.cli import (
    database,
    files,
    operations,
    reports,
    riders,
    run,
    serve,
    settings,
    tracks,
)
from contravento.kit.settings import SettingsError

app = typer.Typer(
    name="contravento",
    help="Run and look after a ContraVento server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("web")(serve.web)
app.command("worker")(serve.worker)
app.command("migrate")(database.migrate)
app.command("settings")(settings.settings)
app.command("test-report")(reports.test_report)
app.add_typer(files.app, name="files")
app.add_typer(operations.app, name="operations")
app.add_typer(riders.app, name="riders")
app.add_typer(tracks.app, name="tracks")


def main() -> None:
    """Exit status 2 and one sentence on stderr for each setting that is wrong."""
    try:
        app()
    except SettingsError as error:
        for sentence in error.sentences:
            print(sentence, file=sys.stderr)  # noqa: T201
        sys.exit(2)
