"""Taking a set: base backup, one moment, and everything as it was in it."""

import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contravento_backup.kit import encryption, programs
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import fingerprint, pgbackrest, scratch_cluster
from contravento_backup.postgres.fingerprint import Connection
from contravento_backup.sets import backup_set, snapshot
from contravento_backup.sets.backup_set import BackupSet
from contravento_backup.sets.snapshot import Moment
from contravento_backup.storage import file_pool as pools
from contravento_backup.storage.file_pool import Entry, Pool
from contravento_backup.storage.folder import Store, flush_folder, iso, sha256_of, write_json

MARGIN_BYTES = 256 * 2**20
TRIES = 3

type Say = Callable[[str], None]


class RowsChanged(Exception):
    """A file was deleted between the moment and its copy; the next moment will not speak of it."""


def take(settings: Settings, store: Store, pool: Pool, say: Say) -> BackupSet:
    """A whole set, or none. Raises BackupFailed."""
    started = datetime.now(UTC)
    scratch_cluster.stop_orphans(store.throwaway)
    store.sweep()
    _refuse_jumped_clock(store, started)
    _refuse_full_disk(settings, store)
    say("base backup")
    base = pgbackrest.back_up()
    pool.collect()
    for _ in range(TRIES):
        try:
            return _take_at_a_moment(settings, store, pool, base, say)
        except OSError as error:
            raise BackupFailed(f"The set cannot be written: {error.strerror}.") from error
        except RowsChanged:
            say("a rider deleted a file just then; once more")
    raise BackupFailed("Files were deleted faster than they could be copied; try again.")


def _take_at_a_moment(
    settings: Settings, store: Store, pool: Pool, base: str, say: Say
) -> BackupSet:
    started = datetime.now(UTC)
    name = _free_name(store, started)
    unfinished = store.sets / f".{name}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    where = {"dbname": settings.database, "user": settings.administrator}
    with snapshot.held(f"set-{name}", **where) as moment:
        say("dump, fingerprint and files of one moment")
        files = _files(moment.reader, pool, where)
        with ThreadPoolExecutor(1) as beside:
            dumping = beside.submit(_dump, settings, moment, unfinished)
            found = fingerprint.take(moment.reader)
            facts = _facts(moment.reader)
            dumping.result()
    say("wait for the WAL of that moment")
    snapshot.await_archived(moment.wal, **where)
    _write(unfinished, files, found, store)
    manifest = {
        "format": backup_set.FORMAT,
        "name": name,
        "environment": settings.environment,
        "started_at": iso(started),
        "snapshot_at": moment.at.astimezone(UTC).isoformat(),
        "finished_at": iso(datetime.now(UTC)),
        "restore_point": f"set-{name}",
        "base": base,
        "wal": moment.wal,
        **facts,
        "database": settings.database,
        "administrator": settings.administrator,
        "application": {"image": settings.image, "migration": facts["migration"]},
        "key": encryption.fingerprint(settings.key),
        "parts": {part: _part(unfinished / part) for part in backup_set.PARTS},
        "files": {
            "count": len(files),
            "bytes": sum(file.bytes for file in files),
            "are_elsewhere": settings.storage is None,
        },
        "tables": len(found),
        "rows": sum(each.rows for each in found.values()),
    }
    return _finish(unfinished, store.sets / name, manifest, settings.key)


def _dump(settings: Settings, moment: Moment, folder: Path) -> None:
    programs.run(
        "pg_dump",
        "--format=custom",
        "--compress=zstd:3",
        f"--snapshot={moment.snapshot}",
        "--no-password",
        f"--file={folder / backup_set.DUMP}",
        settings.database,
    )
    programs.run(
        "pg_dumpall", "--globals-only", "--no-password", f"--file={folder / backup_set.GLOBALS}"
    )


def _files(reader: Connection, pool: Pool, where: dict[str, str]) -> list[Entry]:
    """Everything that is stored, and everything that rows speak of. Raises RowsChanged."""
    there = pool.collect()
    spoken_of = {key for key, _ in fingerprint.references(reader)}
    entries = pool.entries()
    missing = {key for key in spoken_of if key not in entries} if pool.storage else set()
    if missing:
        with fingerprint.connect(**where) as now:
            still = {key for key, _ in fingerprint.references(now)}
        if missing - still:
            raise RowsChanged
    return [entries[key] for key in sorted(there | spoken_of) if key in entries]


def _facts(reader: Connection) -> dict[str, Any]:
    row = reader.execute(
        "SELECT current_setting('server_version'),"
        " (SELECT system_identifier::text FROM pg_control_system()),"
        " (SELECT version_num FROM alembic_version)"
    ).fetchone()
    version, identifier, migration = row if row else ("", "", "")
    return {
        "postgres": str(version).split()[0],
        "system_identifier": identifier,
        "migration": migration,
    }


def _write(
    folder: Path, files: list[Entry], found: dict[str, fingerprint.Content], store: Store
) -> None:
    (folder / backup_set.FILES).write_text(pools.written(files))
    tables = {name: asdict(content) for name, content in found.items()}
    write_json(folder / backup_set.FINGERPRINT, {"tables": tables})
    if not store.environment.exists():
        raise BackupFailed(
            "There is no environment file to keep; `docker compose … up` runs backup-prepare,"
            " which hands it over."
        )
    shutil.copyfile(store.environment, folder / backup_set.ENVIRONMENT)


def _part(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    if size == 0 and path.name != backup_set.FILES:
        raise BackupFailed(f"{path.name} came out empty.")
    return {"bytes": size, "sha256": sha256_of(path)}


def _finish(unfinished: Path, final: Path, manifest: dict[str, Any], key: str) -> BackupSet:
    """From here on it is a set."""
    for path in unfinished.iterdir():
        flush_folder(path)
    sealed = {**manifest, "seal": encryption.seal(manifest, key)}
    write_json(unfinished / backup_set.MANIFEST, sealed)
    unfinished.rename(final)
    flush_folder(final.parent)
    return BackupSet(final, json.loads(json.dumps(sealed)), None)


def _free_name(store: Store, moment: datetime) -> str:
    """Two in one second would have the same name."""
    while (store.sets / backup_set.name_of(moment)).exists():
        time.sleep(0.2)
        moment = datetime.now(UTC)
    return backup_set.name_of(moment)


def _refuse_jumped_clock(store: Store, now: datetime) -> None:
    there = backup_set.list_all(store.sets)
    if there and there[-1].at > now:
        raise BackupFailed(
            f"The clock says {iso(now)}, but the newest set is of {iso(there[-1].at)}: it was set"
            " back. Set it right, or rename the sets that are ahead of it."
        )


def _refuse_full_disk(settings: Settings, store: Store) -> None:
    there = backup_set.list_all(store.sets)
    with fingerprint.connect(dbname=settings.database, user=settings.administrator) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    expected = there[-1].bytes if there else (int(row[0]) if row else 0)
    needed, free = expected * 3 // 2 + MARGIN_BYTES, store.free_bytes()
    if free < needed:
        raise BackupFailed(
            f"A backup needs about {needed // 2**20} MB and {free // 2**20} MB are free where"
            " BACKUP_FOLDER is. Nothing was removed; make room or give it a larger disk."
        )
