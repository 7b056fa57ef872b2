"""Bringing the database to the shape that this build expects."""

import typer

from contravento import migrations
from contravento.kit.settings import load_settings


def migrate() -> None:
    """Run the migrations that the database has not had yet."""
    migrations.upgrade(load_settings().database)
    typer.echo(f"The database is at {migrations.newest_revision()}.")
