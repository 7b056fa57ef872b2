"""Database migrations: planning and running them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from contravento.kit.database.session import make_plain_engine

ADVISORY_LOCK = 7_203_114_905  # any number, as long as it is always the same one
LOCK_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 300
WORKS_WITH = "works with "

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a migration may wait for others, and keep others waiting."""

    lock_seconds: int = LOCK_TIMEOUT_SECONDS
    statement_seconds: int = STATEMENT_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class Pending:
    revision: str
    title: str
    is_compatible: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What `upgrade` would do; `works_with` are the builds that may serve from the database now."""

    current: str | None
    head: str
    is_known: bool
    pending: tuple[Pending, ...]
    works_with: tuple[str, ...]


NOTED = text("SELECT obj_description('alembic_version'::regclass)")


def configuration(database_url: str | None = None, timeouts: Timeouts | None = None) -> Config:
    """Alembic's configuration, wherever the program is installed."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["timeouts"] = timeouts or Timeouts()
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    if database_url:
        config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def upgrade(database_url: str, revision: str = "head", *, timeouts: Timeouts | None = None) -> None:
    command.upgrade(configuration(database_url, timeouts), revision)


def newest_revision() -> str:
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    if head is None:
        raise RuntimeError("there are no migrations")
    return head


def plan(database_url: str) -> Plan:
    """Look, without changing anything."""
    with make_plain_engine(database_url).connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        note = connection.scalar(NOTED) if current else None
    return plan_from(current, note)


def plan_from(current: str | None, note: object) -> Plan:
    """What a database that is at `current` needs; `note` is what `note_compatible_builds` wrote."""
    scripts = ScriptDirectory.from_config(configuration())
    works_with = compatible_builds(note)
    is_known = current is None or _knows(scripts, current)
    return Plan(
        current=current,
        head=newest_revision(),
        is_known=is_known,
        pending=tuple(_pending(scripts, current)) if is_known else (),
        works_with=works_with or ((current,) if current else ()),
    )


def note_compatible_builds(connection: Connection, scripts: ScriptDirectory) -> None:
    """Write into the database which earlier builds can still serve from it.

    They cannot know: what came after them is not in their image.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return
    builds = tuple(_compatible_builds(scripts, current))
    if builds == compatible_builds(connection.scalar(NOTED)):
        return  # so that whoever does not own the table may run nothing without being refused
    note = f"{WORKS_WITH}{' '.join(builds)}"
    connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{note}'"))


def compatible_builds(note: object) -> tuple[str, ...]:
    """The revisions that `note_compatible_builds` wrote, newest first."""
    if not isinstance(note, str) or not note.startswith(WORKS_WITH):
        return ()
    return tuple(note.removeprefix(WORKS_WITH).split())


def is_compatible(script: Script) -> bool:
    """Whether the code before this migration works with the database after it."""
    return bool(getattr(script.module, "compatible", False))


def _knows(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False


def _pending(scripts: ScriptDirectory, current: str | None) -> Iterator[Pending]:
    """Oldest first."""
    newest_first = scripts.iterate_revisions("head", current or "base")
    for script in reversed(list(newest_first)):
        yield Pending(script.revision, script.doc.rstrip("."), is_compatible(script))


def _compatible_builds(scripts: ScriptDirectory, current: str) -> Iterator[str]:
    yield current
    for script in scripts.iterate_revisions(current, "base"):
        before = script.down_revision
        if not is_compatible(script):
            return
        if isinstance(before, str):
            yield before


def tables_of_the_queue(name: str | None) -> bool:
    """The job queue brings its own tables; its library says how they look."""
    return bool(name) and str(name).startswith("procrastinate_")
