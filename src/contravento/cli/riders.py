"""Commands about riders."""

import asyncio
import json
from typing import Annotated

import typer

from contravento.accounts.errors import RiderNotFound
from contravento.accounts.service.probe import make_probe, remove_probes
from contravento.accounts.service.profile import make_admin
from contravento.cli.bootstrap import begin
from contravento.kit.resources import open_resources
from contravento.reactions import REACTIONS

app = typer.Typer(help="Look after riders.", no_args_is_help=True)


@app.callback()
def riders() -> None:
    """Look after riders."""


@app.command("make-admin")
def make_admin_command(
    name: Annotated[str, typer.Argument(help="The rider's username.")],
) -> None:
    """Let a confirmed rider administer this server."""
    try:
        username = asyncio.run(_make_admin(name))
    except RiderNotFound:
        typer.echo(f"No confirmed rider is called {name}.", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{username} administers this server now.")


@app.command("probe")
def probe_command(
    remove: Annotated[str, typer.Option(help="Remove the probe of this name instead.")] = "",
) -> None:
    """Make a rider that a deployment asks as; print name, token and password as JSON."""
    typer.echo(json.dumps(asyncio.run(_remove_probe(remove) if remove else _make_probe())))


async def _make_probe() -> dict[str, str]:
    async with (
        open_resources(begin(), reactions=REACTIONS) as resources,
        resources.transaction() as session,
    ):
        probe = await make_probe(session, passwords=resources.passwords)
        return {
            "username": probe.rider.username,
            "token": probe.token,
            "password": probe.password,
        }


async def _remove_probe(username: str) -> dict[str, int]:
    async with (
        open_resources(begin(), reactions=REACTIONS) as resources,
        resources.transaction() as session,
    ):
        return {"removed": await remove_probes(session, username=username)}


async def _make_admin(name: str) -> str:
    async with (
        open_resources(begin(), reactions=REACTIONS) as resources,
        resources.transaction() as session,
    ):
        return (await make_admin(session, name)).username
