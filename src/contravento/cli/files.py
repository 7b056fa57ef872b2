"""Moving files between a folder and a bucket: `./deploy.sh … move-storage` says these in turn."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any, NoReturn

import typer

from contravento.cli.bootstrap import begin
from contravento.kit.errors import AppError, OutOfSpace
from contravento.kit.resources import Resources, open_resources
from contravento.kit.storage.backend import StorageAway, StorageBackend
from contravento.kit.storage.storage import access_of, random_key
from contravento.reactions import REACTIONS
from contravento.storage_migration import copy as copying, verify as verification

DONE, FAILED, AWAY, FULL, NOT_GOOD = 0, 1, 3, 4, 5
TELL_EVERY_SECONDS = 2.0
LOOKING = "look"
SILENT_SECONDS = 120.0  # nobody waits, and several files share the line

app = typer.Typer(help="Move files between a folder and a bucket.", no_args_is_help=True)

From = Annotated[str, typer.Option("--from", help="Where files are: file:///… or s3://…")]
To = Annotated[str, typer.Option("--to", help="Where they go.")]


class Progress:
    """A JSON line now and then; the answer is the last one."""

    def __init__(self) -> None:
        self._told_at = 0.0

    def __call__(self, told: dict[str, int]) -> None:
        if time.monotonic() - self._told_at >= TELL_EVERY_SECONDS:
            self._told_at = time.monotonic()
            typer.echo(json.dumps({"progress": told}))


@app.callback()
def files() -> None:
    """Move files between a folder and a bucket. Exit status 3: a place cannot be used. 4: it is
    full. 5: something is not there as it should be."""


@app.command()
def look(at: Annotated[str, typer.Option(help="file:///… or s3://…")]) -> None:
    """Put a file there, read it, delete it; say the place's clock and whether it keeps versions."""
    _answer(at, at, lambda resources, place, _: _look(place))


@app.command()
def copy(source: From, target: To) -> None:
    """Copy what the other place has not got, until nothing new comes."""

    async def run(resources: Resources, old: StorageBackend, new: StorageBackend) -> dict[str, Any]:
        return asdict(await copying.copy_all(resources, old, new, Progress()))

    _answer(source, target, run)


@app.command()
def verify(
    source: From,
    target: To,
    sweep_before: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"],
            help="Delete in the new place what stood there then and nobody wants any more.",
        ),
    ] = None,
) -> None:
    """Compare every file that the database speaks of, by its hash."""

    async def run(resources: Resources, old: StorageBackend, new: StorageBackend) -> dict[str, Any]:
        found = await verification.verify(resources, old, new, Progress())
        if sweep_before:
            found.orphans = await verification.sweep(resources, old, new, sweep_before)
        told = {**asdict(found), "is_good": found.is_good}
        return told | {name: verification.named(told[name]) for name in ("damaged", "lost")}

    _answer(source, target, run)


@app.command()
def empty(
    source: From,
    kept_in: Annotated[str, typer.Option(help="The place that has everything.")],
) -> None:
    """Delete in the old place what the other one has. There is no way back from it."""

    async def run(resources: Resources, old: StorageBackend, new: StorageBackend) -> dict[str, Any]:
        return asdict(await copying.empty(old, new, Progress()))

    _answer(source, kept_in, run)


async def _look(place: StorageBackend) -> dict[str, Any]:
    key, content = random_key(LOOKING), b"is anybody there?"
    version = await place.put(key, content)
    try:
        found = await place.find(key)
        if found is None or await place.get(key) != content:
            raise StorageAway("what is put there does not come back")
    finally:
        await place.delete(key)
    others = [each.key async for each in copying.list_stored(place) if not _is_ours(each.key)]
    return {
        "now": found.changed_at.isoformat(),
        "keeps_versions": bool(version),
        "is_empty": not others,
    }


def _is_ours(key: str) -> bool:
    """Of another look, which was killed."""
    return key.startswith(f"{LOOKING}/")


def _answer(
    source: str,
    target: str,
    run: Callable[[Resources, StorageBackend, StorageBackend], Awaitable[dict[str, Any]]],
) -> NoReturn:
    try:
        told = asyncio.run(_run(source, target, run))
    except StorageAway as problem:
        _end(AWAY, f"The place for files cannot be used: {problem.why}.")
    except OutOfSpace:
        _end(FULL, "The place for files is full. What was copied stays; go on when there is room.")
    except AppError as refusal:
        _end(FAILED, str(refusal))
    typer.echo(json.dumps({"answer": told}))
    _end(DONE if told.get("is_good", True) else NOT_GOOD)


async def _run(
    source: str,
    target: str,
    run: Callable[[Resources, StorageBackend, StorageBackend], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    settings = begin()
    for url in (source, target):
        if not url.startswith(("file:///", "s3://")):
            raise typer.BadParameter(f"{url} is no place for files; begin with file:/// or s3://.")
    async with open_resources(settings, reactions=REACTIONS) as resources:
        access = replace(access_of(settings), silent_seconds=SILENT_SECONDS)
        return await run(resources, StorageBackend(source, access), StorageBackend(target, access))


def _end(status: int, sentence: str = "") -> NoReturn:
    """At once: obstore's threads may still be letting go of something, and a Python that takes
    itself apart meanwhile aborts."""
    if sentence:
        typer.echo(sentence, err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
