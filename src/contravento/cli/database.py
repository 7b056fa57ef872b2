"""Bringing the database to the shape that this build expects."""

import dataclasses
import json
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer
from psycopg import errors
from sqlalchemy.exc import DBAPIError, OperationalError

from contravento import migrations
from contravento.cli.bootstrap import begin_with_database

LOCKED = 3
TOO_SLOW = 4
TOO_OLD = 5
TOO_LATE = 6
LOOK_EVERY_SECONDS = 2.0

type Refuse = Callable[[str], None]

log = logging.getLogger(__name__)


def migrate(
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would be run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    lock_timeout: Annotated[
        int, typer.Option(min=1, help="Seconds to wait for other work's locks.")
    ] = migrations.LOCK_TIMEOUT_SECONDS,
    statement_timeout: Annotated[
        int, typer.Option(min=1, help="Seconds that one statement may take.")
    ] = migrations.STATEMENT_TIMEOUT_SECONDS,
    wait: Annotated[
        int, typer.Option(min=0, help="Run none; wait so many seconds for whoever runs them.")
    ] = 0,
) -> None:
    """Run the migrations that the database has not had yet.

    Exit status 3: a lock was not to be had in time. 4: a statement took too long. 5: the database
    is ahead of this build, which does not work with it. 6: nobody ran them in time. Nothing was
    changed then.
    """
    url = begin_with_database().database_direct
    refuse = log.error if as_json else partial(typer.echo, err=True)
    if wait:
        _await_others(url, wait, refuse)
    elif not plan and not _is_ahead(url, refuse):
        _upgrade(url, migrations.Timeouts(lock_timeout, statement_timeout), refuse)
    outcome = migrations.plan(url)
    typer.echo(json.dumps(dataclasses.asdict(outcome)) if as_json else _sentences(outcome))


def _is_ahead(url: str, refuse: Refuse) -> bool:
    """After a release was gone back from there is nothing to run, if this build works with it."""
    plan = migrations.plan(url)
    if plan.is_known:
        return False
    if plan.head not in plan.works_with:
        refuse(f"{_sentences(plan)} It does not work with it, either.")
        raise typer.Exit(TOO_OLD)
    return True


def _await_others(url: str, seconds: int, refuse: Refuse) -> None:
    """Until nothing is pending. A database that does not answer yet is waited for, too."""
    until = time.monotonic() + seconds
    while not _has_nothing_pending(url, refuse):
        if time.monotonic() >= until:
            refuse(f"Nobody brought the database to this build's shape within {seconds} seconds.")
            raise typer.Exit(TOO_LATE)
        time.sleep(LOOK_EVERY_SECONDS)


def _has_nothing_pending(url: str, refuse: Refuse) -> bool:
    try:
        return _is_ahead(url, refuse) or not migrations.plan(url).pending
    except OperationalError:
        return False


class _LastStep(logging.Handler):
    """Remembers which migration Alembic said last that it runs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.words = "The migration"

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message.startswith("Running upgrade "):
            self.words = "The migration" + message.removeprefix("Running upgrade").replace(",", ":")


def _upgrade(url: str, timeouts: migrations.Timeouts, refuse: Refuse) -> None:
    last = _LastStep()
    alembic = logging.getLogger("alembic.runtime.migration")
    alembic.addHandler(last)
    try:
        migrations.upgrade(url, timeouts=timeouts)
    except DBAPIError as error:
        if isinstance(error.orig, errors.LockNotAvailable):
            wait = f"{timeouts.lock_seconds} seconds for a lock that other work holds"
            refuse(f"The migration waited {wait}. Nothing was changed.")
            raise typer.Exit(LOCKED) from None
        if isinstance(error.orig, errors.QueryCanceled):
            time = f"longer than {timeouts.statement_seconds} seconds"
            refuse(f"A statement of the migration took {time}. Nothing was changed.")
            raise typer.Exit(TOO_SLOW) from None
        said = " ".join(str(error.orig).split())
        refuse(f"{last.words} failed: {said}. Nothing was changed.")
        raise typer.Exit(1) from None
    finally:
        alembic.removeHandler(last)


def _sentences(plan: migrations.Plan) -> str:
    if not plan.is_known:
        return f"The database is at {plan.current}, which this build does not know."
    if not plan.pending:
        return f"The database is at {plan.current}."
    return "\n".join(
        f"{revision.revision}: {revision.title}"
        f" ({'the release before keeps working' if revision.is_compatible else 'needs a pause'})"
        for revision in plan.pending
    )
