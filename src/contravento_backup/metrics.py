"""What Prometheus is told, as text. Read anew at each question, so that it survives restarts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import fingerprint
from contravento_backup.report import timestamp
from contravento_backup.sets import backup_set
from contravento_backup.sets.backup_set import SetState
from contravento_backup.storage.folder import Store, bytes_under

ARCHIVER = """
    SELECT extract(epoch FROM last_archived_time), failed_count, archived_count,
        (SELECT sum(size) FROM pg_ls_waldir()),
        (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')
    FROM pg_stat_archiver
"""

type Figure = tuple[str, str, str, float, dict[str, str]]


def text(settings: Settings, store: Store) -> str:
    lines: list[str] = []
    said: set[str] = set()
    for name, kind, meaning, value, labels in figures(settings, store):
        if name not in said:
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            said.add(name)
        shown = ",".join(f'{label}="{each}"' for label, each in labels.items())
        lines.append(f"{name}{{{shown}}} {value:.15g}" if shown else f"{name} {value:.15g}")
    return "\n".join(lines) + "\n"


def figures(settings: Settings, store: Store) -> Iterator[Figure]:
    yield from _of_runs(store.remembered(), settings)
    yield from _of_sets(store)
    yield from _of_wal(settings)


def _of_runs(known: dict[str, Any], settings: Settings) -> Iterator[Figure]:
    for name, meaning in {
        "backup_last_success_timestamp_seconds": "When the newest set was whole.",
        "backup_last_attempt_timestamp_seconds": "When a set was last begun.",
        "backup_last_proven_timestamp_seconds": "When the newest proven set was taken.",
        "backup_last_duration_seconds": "How long the newest set took.",
        "backup_last_outcome": "1 if the last attempt to take a set gave one, else 0.",
        "backup_drill_last_timestamp_seconds": "When a set was last restored to prove it.",
        "backup_drill_last_outcome": "1 if the last drill proved its set, else 0.",
        "backup_drill_duration_seconds": "How long the last drill took.",
        "backup_restore_duration_seconds": "How long the restores in the last drill took.",
        "backup_offsite_last_success_timestamp_seconds": "When the off-site copy was up to date.",
        "backup_collected_timestamp_seconds": "When uploaded files were last looked through.",
    }.items():
        yield name, "gauge", meaning, float(known.get(name, 0)), {}
    yield from _counted(known)
    meaning = "How often a set is to be taken."
    yield "backup_interval_seconds", "gauge", meaning, settings.every_seconds, {}
    meaning = "1 if an off-site copy is made, else 0."
    yield "backup_offsite_enabled", "gauge", meaning, float(settings.offsite is not None), {}


def _counted(known: dict[str, Any]) -> Iterator[Figure]:
    for name, meaning in {
        "backup_failures_total": "Attempts that gave no set.",
        "backup_drill_failures_total": "Drills that found something wrong.",
        "backup_offsite_failures_total": "Attempts to carry the folder away that failed.",
    }.items():
        yield name, "counter", meaning, float(known.get(name, 0)), {}


def _of_sets(store: Store) -> Iterator[Figure]:
    there = backup_set.list_all(store.sets)
    for state in SetState:
        count = sum(each.state is state for each in there)
        yield "backup_sets", "gauge", "Sets that there are.", float(count), {"state": str(state)}
    for name, size in _sizes(store, there[-1].folder if there else None).items():
        meaning = "Bytes of the newest set, and of what all sets share."
        yield "backup_set_bytes", "gauge", meaning, float(size), {"part": name}
    meaning = "Room that is left where BACKUP_FOLDER is."
    yield "backup_free_bytes", "gauge", meaning, float(store.free_bytes()), {}
    if there and there[-1].manifest:
        at = timestamp(there[-1].manifest.get("snapshot_at"))
        yield "backup_newest_snapshot_timestamp_seconds", "gauge", "Its moment.", at, {}


def _sizes(store: Store, newest: Path | None) -> dict[str, int]:
    names = {
        "database": backup_set.DUMP,
        "list": backup_set.FILES,
        "environment": backup_set.ENVIRONMENT,
    }
    of_set = {
        part: (newest / name).stat().st_size
        for part, name in names.items()
        if newest and (newest / name).exists()
    }
    return {**of_set, "files": bytes_under(store.files), "wal": bytes_under(store.repository)}


def _of_wal(settings: Settings) -> Iterator[Figure]:
    """Nothing while PostgreSQL is away: its own alerts say so."""
    try:
        with fingerprint.connect(
            dbname=settings.database, user=settings.administrator, connect_timeout=3
        ) as connection:
            row = connection.execute(ARCHIVER).fetchone()
    except fingerprint.Broken:
        return
    until, failed, archived, size, waiting = row if row else (0, 0, 0, 0, 0)
    for name, kind, meaning, value in (
        (
            "backup_recoverable_until_timestamp_seconds",
            "gauge",
            "The newest moment that WAL in the repository leads to.",
            until,
        ),
        ("backup_wal_archive_failed_total", "counter", "Segments not archived at a try.", failed),
        ("backup_wal_archived_total", "counter", "Segments archived.", archived),
        ("backup_pg_wal_bytes", "gauge", "WAL in the database's own folder.", size),
        ("backup_wal_waiting", "gauge", "Segments that wait to be archived.", waiting),
    ):
        yield name, kind, meaning, float(value or 0), {}
