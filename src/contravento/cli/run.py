"""`contravento run`: the whole product on this machine, with nothing to install."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.error import URLError
from urllib.request import urlopen

import typer

from contravento import migrations
from contravento.demo import load as demo
from contravento.kit.database.embedded import NoEmbeddedPostgres, embedded_postgres
from contravento.kit.settings import Settings, load_settings

DATABASE = "contravento"
START_SECONDS = 60
STOP_SECONDS = 40
LOOK_EVERY_SECONDS = 0.2


def run(
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to listen on.")] = 8000,
    with_demo: Annotated[
        bool, typer.Option("--demo/--empty", envvar="DEMO", help="Fill a new database.")
    ] = True,
    folder: Annotated[Path, typer.Option(envvar="VAR", help="Where all data go.")] = Path("var"),
) -> None:
    """Serve the product with an embedded PostgreSQL, mail on a page and files in one folder."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell had them ignored
        signal.signal(number, signal.default_int_handler)
    _check_free(host, port)
    folder = folder.absolute()
    try:
        with _database(folder) as url:
            os.environ.update(_environment(folder, url, host, port))
            settings = load_settings()
            migrations.upgrade(settings.database)
            filled = with_demo and _store_measures(settings)
            with _processes(host, port) as running:
                _wait_until_it_answers(host, port, running)
                if filled:
                    _wait_for_jobs(settings, running)
                _greet(settings.base_url, asyncio.run(demo.find_logins(settings)))
                _watch(running)
    except NoEmbeddedPostgres as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        typer.echo("Stopped. Everything is kept; `make run` goes on from here.")


def _check_free(host: str, port: int) -> None:
    """Say so now, not after the database has started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or "it cannot be listened on"
            typer.echo(f"{host}:{port} is not to be had: {reason}. Choose another PORT.", err=True)
            raise typer.Exit(2) from None


def _store_measures(settings: Settings) -> bool:
    typer.echo("Making demo riders, tracks and pictures if the database is new …")
    return asyncio.run(demo.fill(settings))


def _wait_for_jobs(settings: Settings, running: list[subprocess.Popen[bytes]]) -> None:
    """Until the worker has read the demo tracks and made the pictures' sizes."""
    typer.echo("Reading the tracks and shrinking the pictures …")
    while asyncio.run(demo.count_waiting(settings)):
        _stop_if_one_ended(running)
        time.sleep(LOOK_EVERY_SECONDS)


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    typer.echo("Starting the embedded PostgreSQL …")
    with embedded_postgres(folder / "postgres", DATABASE) as url:
        yield url


def _environment(folder: Path, url: str, host: str, port: int) -> dict[str, str]:
    """What an operator would have to say elsewhere; whatever is said already stays."""
    address = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  (only compared)
    suggested = {
        "APP_ENV": "local",
        "DATABASE_URL": url,
        "SECRET_KEY": _kept_secret(folder / "secret_key"),
        "STORAGE_URL": (folder / "storage").as_uri(),
        "PUBLIC_URL": f"http://{address}:{port}",
        "BCRYPT_ROUNDS": "10",
        "LOG_FORMAT": "console",
        "LOG_LEVEL": "WARNING",
    }
    if "SMTP_HOST" not in os.environ:
        suggested["MAIL_FOLDER"] = str(folder / "mail")
    return {name: os.environ.get(name) or value for name, value in suggested.items()}


def _kept_secret(file: Path) -> str:
    """Made on the first start, so that sign-ins outlive a restart."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(96))
    return file.read_text().strip()


@contextmanager
def _processes(host: str, port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Web and worker, the same two as on a server, until the block ends."""
    program = [sys.executable, "-m", "contravento"]
    commands = [
        ["web", "--host", host, "--port", str(port)],
        ["worker", "--host", host, "--port", str(port + 1)],
    ]
    running = [
        # a session of their own: Ctrl-C reaches this process, which then stops them in order
        subprocess.Popen([*program, *command], start_new_session=True)  # noqa: S603
        for command in commands
    ]
    try:
        yield running
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_it_answers(host: str, port: int, running: list[subprocess.Popen[bytes]]) -> None:
    address = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  (only compared)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        _stop_if_one_ended(running)
        try:
            with urlopen(f"http://{address}:{port}/health/ready", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(LOOK_EVERY_SECONDS)
    typer.echo("It does not answer; see what was printed above.", err=True)
    raise typer.Exit(1)


def _greet(address: str, logins: list[tuple[str, str]]) -> None:
    typer.echo(f"\nContraVento is at {address}")
    if logins:
        typer.echo("Demo riders (name, password):")
        for name, password in logins:
            typer.echo(f"  {name}   {password}")
    typer.echo(f"Every mail is shown at {address}/outbox")
    typer.echo("Ctrl-C stops it; everything is kept.\n")


def _watch(running: list[subprocess.Popen[bytes]]) -> None:
    while True:
        _stop_if_one_ended(running)
        time.sleep(LOOK_EVERY_SECONDS)


def _stop_if_one_ended(running: list[subprocess.Popen[bytes]]) -> None:
    if any(process.poll() is not None for process in running):
        typer.echo("A part of the program has ended; see what was printed above.", err=True)
        raise typer.Exit(1)
