"""A test of error reports."""

import json
from dataclasses import asdict

import typer

from contravento.cli.bootstrap import begin
from contravento.kit.telemetry.error_reporting import try_reports


def test_report() -> None:
    """Send Sentry a test error, and print as JSON how it was answered; 1 if it was not taken."""
    settings = begin()
    if settings.sentry_dsn is None:
        typer.echo("SENTRY_DSN is not set here, so nothing is reported.", err=True)
        raise typer.Exit(1)
    trial = try_reports(settings)
    typer.echo(json.dumps(asdict(trial)))
    if not trial.is_taken:
        raise typer.Exit(1)
